import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs the test files whose path below `test/` contains one of the arguments, such as `unit/` or `polling/budgets`.
 * Default: all.
 *
 * Node.js 20 finds test files by pattern only if they are JavaScript, so they are named one by one.
 */
const folder = path.join(__dirname, '..', '..', 'test');
const asked = process.argv.slice(2);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => file.endsWith('.test.ts') && (asked.length === 0 || asked.some((part) => file.includes(part))))
  .map((file) => path.join(folder, file));
if (files.length === 0) {
  process.stderr.write(`No test file has ${asked.join(' or ')} in its path.\n`);
  process.exit(2);
}

// Unit tests start no server and no program, and some wait: four files at once keep two cores busy. The other tests start
// servers in each file, so that more than two files at once only slow each other down.
const isUnit = files.every((file) => path.relative(folder, file).startsWith('unit'));
const options = isUnit
  ? ['--import', path.join(folder, 'support', 'no-programs.ts'), '--test-concurrency=4']
  : ['--test-concurrency=2'];
const args = ['--import', 'tsx', ...options, '--test', '--test-reporter=spec', ...files];
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
process.exitCode = status ?? 1;
