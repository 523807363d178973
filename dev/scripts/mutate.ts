import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { filesBelow } from './checks/tree';

const ROOT = path.join(__dirname, '..', '..');

/** The folders whose mistakes break exports. The unit tests must detect every mutation in them. */
const MUTATED = ['activities', 'polling', 'google', 'manifest', 'verification', 'workflows'].map(
  (room) => `src/${room}/`,
);

/** Workflow code that needs the sandbox is tested by replayed histories, not by unit tests. */
const SANDBOX_ONLY = /^src\/workflows\/(index|.*\/(workflow|attempt|steps|human-gate))\.ts$/;

const HELP = `Usage: npm run mutate -- [--changed] [--tests FOLDER] [FILE...]

Changes the source in one place at a time, and runs the unit tests on each change.
FILE             only these files (default: all of ${MUTATED.join(', ')})
--changed        only files that differ from the branch main
--tests FOLDER   only tests below this folder (default: test/unit)
--concurrency N  changes that are tested at the same time (default: 1)
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      changed: { type: 'boolean', default: false },
      tests: { type: 'string', default: 'test/unit' },
      concurrency: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const files = mutatedFiles(positionals, values.changed);
  if (files.length === 0) {
    process.stdout.write('No file to mutate was found.\n');
    return;
  }
  // Tests of the checks compile whole trees and do not test src/.
  const testFiles = filesBelow(ROOT, values.tests, ['.ts']).filter(
    (file) => file.endsWith('.test.ts') && !file.startsWith('test/unit/dev/'),
  );
  process.chdir(ROOT);
  const { Stryker } = await import('@stryker-mutator/core');
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'tap',
    plugins: ['@stryker-mutator/tap-runner'],
    tap: { testFiles, nodeArgs: ['--import', 'tsx', '--test-reporter=tap'] },
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    reporters: ['clear-text', 'html', 'json'],
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
    // A mutation that causes an endless wait is stopped, and counts as detected.
    timeoutMS: 20_000,
    dryRunTimeoutMinutes: 15,
    ignorePatterns: ['docs-api', 'reports', '.cache', 'test/replay', 'docs/pictures'],
    thresholds: { high: 90, low: 85, break: 85 },
  });
  await stryker.runMutationTest();
}

function mutatedFiles(asked: readonly string[], isChangedOnly: boolean): string[] {
  const all = MUTATED.flatMap((folder) => filesBelow(ROOT, folder, ['.ts'])).filter((file) => !SANDBOX_ONLY.test(file));
  if (asked.length > 0) return all.filter((file) => asked.some((part) => file.includes(part)));
  if (!isChangedOnly) return all;
  const git = (...args: string[]): string[] =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
  const [base = ''] = git('merge-base', 'main', 'HEAD');
  const changed = new Set(git('diff', '--name-only', base));
  return all.filter((file) => changed.has(file));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
