import path from 'node:path';
import type { Check } from './checks/finding';
import { checkDocs } from './checks/docs/docs';
import { checkDocstrings } from './checks/docstrings';
import { checkFileNames } from './checks/file-names';
import { checkLanguage } from './checks/language/language';
import { checkWalls } from './checks/walls';

const CHECKS: Readonly<Record<string, Check>> = {
  walls: checkWalls,
  docs: checkDocs,
  docstrings: checkDocstrings,
  'file-names': checkFileNames,
  language: checkLanguage,
};

/** Runs one check on the repository, prints its findings as `file:line: message`, and fails if there are any. */
async function main(name = ''): Promise<void> {
  const check = CHECKS[name];
  if (check === undefined) {
    process.stderr.write(`The check ${name} does not exist. Checks: ${Object.keys(CHECKS).join(', ')}.\n`);
    process.exitCode = 2;
    return;
  }
  const findings = await check(path.join(__dirname, '..', '..'));
  for (const { file, line, message } of findings) process.stderr.write(`${file}:${line}: ${message}\n`);
  if (findings.length === 0) return;
  process.stderr.write(`\n${findings.length} findings of check:${name}.\n`);
  process.exitCode = 1;
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
