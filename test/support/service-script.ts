import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './models';

const ROOT = path.join(__dirname, '..', '..');
const SERVICES = path.join(ROOT, 'src', 'testing', 'services');

/** Runs a script in another process. In the script, `d` contains the exports of these files of src/testing/services. */
export function runScript(
  files: readonly string[],
  source: string,
  env: Record<string, string> = {},
): ReturnType<typeof spawn> {
  const script = path.join(temporaryFolder('vertex-export-script-'), 'script.cjs');
  const required = files.map((file) => `...require(${JSON.stringify(path.join(SERVICES, file))})`);
  writeFileSync(script, `const d = { ${required.join(', ')} };\n${source}`);
  return spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** The first line of a script's output. */
export async function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  assert.ok(child.stdout);
  for await (const chunk of child.stdout) return String(chunk).trim();
  throw new Error('the script has no output');
}
