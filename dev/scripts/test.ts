import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Node 20 finds test files by pattern only in JavaScript: these are named one by one. */
const folder = path.join(__dirname, '..', '..', 'test');
const asked = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && (asked.length === 0 || asked.some((part) => file.includes(part))))
  .map((file) => path.join(folder, file));
if (files.length === 0) {
  process.stderr.write(`No test file has ${asked.join(' or ')} in its name.\n`);
  process.exit(2);
}

// Each file starts servers of its own; more than two at once would only wait for each other on two cores.
const args = ['--import', 'tsx', '--test', '--test-concurrency=2', '--test-reporter=spec', ...files];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
