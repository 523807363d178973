import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import type { ExportOperation } from '../../../src/google/vertex';
import { Durations } from '../../../src/polling/durations';
import { PolledOperation } from '../../../src/polling/polled-operation';
import type { PollOptions, PollProgress } from '../../../src/polling/types';
import { VirtualClock } from '../../support/virtual-clock';
import { MINUTE_MS, SCHEDULE } from '../../support/virtual-poller';

const NAME = 'projects/123/locations/us-central1/models/1/operations/2';
const LIMITS = { outageMs: 10 * MINUTE_MS, notFoundMs: 2 * MINUTE_MS, refusedMs: 5 * MINUTE_MS };
const outage = new GoogleApiError('down', 'UNAVAILABLE', 503, 'virtual');
const refusal = new GoogleApiError('denied', 'PERMISSION_DENIED', 403, 'virtual');

function setUp(options: (clock: VirtualClock) => Partial<PollOptions> = () => ({})) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const reported: PollProgress[] = [];
  const durations = new Durations();
  const { signal } = new AbortController();
  const onPoll = (progress: PollProgress): void => void reported.push(progress);
  const all = { ...SCHEDULE, signal, onPoll, ...options(clock) };
  const operation = new PolledOperation(NAME, all, clock, durations, LIMITS);
  const createdAt = clock.wallNow();
  const answer = (done = false, endedAt = clock.wallNow()): ExportOperation => ({
    name: NAME,
    done,
    metadata: {
      genericMetadata: {
        createTime: new Date(createdAt).toISOString(),
        updateTime: new Date(endedAt).toISOString(),
      },
      outputInfo: {},
    },
  });
  const pass = (ms: number): Promise<void> => clock.runUntil(clock.sleep(ms));
  return { clock, operation, reported, durations, answer, pass };
}

