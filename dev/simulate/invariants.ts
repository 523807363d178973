import { defaultPayloadConverter } from '@temporalio/common';
import type { ExportFailureDetails } from '../../src/contract/failures';
import type { ExportModelResult } from '../../src/contract/export-result';
import { exportModelResultSchema } from '../../src/contract/export-result';
import type { PlannedExport } from './scenario';
import type { Operation, SimulatedService } from './service';
import type { Incarnation } from './worker-slot';
import type { WorkflowRun } from './workflow-run';
import type { Closed } from './run-end';

/** A broken guarantee, by its number in docs/reliability.md. */
export interface Violation {
  readonly invariant: number;
  readonly what: string;
}

const MINUTE_MS = 60_000;
/** Above the largest payload that the server takes without a warning. */
const MAX_RESULT_BYTES = 256_000;
/** Clean-up at the end of an export: a day for the cancel, a day for the partial output, and late workers. */
const CLEAN_UP_MS = 2 * 86_400_000 + MINUTE_MS;

/** The message of an operation that another client cancelled. */
const CANCELLED_BY_OTHERS = 'cancelled the operation. Find out why';

/** Checks one export after all events. */
export function checkExport(
  planned: PlannedExport,
  runs: readonly WorkflowRun[],
  service: SimulatedService,
  blockedMs: number,
): Violation[] {
  const run = runs.at(-1);
  const { workflowId } = planned;
  const broken: Violation[] = [];
  const report = (invariant: number, what: string): void => {
    broken.push({ invariant, what: `${workflowId}: ${what}` });
  };
  for (const { taskFailure, label } of runs) {
    if (taskFailure) report(5, `a workflow task of ${label} failed: ${taskFailure.message ?? ''}`);
  }
  if (run?.closed === undefined) {
    report(5, 'the workflow did not end');
    return broken;
  }
  const operations = service.operations.filter(({ prefix }) => prefix.includes(`/${workflowId}/`));
  const { closed } = run;
  checkEndings(run, closed, operations, report);
  // Only the package itself cancels operations here. A run that was reset may have done so for its own cancel.
  const text = textOf(run, closed);
  if (text.includes(CANCELLED_BY_OTHERS) && !runs.some(({ isCancelRequested }) => isCancelRequested))
    report(3, `the export failed by its own cancel: ${text}`);
  const failed = new Set(
    (run.lastStatus?.attempts ?? [])
      .filter(({ outcome }) => outcome === 'verification-failed')
      .map(({ operation }) => operation),
  );
  // An operation whose cancel was refused was found, and the export can do no more.
  const survivors = operations.filter(
    ({ name, ended, cancelTriedAt }) =>
      ended !== undefined && ended.error === undefined && cancelTriedAt === Infinity && !failed.has(name),
  );
  if (survivors.length > 1) report(2, `${survivors.map(({ name }) => name).join(' and ')} both succeeded`);
  if (closed.result) checkResult(closed.result, operations, service, report);
  checkTexts(textOf(run, closed), operations, closed, service, workflowId, report);
  checkTimes(run, closed, planned, blockedMs, report);
  return broken;
}

type Report = (invariant: number, what: string) => void;

function checkEndings(run: WorkflowRun, closed: Closed, operations: readonly Operation[], report: Report): void {
  const text = textOf(run, closed);
  for (const { name, prefix, createdAt, cancelTriedAt, ended } of operations) {
    // A process that is frozen between its last check and its request cannot know. It cancels the started operation.
    // An additional operation ends shortly after its cancel.
    if (cancelTriedAt < closed.at && ended?.error?.code === 1 && ended.at < closed.at + MINUTE_MS) continue;
    if (createdAt > closed.at && cancelTriedAt < createdAt + MINUTE_MS) continue;
    if (ended !== undefined && ended.at <= closed.at) continue;
    if (createdAt > closed.at)
      report(1, `${name} was started ${Math.round(createdAt - closed.at)} ms after the workflow had ${closed.kind}`);
    else if (
      closed.kind === 'completed' ||
      !(text.includes('may still run') && (text.includes(name) || text.includes(prefix)))
    ) {
      report(1, `${name} runs after the workflow has ${closed.kind}: ${text}`);
    }
  }
}

