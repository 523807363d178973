import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { budgetedVertex, submissionsOf } from '../../../../src/polling/budget/budgeted-vertex';
import type { BudgetLimits } from '../../../../src/polling/budget/region-budgets';
import { RegionBudgets } from '../../../../src/polling/budget/region-budgets';
import { Timers } from '../../../../src/polling/time/timers';
import { VirtualClock } from '../../../support/virtual-clock';
import type { Manner, Sent } from '../../../support/virtual-sends';
import { VirtualSends } from '../../../support/virtual-sends';
import { MINUTE_MS, mostInAMinute, NO_METRICS } from '../../../support/virtual-poller';

const BODY = { outputConfig: { exportFormatId: 'tflite' } };

/** A kind of request, made `count` times at once. */
interface Step {
  readonly what: 'get' | 'list' | 'cancel' | 'start' | 'direct start' | 'refused start' | 'forgotten grant';
  readonly count: number;
  readonly project: 'alpha' | '1' | 'beta' | '2';
  /** The requests are aborted after this time, in milliseconds. */
  readonly abortAfterMs: number | undefined;
  /** The time that passes afterwards, in milliseconds. */
  readonly thenMs: number;
  /** The difference by which the machine's clock is set afterwards, in milliseconds. */
  readonly setClockMs: number;
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom('get', 'list', 'cancel', 'start', 'direct start', 'refused start', 'forgotten grant'),
    count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 20, max: 150 })),
    project: fc.constantFrom('alpha', '1', 'beta', '2'),
    abortAfterMs: fc.option(fc.integer({ min: 0, max: 30_000 }), { nil: undefined, freq: 4 }),
    thenMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: 0, max: 200_000 })),
    setClockMs: fc.constantFrom(0, 0, 0, -3_600_000, 3_600_000),
  }),
  { minLength: 1, maxLength: 14 },
);

const manners = fc.array(
  fc.record<Manner>({
    credentialsMs: fc.constantFrom(0, 0, 0, 5, 40_000),
    latencyMs: fc.integer({ min: 1, max: 3_000 }),
    end: fc.constantFrom(
      'ok',
      'ok',
      'ok',
      'token refused',
      'no credentials',
      'lost',
      'throttled',
      'throttled for a day',
    ),
    namesNumber: fc.boolean(),
  }),
  { minLength: 1, maxLength: 30 },
);

/** Runs the steps until no request waits. Returns what was sent. Fails if a request waits forever. */
async function play(limits: BudgetLimits, script: readonly Step[], ways: readonly Manner[]): Promise<readonly Sent[]> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  let requests = 0;
  const service = new VirtualSends(clock, () => {
    const manner = ways[(requests += 1) % ways.length];
    assert.ok(manner);
    return manner;
  });
  const budgets = new RegionBudgets(new Timers(clock), NO_METRICS, limits);
  const vertex = budgetedVertex(service, budgets);
  const submission = submissionsOf(service, budgets);

  async function one({ what, project, abortAfterMs }: Step): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    if (abortAfterMs !== undefined)
      clock.after(abortAfterMs, () => {
        controller.abort(new Error('aborted'));
      });
    const model = `projects/${project}/locations/us-central1/models/1`;
    if (what === 'get') await vertex.getOperation(`${model}/operations/1`, signal);
    else if (what === 'list') await vertex.listOperations(model, '', signal);
    else if (what === 'cancel') await vertex.cancelOperation(`${model}/operations/1`, signal);
    else if (what === 'direct start') await vertex.exportModel(model, BODY, { signal });
    else {
      const granted = await submission(model, signal);
      if (what === 'forgotten grant') return;
      try {
        await granted.vertex.listOperations(model, '', signal);
        const beforeSend = (): void => {
          if (what === 'refused start') throw new Error('too late');
        };
        await granted.vertex.exportModel(model, BODY, { signal, beforeSend });
      } finally {
        granted.release();
      }
    }
  }

  const all: Promise<unknown>[] = [];
  for (const step of script) {
    for (let index = 0; index < step.count; index += 1) all.push(one(step).catch(() => undefined));
    await clock.runUntil(clock.sleep(step.thenMs));
    clock.setWallClock(step.setClockMs);
  }
  await clock.runUntil(Promise.all(all));
  await clock.runUntil(clock.sleep(10 * MINUTE_MS));
  assert.equal(clock.pending, 0, 'no timer is left');
  return service.sent;
}

const LIMITS: readonly (readonly [title: string, requests: number, starts: number])[] = [
  ['the default limits', 300, 60],
  ['tiny limits', 3, 1],
  ['one request a minute', 1, 1],
  ['more starts than requests', 5, 20],
];

suite('RegionBudgets in any sliding minute', () => {
  for (const [title, maxRequestsPerMinute, maxSubmissionsPerMinute] of LIMITS) {
    test(`stay within ${title}, and serve every request that is not aborted`, async () => {
      await fc.assert(
        fc.asyncProperty(steps, manners, async (script, ways) => {
          // Tiny limits with long queues would take days of virtual time.
          const scale = Math.min(1, maxRequestsPerMinute / 100);
          const scaled = script.map((step) => ({ ...step, count: Math.ceil(step.count * scale) }));
          const sent = await play({ maxRequestsPerMinute, maxSubmissionsPerMinute }, scaled, ways);
          for (const project of ['1', '2']) {
            const ofProject = sent.filter((request) => request.project === project);
            const requests = mostInAMinute(ofProject.map(({ at }) => at));
            const starts = mostInAMinute(ofProject.filter(({ kind }) => kind === 'start').map(({ at }) => at));
            assert.ok(requests <= maxRequestsPerMinute, `${requests} requests of project ${project} in a minute`);
            assert.ok(starts <= maxSubmissionsPerMinute, `${starts} starts of project ${project} in a minute`);
          }
        }),
        { numRuns: 150 },
      );
    });
  }
});
