import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { exportModelResultSchema, ExportFailureType } from '../../../src';
import { activitiesOf, failureOf, run } from '../../support/activities';
import { addModel, operationsOf } from '../../support/models';
import { POLLING, startRequest } from '../../support/requests';
import { useLocalStack } from '../../support/services';
import { ARTIFACTS, eventually, QUICK, useExports } from '../../support/worker';

const stack = useLocalStack();
const temporal = useExports(stack);
beforeEach(() => {
  stack().vertex.clearFaults();
});

const partial = (message: unknown, code: unknown = 13): unknown => ({ code, message });

/** The operation as the service answers, with parts that failed. */
function answer(name: string, artifactOutputUri: string | undefined, partialFailures: unknown, error?: unknown) {
  const time = new Date().toISOString();
  return {
    name,
    done: true,
    metadata: {
      genericMetadata: { createTime: time, updateTime: time, partialFailures },
      outputInfo: { artifactOutputUri },
    },
    ...(error === undefined ? { response: {} } : { error }),
  };
}

/** Starts an export and waits until it is done. Every later request for it gets the given answer. */
async function answered(partialFailures: unknown, error?: unknown): Promise<string> {
  const { vertex } = stack();
  const model = addModel(vertex);
  const activities = activitiesOf(stack());
  const { operation, outputInfo } = await run(activities.startExport, startRequest(model));
  await run(activities.awaitExport, { operation, polling: POLLING });
  const body = answer(operation, outputInfo.artifactOutputUri, partialFailures, error);
  vertex.addFault({ match: { path: `${operation}(:wait)?$` }, fault: { status: 200, body } });
  return operation;
}

suite('a partial failure of an operation', () => {
  test('is reported with code and message', async () => {
    const operation = await answered([partial('shard 3 was not written'), partial('no rights', 7)]);
    const ended = await run(activitiesOf(stack()).awaitExport, { operation, polling: POLLING });
    assert.deepEqual(ended.partialFailures, [
      { code: 13, status: 'INTERNAL', message: 'shard 3 was not written' },
      { code: 7, status: 'PERMISSION_DENIED', message: 'no rights' },
    ]);
    assert.equal(ended.morePartialFailures, undefined);
  });

  test('is limited in number and length, has no credentials, and counts the omitted entries', async () => {
    const long = Array.from({ length: 10_000 }, () => partial(`Bearer ya29.secret ${'\u{1f600}'.repeat(5_000)}`));
    const operation = await answered(long.slice(0, 100));
    const ended = await run(activitiesOf(stack()).awaitExport, { operation, polling: POLLING });
    assert.deepEqual([ended.partialFailures?.length, ended.morePartialFailures], [20, 80]);
    assert.ok(ended.partialFailures?.every(({ message }) => message.length <= 300));
    assert.ok(!JSON.stringify(ended).includes('secret'));
  });

  for (const odd of [null, 'x', 7, {}, [], [null], ['x'], [{ code: 'x' }], [[]]]) {
    test(`never fails an export that succeeded, even if it is ${JSON.stringify(odd)}`, async () => {
      const operation = await answered(odd);
      const ended = await run(activitiesOf(stack()).awaitExport, { operation, polling: POLLING });
      assert.equal(ended.partialFailures, undefined);
    });
  }

  test("is reported beside the operation's error", async () => {
    const operation = await answered([partial('shard 3 was not written')], { code: 13, message: 'broken' });
    const waiting = run(activitiesOf(stack()).awaitExport, { operation, polling: POLLING });
    const { message, details } = await failureOf(waiting, ExportFailureType.OperationFailed);
    assert.match(message, /ended with INTERNAL: broken; partial failure: INTERNAL: shard 3 was not written/);
    assert.equal(details.partialFailures?.length, 1);
  });

  test('appears in the result, in its notes and in the Web UI', async () => {
    const { vertex } = stack();
    const name = addModel(vertex, { durationMs: 600 });
    const id = name.split('/').at(-1) ?? '';
    const polls = { path: `/models/${id}/operations/\\d+(:wait)?$` };
    // No poll is answered until the operation has ended.
    const held = vertex.addFault({ match: polls, fault: { status: 503 } });
    const handle = await temporal().exports.start({ name, outputConfig: ARTIFACTS, ...QUICK });
    await eventually('it is done', () => operationsOf(vertex, name)[0]?.state === 'succeeded');
    const { operation = '', outputInfo } = await handle.status();
    const body = answer(operation, outputInfo?.artifactOutputUri, [partial('shard 3 was not written')]);
    vertex.addFault({ match: polls, fault: { status: 200, body } });
    vertex.removeFault(held);
    const result = exportModelResultSchema.parse(await handle.result());
    assert.deepEqual(result.partialFailures, [{ code: 13, status: 'INTERNAL', message: 'shard 3 was not written' }]);
    assert.equal(result.verification.notes[0], 'partial failure: INTERNAL: shard 3 was not written');
  });
});