function checkResult(
  payload: NonNullable<Closed['result']>,
  operations: readonly Operation[],
  service: SimulatedService,
  report: Report,
): void {
  if ((payload.data?.length ?? 0) > MAX_RESULT_BYTES) report(5, `the result has ${payload.data?.length ?? 0} bytes`);
  const parsed = exportModelResultSchema.safeParse(defaultPayloadConverter.fromPayload(payload));
  if (!parsed.success) {
    report(3, `the result is not valid: ${parsed.error.message}`);
    return;
  }
  const result: ExportModelResult = parsed.data;
  const operation = operations.find(({ name }) => name === result.operation);
  if (operation?.ended === undefined || operation.ended.error !== undefined) {
    report(3, `the result names ${result.operation}, which has not succeeded`);
  } else if (operation.artifactOutputUri !== result.outputInfo.artifactOutputUri) {
    report(3, `the result names the place ${result.outputInfo.artifactOutputUri ?? ''}`);
  }
  const files = operation ? filesBelow(service, operation.artifactOutputUri) : 0;
  if (result.files && result.files.count !== files)
    report(3, `the result counts ${result.files.count} files of ${files}`);
  for (const attempt of result.attempts) {
    const real = operations.find(({ name }) => name === attempt.operation);
    const isRight =
      attempt.outcome === 'failed' ? real?.ended?.error !== undefined : real?.ended !== undefined && !real.ended.error;
    if (!isRight) report(3, `the attempt ${attempt.operation} is reported as ${attempt.outcome}`);
  }
}

function checkTexts(
  text: string,
  operations: readonly Operation[],
  closed: Closed,
  service: SimulatedService,
  workflowId: string,
  report: Report,
): void {
  for (const { name, ended } of operations) {
    const isCancelled = ended?.error?.code === 1;
    if (text.includes(`${name} ended cancelled`) && !isCancelled) report(3, `${name} is reported as cancelled`);
    if (text.includes(`${name} had succeeded`) && (!ended || ended.error))
      report(3, `${name} is reported as succeeded`);
  }
  const earlier = operations.filter(({ createdAt }) => createdAt < closed.at);
  if (text.includes('no operation had been started') && earlier.length > 0) {
    report(3, `no operation is reported, and there is ${earlier.map(({ name }) => name).join()}`);
  }
  const left = filesBelow(service, `gs://bucket/out/${workflowId}/`);
  if (text.includes('nothing is left in') && left > 0)
    report(3, `the report states that nothing is left, but there are ${left} files`);
}

function checkTimes(
  run: WorkflowRun,
  closed: Closed,
  { input }: PlannedExport,
  blockedMs: number,
  report: Report,
): void {
  const deadline = run.options.startedAt + input.deadline + blockedMs;
  const steps = [...run.activities.values()].filter(
    ({ type }) => !['cancelExport', 'deletePartialArtifacts'].includes(type),
  );
  for (const { type, closedAt } of steps) {
    // After a reset the server counts the limit of a step that had not ended from the reset on.
    if (run.options.history === undefined && closedAt > deadline + MINUTE_MS)
      report(4, `${type} ended ${Math.round(closedAt - deadline)} ms after the deadline`);
  }
  if (closed.at > deadline + CLEAN_UP_MS)
    report(5, `the workflow ended ${Math.round(closed.at - deadline)} ms after the deadline`);
  const details = detailsOf(closed);
  if (details?.type !== 'ExportError.DeadlineExceeded') return;
  const last = steps.at(-1)?.lastFailure?.applicationFailureInfo?.type ?? '';
  if (last.startsWith('ExportError.') && last !== 'ExportError.StillRunning' && details.lastFailure === undefined) {
    report(4, `the last failure was ${last}, but the failure of the deadline does not contain it`);
  }
}

/** Checks the budgets of one worker process. */
export function checkBudgets({ sent, budgetLimits, slot }: Incarnation): Violation[] {
  const requests = mostInAMinute(sent.map(({ at }) => at));
  const exports = mostInAMinute(sent.filter(({ call }) => call === 'export').map(({ at }) => at));
  return [
    ...(requests > budgetLimits.requests ? [`${requests} requests in a minute of worker ${slot.index}`] : []),
    ...(exports > budgetLimits.submissions ? [`${exports} starts in a minute of worker ${slot.index}`] : []),
  ].map((what) => ({ invariant: 6, what }));
}

function mostInAMinute(times: readonly number[]): number {
  let from = 0;
  return times.reduce((most, at, index) => {
    while ((times[from] ?? at) <= at - MINUTE_MS) from += 1;
    return Math.max(most, index - from + 1);
  }, 0);
}

function detailsOf({ failure }: Closed): Partial<ExportFailureDetails> | undefined {
  const [payload] = failure?.applicationFailureInfo?.details?.payloads ?? [];
  return payload ? defaultPayloadConverter.fromPayload<Partial<ExportFailureDetails>>(payload) : undefined;
}

function textOf(run: WorkflowRun, { failure }: Closed): string {
  return [failure?.message, run.lastStatus?.failure].filter(Boolean).join(' | ');
}

function filesBelow(service: SimulatedService, uri: string): number {
  const prefix = uri.replace(/^gs:\/\/[^/]+\//, '');
  return [...service.objects.keys()].filter((name) => name.startsWith(prefix)).length;
}