suite('PolledOperation', () => {
  test('starts as scheduled, polls, and is scheduled again after an answer', () => {
    const { operation, answer } = setUp();
    assert.deepEqual(operation.state, { kind: 'scheduled' });
    operation.beginPoll('wait');
    assert.deepEqual(operation.state, { kind: 'polling', strategy: 'wait' });
    assert.equal(operation.applyAnswer(answer()), undefined);
    assert.deepEqual(operation.state, { kind: 'scheduled' });
  });

  test('backs off after a failure, for longer after the next one', () => {
    const { operation } = setUp();
    const states = [1, 2, 3].map(() => {
      operation.beginPoll('get');
      return operation.applyFailure(outage, 'get');
    });
    assert.deepEqual(
      states,
      [1_000, 2_000, 4_000].map((pauseMs) => ({ kind: 'backing-off', pauseMs })),
    );
    assert.deepEqual(operation.state, states.at(-1));
  });

  for (const source of ['an answer', 'a list'] as const) {
    test(`forgets all failures after ${source}`, () => {
      const { operation, reported, answer } = setUp();
      for (let failed = 0; failed < 5; failed += 1) operation.applyFailure(outage, 'get');
      if (source === 'a list') operation.applyListed(answer());
      else {
        operation.beginPoll('get');
        operation.applyAnswer(answer());
      }
      assert.deepEqual(operation.state, { kind: 'scheduled' });
      operation.beginPoll('get');
      assert.deepEqual([reported.at(-1)?.failures, reported.at(-1)?.lastFailure], [0, undefined]);
      assert.deepEqual(operation.applyFailure(outage, 'get'), { kind: 'backing-off', pauseMs: 1_000 });
    });
  }

  test('keeps polling when a list returns it meanwhile', () => {
    const { operation, answer } = setUp();
    operation.beginPoll('wait');
    operation.applyListed(answer());
    assert.deepEqual(operation.state, { kind: 'polling', strategy: 'wait' });
  });

  test('is scheduled without a failure after a poll that gave no information', () => {
    const { operation, reported } = setUp();
    operation.beginPoll('wait');
    operation.cancelPoll();
    assert.deepEqual(operation.state, { kind: 'scheduled' });
    operation.beginPoll('get');
    assert.deepEqual(reported.at(-1), { polls: 2, failures: 0, strategy: 'get' });
  });

  test('ends as done with the answer and the number of polls', async () => {
    const { operation, answer, pass, clock } = setUp();
    operation.beginPoll('get');
    operation.applyAnswer(answer());
    await pass(MINUTE_MS);
    operation.beginPoll('get');
    const done = answer(true, clock.wallNow() - 7_000);
    assert.deepEqual(operation.applyAnswer(done), { lagMs: 7_000, durationMs: MINUTE_MS - 7_000 });
    assert.equal(operation.hasEnded(), true);
    assert.deepEqual(await operation.outcome, { kind: 'done', ended: { operation: done, polls: 2 } });
  });

  test('was noticed at most as late as the previous poll was earlier, since clocks differ', async () => {
    const { operation, answer, pass, clock } = setUp();
    operation.applyListed(answer());
    await pass(10_000);
    const end = operation.applyListed(answer(true, clock.wallNow() - MINUTE_MS));
    assert.equal(end?.lagMs, 10_000);
    const late = setUp();
    await late.pass(10_000);
    assert.equal(late.operation.applyListed(late.answer(true, late.clock.wallNow() + MINUTE_MS))?.lagMs, 0);
  });

  test('ends as failed with the error of the polls after an outage of ten minutes', async () => {
    const { operation, pass } = setUp();
    operation.applyFailure(outage, 'get');
    await pass(LIMITS.outageMs);
    assert.equal(operation.applyFailure(outage, 'get').kind, 'ended');
    assert.deepEqual(await operation.outcome, { kind: 'failed', error: outage });
  });

  test('ends as parked when it is running at its time, or during an outage, but not while it is refused', async () => {
    const parkNow = (clock: VirtualClock) => ({ parkAt: clock.wallNow() });
    const running = setUp(parkNow);
    running.operation.beginPoll('get');
    running.operation.applyAnswer(running.answer());
    assert.deepEqual(await running.operation.outcome, { kind: 'parked' });

    const failing = setUp(parkNow);
    assert.equal(failing.operation.applyFailure(outage, 'get').kind, 'ended');
    assert.deepEqual(await failing.operation.outcome, { kind: 'parked' });

    const refused = setUp(parkNow);
    assert.equal(refused.operation.applyFailure(refusal, 'get').kind, 'backing-off');
  });

  test('ends as done, not as parked, when it has ended at its time', async () => {
    const { operation, answer } = setUp((clock) => ({ parkAt: clock.wallNow() }));
    operation.applyListed(answer(true));
    assert.equal((await operation.outcome).kind, 'done');
  });

  test('takes its age from the service, so that pauses continue after a change of workers', async () => {
    const { operation, pass, clock } = setUp();
    assert.equal(operation.pause(clock.now()), SCHEDULE.initialDelayMs);
    await pass(4_000);
    assert.equal(operation.pause(clock.now()), SCHEDULE.initialDelayMs + 4_000);
    const created = new Date(clock.wallNow() - MINUTE_MS).toISOString();
    const metadata = { genericMetadata: { createTime: created }, outputInfo: {} };
    operation.applyListed({ name: NAME, done: false, metadata });
    assert.equal(operation.pause(clock.now()), SCHEDULE.maxDelayMs);
  });

  test('is expected in lists, except for a time after a list lacked it', () => {
    const { operation, clock } = setUp();
    assert.equal(operation.isListed(clock.now()), true);
    operation.expectInListsFrom(clock.now() + MINUTE_MS);
    assert.equal(operation.isListed(clock.now() + MINUTE_MS - 1), false);
    assert.equal(operation.isListed(clock.now() + MINUTE_MS), true);
  });

  test('belongs to the list of its Model', () => {
    assert.equal(setUp().operation.model, 'projects/123/locations/us-central1/models/1');
  });
});
