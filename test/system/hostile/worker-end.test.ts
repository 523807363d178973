import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import type { TemporalServer } from '../../../src/testing/services/services';
import type { TiedProcess } from '../../../src/testing/services/tied-process';
import { spawnTied } from '../../../src/testing/services/tied-process';
import { startTemporalServer } from '../../../src/testing/services/services';
import { startWorkerProcess } from '../../../dev/worker-process';
import { eventually } from '../../support/worker';

const WORKER = path.join(__dirname, '..', '..', 'support', 'ending-worker', 'worker.ts');

const FAILING = path.join(__dirname, '..', '..', 'support', 'ending-worker', 'failing.ts');

let temporal: TemporalServer;
let connection: Connection;
before(async () => {
  temporal = await startTemporalServer();
  connection = await Connection.connect({ address: temporal.address });
});
after(async () => {
  await connection.close();
  await temporal.stop();
});

interface LoggedProcess extends TiedProcess {
  readonly lines: string[];
}

async function startDamagedWorker(): Promise<LoggedProcess> {
  const lines: string[] = [];
  const child = await spawnTied(process.execPath, ['--import', 'tsx', WORKER], {
    env: { TEMPORAL_ADDRESS: temporal.address },
    onLine: (line) => lines.push(line),
  });
  await eventually('the worker starts', () => lines.includes('the worker starts'));
  return { ...child, lines };
}

/** Runs `work` with a workflow of the damaged worker, and ends the workflow. */
async function withWorkflow(type: 'loneSurrogate' | 'waiting', work: () => Promise<void>): Promise<void> {
  const client = new Client({ connection });
  const handle = await client.workflow.start(type, { taskQueue: 'ending', workflowId: `${type}-${Date.now()}` });
  try {
    await work();
  } finally {
    await handle.terminate();
  }
}

suite('a worker process that cannot continue', () => {
  test('exits with 1 and one line when the SDK shuts its worker down', async () => {
    const worker = await startDamagedWorker();
    await withWorkflow('loneSurrogate', async () => {
      assert.equal(await worker.exited, 1);
    });
    const last = worker.lines.at(-1) ?? '';
    assert.match(last, /^The worker stopped after a fatal error: .*Cannot decode Completion.*Start it again/);
  });

  test('exits with 1 when the SDK shuts its worker down while an activity never ends', async () => {
    const worker = await startDamagedWorker();
    await withWorkflow('waiting', async () => {
      await eventually('it runs', () => worker.lines.includes('the endless activity runs'));
      await withWorkflow('loneSurrogate', async () => {
        assert.equal(await worker.exited, 1);
      });
    });
    assert.match(worker.lines.at(-1) ?? '', /^The worker stopped after a fatal error: /);
  });

  test('exits with 1 after SIGTERM if an activity does not end within the grace period', async () => {
    const worker = await startDamagedWorker();
    await withWorkflow('waiting', async () => {
      await eventually('it runs', () => worker.lines.includes('the endless activity runs'));
      process.kill(worker.pid, 'SIGTERM');
      assert.equal(await worker.exited, 1);
    });
    assert.match(
      worker.lines.at(-1) ?? '',
      /^The worker did not stop within \d+ ms\. Activities that are still running: 1\./,
    );
  });

  test('exits at once after a second SIGTERM', async () => {
    const worker = await startDamagedWorker();
    await withWorkflow('waiting', async () => {
      await eventually('it runs', () => worker.lines.includes('the endless activity runs'));
      process.kill(worker.pid, 'SIGTERM');
      // Two signals that are pending at the same time arrive as one.
      await new Promise((resolve) => setTimeout(resolve, 200));
      process.kill(worker.pid, 'SIGTERM');
      assert.equal(await worker.exited, 143);
    });
  });

  test('exits with 0 after SIGTERM if no activity runs', async () => {
    const worker = await startDamagedWorker();
    process.kill(worker.pid, 'SIGTERM');
    assert.equal(await worker.exited, 0);
  });
});

suite('the last line of a worker process', () => {
  for (const kind of ['thrown', 'text', 'rejected', 'uncaught', 'cause']) {
    test(`has no secret, no escape sequence and no second line for an error that is ${kind}`, async () => {
      const child = await spawnTied(process.execPath, ['--import', 'tsx', FAILING, kind]);
      assert.equal(await child.exited, 1);
      const text = child.tail();
      assert.match(text, /^failed with /);
      assert.doesNotMatch(text, /marked|\p{Cc}/u);
    });
  }
});

suite('a worker that cannot start', () => {
  async function endOf(environment: Record<string, string>): Promise<{ code: number; last: string; text: string }> {
    const worker = await startWorkerProcess(environment);
    const code = await worker.exited;
    const text = worker.tail();
    return { code, text, last: text.split('\n').at(-1) ?? '' };
  }

  test('exits with 1 and one line if its namespace does not exist', async () => {
    const { code, last } = await endOf({
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: 'nowhere',
      // Local services need no credentials.
      VERTEX_EMULATOR_HOST: '127.0.0.1:1',
      STORAGE_EMULATOR_HOST: '127.0.0.1:1',
      REGISTRY_EMULATOR_HOST: '127.0.0.1:1',
    });
    assert.equal(code, 1);
    assert.match(
      last,
      /^The namespace nowhere does not exist on 127\.0\.0\.1:\d+\. Create it, or correct TEMPORAL_NAMESPACE\.$/,
    );
  });

  test('exits with 1 and one line if the server refuses the connection', async () => {
    const { code, last } = await endOf({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
    assert.equal(code, 1);
    assert.match(
      last,
      /^Can't connect to Temporal at 127\.0\.0\.1:1: .*Check TEMPORAL_ADDRESS and that the server runs\.$/,
    );
  });

  test('exits with 1 and one line if a server accepts the connection and never answers', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    const { code, last } = await endOf({ TEMPORAL_ADDRESS: `127.0.0.1:${address.port}` });
    silent.close();
    assert.equal(code, 1);
    assert.match(last, /^Can't connect to Temporal at 127\.0\.0\.1:\d+: /);
  });

  test('prints no secret and no escape sequence from its settings', async () => {
    const { code, text } = await endOf({
      VERTEX_EXPORT_VERTEX_ENDPOINT: 'https://user:hunter2@example.com/\u001b]0;title\u0007',
      VERTEX_EXPORT_TASK_QEUE: 'x',
    });
    assert.equal(code, 1);
    assert.doesNotMatch(text, /hunter2|(?!\n)\p{Cc}/u);
    assert.match(text, /VERTEX_EXPORT_VERTEX_ENDPOINT: must be a URL[^]*did you mean VERTEX_EXPORT_TASK_QUEUE\?/);
  });
});
