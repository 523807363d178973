import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CancelledFailure } from '@temporalio/common';
import { processTimers } from '../../../../src/polling/time/timers';
import { failureOf } from '../../../support/activities';
import { CANCELLED, ignore, operationOf, vertexWith } from '../../../support/export-steps';
import { NEW, request, start } from '../../../support/export-starts';

/** How long a list of operations is valid, in milliseconds. */
const LIST_AGE_MS = 5_000;

suite('a start whose list of operations becomes old', () => {
  /** A clock of the process that tests set. */
  function clock(t: {
    mock: { method: (object: typeof processTimers.clock, name: 'now', by: () => number) => unknown };
  }) {
    const time = { ms: processTimers.clock.now() };
    t.mock.method(processTimers.clock, 'now', () => time.ms);
    return time;
  }

  for (const [ageMs, listings] of [
    [LIST_AGE_MS, 1],
    [LIST_AGE_MS + 1, 2],
  ] as const) {
    test(`lists ${listings === 1 ? 'not again' : 'again'} before the request if the list is ${ageMs} ms old`, async (t) => {
      const time = clock(t);
      let tries = 0;
      let listingsAtSend = 0;
      const started = start({
        status: 'RUNNING',
        exportModel: async (_name, _body, sending) => {
          tries += 1;
          if (tries === 1) time.ms += ageMs;
          await sending?.beforeSend?.();
          listingsAtSend = started.listings();
          return NEW;
        },
      });
      assert.equal((await started.outcome).operation, NEW.name);
      assert.deepEqual([listingsAtSend, started.releases()], [listings, listings]);
    });
  }

  for (const [waitMs, status, isSent] of [
    [LIST_AGE_MS - 1, 'not requested', true],
    [LIST_AGE_MS, 'RUNNING', true],
    [LIST_AGE_MS, 'TERMINATED', false],
  ] as const) {
    test(`is ${isSent ? 'sent' : 'not sent'} after ${waitMs} ms in the queue if its workflow is ${status}`, async (t) => {
      const time = clock(t);
      const { vertex, cancelled } = vertexWith(() => [], { exportModel: () => Promise.resolve(NEW) });
      const submission = () => {
        time.ms += waitMs;
        return Promise.resolve({ vertex, release: ignore });
      };
      const known = status === 'not requested' ? {} : { status };
      const { outcome } = start({ ...known, deps: { vertex, submission } });
      if (isSent) assert.equal((await outcome).operation, NEW.name);
      else await assert.rejects(outcome, CancelledFailure);
      assert.deepEqual(cancelled, []);
    });
  }

  for (const [tookMs, status, isKept] of [
    [LIST_AGE_MS - 1, 'not requested', true],
    [LIST_AGE_MS, 'RUNNING', true],
    [LIST_AGE_MS, 'COMPLETED', false],
  ] as const) {
    test(`is ${isKept ? 'kept' : 'cancelled'} if its request took ${tookMs} ms and its workflow is ${status}`, async (t) => {
      const time = clock(t);
      const known = status === 'not requested' ? {} : { status };
      const { outcome, cancelled, listings } = start({
        ...known,
        exportModel: () => {
          time.ms += tookMs;
          return Promise.resolve(NEW);
        },
      });
      if (isKept) assert.equal((await outcome).operation, NEW.name);
      else await assert.rejects(outcome, new RegExp(`${NEW.name}, which was started for it, is cancelled`));
      assert.deepEqual([cancelled, listings()], [isKept ? [] : [NEW.name], status === 'RUNNING' ? 2 : 1]);
    });
  }

  test('of a run with a cancelled operation is not sent if its workflow has ended', async () => {
    const lists = [[operationOf(request, 1, { done: true, error: CANCELLED })]];
    const ended = start({ lists, status: 'CANCELED' });
    await assert.rejects(ended.outcome, CancelledFailure);
    assert.deepEqual(ended.bodies, []);
    assert.equal((await start({ lists, status: 'RUNNING' }).outcome).operation, NEW.name);
  });

  test('is refused at its deadline, and sent before it', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
    for (const [leftMs, isSent] of [
      [1, true],
      [0, false],
      [-1, false],
    ] as const) {
      const notAfter = new Date(1_000_000 + leftMs).toISOString();
      const { outcome, bodies, releases } = start({ request: { notAfter } });
      if (isSent) await outcome;
      else assert.ok(!(await failureOf(outcome, 'ExportError.DeadlineExceeded')).retryable);
      assert.deepEqual([bodies.length, releases()], [isSent ? 1 : 0, 1], String(leftMs));
    }
  });
});
