import { overBudgetMinutes } from './budget';
import { misreportsOf } from './misreports';
import type { ExportEnd, ObservedExport, ObservedFleet, World } from './world';

/** The number of guarantees that a run broke, with a line for each. */
export interface Verdict {
  readonly succeeded: number;
  /** Ended cancelled, after a cancel; or never started, since their fleet was cancelled. */
  readonly cancelled: number;
  /** Ended at the deadline, or terminated, as planned. */
  readonly failed: number;
  /** Exports and fleets that did not end, or ended in an unplanned way. */
  readonly lost: number;
  /** Operations of an export that survived beside the one that its result names. */
  readonly duplicates: number;
  /** Operations that ran or began after the end of their export, which does not report them. */
  readonly orphanedOperations: number;
  /** Reports that differ from what happened. */
  readonly misreported: number;
  readonly overBudgetMinutes: number;
  readonly problems: readonly string[];
  /** Operations that continued after a terminate of their workflow: no code can cancel them. */
  readonly terminatedOperations: number;
  /** Exports whose operation was found again after an answer, a process or a run was lost. */
  readonly adopted: number;
  /** Operations that were cancelled beside the one that succeeded. */
  readonly extra: number;
}

/** Compares the reports with the actual events. */
export function check(world: World): Verdict {
  const { exports, fleets } = world;
  const lost = [...exports.filter(isLost).map(lostExport), ...fleets.filter(isLostFleet).map(lostFleet)];
  const duplicates = exports.flatMap(duplicatesOf);
  const orphans = exports.flatMap(orphansOf);
  const misreports = misreportsOf(world);
  const minutes = overBudgetMinutes(world);
  const kept = exports.filter((one) => !isLost(one));
  const endedAs = (...statuses: string[]): number => kept.filter(({ end }) => statuses.includes(end.status)).length;
  return {
    succeeded: endedAs('COMPLETED'),
    cancelled: endedAs('CANCELLED', NEVER_STARTED),
    failed: endedAs('FAILED', 'TERMINATED'),
    lost: lost.length,
    duplicates: duplicates.length,
    orphanedOperations: orphans.length,
    misreported: misreports.length,
    overBudgetMinutes: minutes.length,
    problems: [
      ...lost.map((line) => `LOST: ${line}`),
      ...duplicates.map((line) => `DUPLICATE: ${line}`),
      ...orphans.map((line) => `ORPHANED: ${line}`),
      ...misreports.map((line) => `MISREPORTED: ${line}`),
      ...minutes.map((line) => `OVER BUDGET: ${line}`),
    ],
    terminatedOperations: exports
      .filter(({ end }) => end.status === 'TERMINATED')
      .reduce((sum, one) => sum + outlivingOperations(one).length, 0),
    adopted: exports.filter(({ end }) => 'result' in end && end.result.adoption === 'adopted').length,
    extra: exports
      .filter(({ end }) => end.status === 'COMPLETED')
      .flatMap(({ operations }) => operations.filter(({ state }) => state === 'cancelled')).length,
  };
}

const CANCELS: ReadonlySet<string> = new Set(['cancel', 'resetThenCancel', 'cancelChild', 'cancelFleet']);
const TERMINATES: ReadonlySet<string> = new Set(['terminate', 'terminateChild']);
const DEADLINE_EXCEEDED = 'ExportError.DeadlineExceeded';

/** The status of an export that is unknown to the server. */
export const NEVER_STARTED = 'NOT_FOUND';

/** An export may always succeed, because an intervention can come too late. Any other end needs a cause. */
function isLost({ end, interventions, operations }: ObservedExport): boolean {
  if (end.status === NEVER_STARTED) return operations.length > 0 || !interventions.includes('cancelFleet');
  if (end.closeTime === undefined) return true;
  switch (end.status) {
    case 'COMPLETED':
      return false;
    case 'CANCELLED':
      return !interventions.some((one) => CANCELS.has(one));
    case 'TERMINATED':
      return !interventions.some((one) => TERMINATES.has(one));
    case 'FAILED':
    default:
      return !(interventions.includes('deadline') && 'type' in end && end.type === DEADLINE_EXCEEDED);
  }
}

function lostExport({ workflowId, end, interventions }: ObservedExport): string {
  const why = 'report' in end ? `: ${end.type ?? ''} ${end.report}` : '';
  return `${workflowId} ended ${end.status} after ${interventions.join(' and ') || 'no intervention'}${why}`;
}

function isLostFleet({ end, isCancelled }: ObservedFleet): boolean {
  return end.status !== 'COMPLETED' && !(isCancelled && end.status === 'CANCELLED');
}

function lostFleet({ workflowId, end }: ObservedFleet): string {
  return `${workflowId} ended ${end.status}`;
}

/** Operations whose output the export itself rejected are not survivors. */
function duplicatesOf({ workflowId, end, operations }: ObservedExport): string[] {
  const rejected = new Set(
    attemptsOf(end)
      .filter(({ outcome }) => outcome !== 'succeeded')
      .map(({ operation }) => operation),
  );
  const survivors = operations.filter(
    ({ name, state }) => (state === 'running' || state === 'succeeded') && !rejected.has(name),
  );
  return survivors
    .slice(1)
    .map(({ name, state }) => `${name} of ${workflowId} is ${state} beside ${survivors[0]?.name ?? ''}`);
}

function attemptsOf(end: ExportEnd): readonly { readonly operation: string; readonly outcome: string }[] {
  if ('result' in end) return end.result.attempts;
  return 'attempts' in end ? end.attempts : [];
}

/** After a terminate no code of the workflow runs, so its operations are counted separately. */
function orphansOf(one: ObservedExport): string[] {
  const { workflowId, end } = one;
  if (end.status === 'TERMINATED') return [];
  return outlivingOperations(one)
    .filter((operation) => !('report' in end && saysMayRun(end.report, operation)))
    .map(({ name, state, endTime = 'now' }) => {
      return `${name} is ${state} and ran until ${endTime}, and ${workflowId} ended ${end.closeTime ?? ''}`;
    });
}

type Operation = ObservedExport['operations'][number];

/** Operations that ran or began after the end of the export's workflow. */
function outlivingOperations({ end: { closeTime }, operations }: ObservedExport): Operation[] {
  if (closeTime === undefined) return [];
  const closedAt = Date.parse(closeTime);
  return operations.filter(({ state, endTime }) => state === 'running' || Date.parse(endTime ?? '') > closedAt);
}

/** Whether a report names an operation that may still run, by its name or by the place that it writes to. */
function saysMayRun(report: string, { name, artifactOutputUri = '' }: Operation): boolean {
  if (!report.includes('may still run')) return false;
  const places = [...report.matchAll(/gs:\/\/[^\s:;]+\//g)].map(([place]) => place);
  return report.includes(name) || places.some((place) => artifactOutputUri.startsWith(place));
}
