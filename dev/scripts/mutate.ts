import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { filesBelow } from './checks/tree';
import { STOP_AT, TEST_FILES } from './mutation/in-process-runner';

const ROOT = path.join(__dirname, '..', '..');

/** The folders whose mistakes break exports. The unit tests must detect every mutation in them. */
const MUTATED = ['activities', 'polling', 'google', 'manifest', 'verification', 'workflows'].map(
  (room) => `src/${room}/`,
);

/** Workflow code that needs the sandbox is tested by replayed histories, not by unit tests. */
const SANDBOX_ONLY =
  /^src\/workflows\/(index|.*\/(workflow|attempt|ending|run|run-operation|steps|human-gate|planner|window))\.ts$/;

const HELP = `Usage: npm run mutate -- [--changed] [--tests FOLDER] [--minutes N] [FILE...]

Changes the source in one place at a time, and runs the unit tests on each change. Fails if the tests find fewer than
85 % of the changes that were tried.

FILE             only files whose path contains this (default: all of ${MUTATED.join(', ')})
--changed        only files that differ from the branch main, or on main from the previous commit,
                 with the tests in the folders of the same name
--tests FOLDER   only tests below this folder (default: test/unit)
--minutes N      tries no further change after this time, and reports how many were not tried (default: no limit)
--static         also tries changes of code that runs only while a module is loaded; each one loads all tests again
--concurrency N  changes that are tested at the same time (default: 1)
--output FOLDER  for the report as JSON and HTML (default: reports/mutation)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      changed: { type: 'boolean', default: false },
      tests: { type: 'string', multiple: true, default: ['test/unit'] },
      minutes: { type: 'string', default: 'Infinity' },
      static: { type: 'boolean', default: false },
      concurrency: { type: 'string', default: '1' },
      output: { type: 'string', default: 'reports/mutation' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const files = mutatedFiles(positionals, values.changed);
  const folders = values.changed ? [...new Set(files.flatMap(mirroredFolder))] : values.tests;
  // Tests of the checks compile whole trees, and run no code of src/.
  const testFiles = folders
    .flatMap((folder) => filesBelow(ROOT, folder, ['.ts']))
    .filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/unit/dev/'));
  if (files.length === 0 || testFiles.length === 0) {
    process.stdout.write('No file to mutate was found, or no test for it.\n');
    return;
  }
  process.chdir(ROOT);
  process.env[TEST_FILES] = [...new Set(testFiles)].join(',');
  process.env[STOP_AT] = String(Date.now() + Number(values.minutes) * 60_000);
  // StrykerJS starts processes that load the runner, which is TypeScript.
  process.env['NODE_OPTIONS'] = `--import ${pathToFileURL(require.resolve('tsx')).href}`;
  const { Stryker } = await import('@stryker-mutator/core');
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'in-process',
    plugins: [path.join(__dirname, 'mutation', 'in-process-runner.ts')],
    coverageAnalysis: 'perTest',
    ignoreStatic: !values.static,
    concurrency: Number(values.concurrency),
    reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
    htmlReporter: { fileName: path.join(values.output, 'mutation.html') },
    jsonReporter: { fileName: path.join(values.output, 'mutation.json') },
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
    // A mutation that causes an endless wait is stopped, and counts as detected.
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 15,
    ignorePatterns: ['docs-api', 'reports', '.cache', 'test/replay', 'docs/pictures'],
    thresholds: { high: 90, low: 85, break: 85 },
  });
  const results = await stryker.runMutationTest();
  const untried = results.filter(({ status }) => status === 'RuntimeError').length;
  process.stdout.write(`Tried ${results.length - untried} of ${results.length} changes.\n`);
}

function mutatedFiles(asked: readonly string[], isChangedOnly: boolean): string[] {
  const all = MUTATED.flatMap((folder) => filesBelow(ROOT, folder, ['.ts'])).filter((file) => !SANDBOX_ONLY.test(file));
  if (asked.length > 0) return all.filter((file) => asked.some((part) => file.includes(part)));
  if (!isChangedOnly) return all;
  const changed = new Set(git('diff', '--name-only', changedSince()));
  return all.filter((file) => changed.has(file));
}

/** The commit where this branch left main; on main itself, and without a branch main, the previous commit. */
function changedSince(): string {
  const [head] = git('rev-parse', 'HEAD');
  const hasMain = git('branch', '--list', 'main').length > 0;
  const [base] = hasMain ? git('merge-base', 'main', 'HEAD') : [];
  return base === undefined || base === head ? 'HEAD~1' : base;
}

function git(...args: string[]): string[] {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
}

/** The folder of tests with the name of a file's folder, or of the nearest one above that has tests. */
function mirroredFolder(file: string): string[] {
  for (let folder = path.dirname(file); folder !== 'src' && folder !== '.'; folder = path.dirname(folder)) {
    const mirrored = folder.replace(/^src/, 'test/unit');
    if (existsSync(path.join(ROOT, mirrored))) return [mirrored];
  }
  return [];
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
