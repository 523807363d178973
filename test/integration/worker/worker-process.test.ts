import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { TiedProcess } from '../../../src/testing/services/tied-process';
import { startWorkerProcess } from '../../../dev/worker-process';
import type { ExportHandle } from '../../../src';
import { addModel, operationsOf } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../../support/worker';

const WORKER = path.join(__dirname, '..', '..', '..', 'lib', 'src', 'worker.js');
const stack = useLocalStack();
const temporal = useExports(stack, 'without worker');

function startWorker(): Promise<TiedProcess> {
  return startWorkerProcess({
    ...stack().environment,
    VERTEX_EXPORT_SETTLE_DELAY: '200ms',
    VERTEX_EXPORT_SHUTDOWN_GRACE: '1s',
  });
}

function startExports(names: readonly string[]): Promise<ExportHandle[]> {
  return Promise.all(names.map((name) => temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK })));
}

function statesOf(names: readonly string[]): string[] {
  return names.flatMap((name) => operationsOf(stack().vertex, name).map(({ state }) => state));
}

suite('a worker process', () => {
  test('can be replaced after it is killed while exports run, and each export is started once', async () => {
    const names = Array.from({ length: 5 }, () => addModel(stack().vertex, { durationMs: 2_000 }));
    let worker = await startWorker();
    const handles = await startExports(names);
    await eventually('all run', () => statesOf(names).length === names.length);
    await worker.kill();
    worker = await startWorker();
    const results = await Promise.all(handles.map((handle) => handle.result()));
    assert.deepEqual(
      results.map(({ files }) => files?.count),
      [1, 1, 1, 1, 1],
    );
    assert.equal(statesOf(names).length, names.length);
    await worker.stop();
  });

  test('can be replaced after it is killed between the start of an export and its answer, and the operation is found again', async () => {
    const name = addModel(stack().vertex, { durationMs: 500 });
    const match = { method: 'POST', path: `${name}@1:export$` };
    const fault = stack().vertex.addFault({ match, when: 'after', fault: { delayMs: 60_000 } });
    let worker = await startWorker();
    const [handle] = await startExports([name]);
    await eventually('the operation was started', () => statesOf([name]).length === 1);
    await worker.kill();
    stack().vertex.removeFault(fault);
    worker = await startWorker();
    const result = await handle?.result();
    assert.equal(result?.adoption, 'adopted');
    assert.deepEqual(statesOf([name]), ['succeeded']);
    await worker.stop();
  });

  test('shuts down gracefully after SIGTERM, and leaves the operation to the next worker', async () => {
    const name = addModel(stack().vertex, { durationMs: 4_000 });
    let worker = await startWorker();
    const [handle] = await startExports([name]);
    await eventually('it waits', async () => (await handle?.status())?.stage === 'exporting');
    await worker.stop();
    assert.equal(await worker.exited, 0);
    assert.deepEqual(statesOf([name]), ['running']);
    worker = await startWorker();
    assert.equal((await handle?.result())?.files?.count, 1);
    assert.deepEqual(statesOf([name]), ['succeeded']);
    await worker.stop();
  });

  test('lists its settings for --help', () => {
    const { status, stdout } = spawnSync(process.execPath, [WORKER, '--help'], { encoding: 'utf8' });
    assert.equal(status, 0);
    assert.match(stdout, /Usage: npm run worker[^]*VERTEX_EXPORT_TASK_QUEUE[^]*VERTEX_EMULATOR_HOST/);
  });

  const withoutGoogle: [string, Record<string, string>, RegExp][] = [
    ['missing', {}, /The worker can't call Google: there are no Application Default Credentials\. Run `gcloud auth/],
    [
      'unreadable',
      { GOOGLE_APPLICATION_CREDENTIALS: __filename },
      /The worker can't call Google: the credentials file cannot be used\. Check the file/,
    ],
  ];
  for (const [title, env, message] of withoutGoogle) {
    test(`exits with 1 and states what to do if its credentials are ${title}`, () => {
      const emulators = { VERTEX_EMULATOR_HOST: '', STORAGE_EMULATOR_HOST: '', REGISTRY_EMULATOR_HOST: '' };
      const nowhere = { HOME: __dirname, CLOUDSDK_CONFIG: __dirname, METADATA_SERVER_DETECTION: 'none' };
      const { status, stderr } = spawnSync(process.execPath, [WORKER], {
        encoding: 'utf8',
        env: { ...process.env, ...stack().environment, ...emulators, ...nowhere, ...env },
      });
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.equal(status, 1);
    });
  }

  const refusals: [string, string[], Record<string, string>, RegExp][] = [
    ['settings with problems', [], { VERTEX_EXPORT_TASK_QEUE: 'x' }, /did you mean VERTEX_EXPORT_TASK_QUEUE\?/],
    ['an unknown option', ['--queue', 'x'], {}, /Unknown option '--queue'/],
    ['a missing server', [], { TEMPORAL_ADDRESS: '127.0.0.1:1' }, /127\.0\.0\.1:1/],
  ];
  for (const [title, args, env, message] of refusals) {
    test(`exits with 1 and a clear message for ${title}`, () => {
      const { status, stderr } = spawnSync(process.execPath, [WORKER, ...args], {
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.equal(status, 1);
    });
  }
});
