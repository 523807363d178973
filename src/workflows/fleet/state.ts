import { defined } from '../../internal/defined';
import type { FleetSettings, FleetSource, FleetState } from '../../contract/fleet-state';
import type { FleetExport, FleetTotals } from '../../contract/fleet-result';
import type { FleetStatus } from '../../contract/fleet-status';
import { FLEET_BYTES, FLEET_LISTED, jsonBytes } from '../../contract/fleet-limits';
import { cut } from '../../internal/text';

/** Longest note and longest `stopped` reason, in characters. */
const MAX_REASON = 1_000;
const LISTED_RUNNING = 100;
/** Failures in the Web UI's box, which has room for about five lines. */
const SHOWN_FAILURES = 3;
const SHOWN_MESSAGE = 160;

/** The state of a fleet before its input is checked. */
export function newState(startTime: Date): FleetState {
  return {
    settings: { maxConcurrent: 1, onFailure: 'continue', duplicates: [] },
    startTime: startTime.toISOString(),
    stage: 'checking',
    planned: [],
    running: [],
    totals: { planned: 0, succeeded: 0, failed: 0, cancelled: 0, reused: 0, skipped: 0, duplicates: 0 },
    exports: [],
    failures: [],
    resultUris: [],
    notes: [],
  };
}

/** Continues with a checked input. */
export function acceptInput(state: FleetState, settings: FleetSettings, source: FleetSource | undefined): void {
  const duplicates = settings.duplicates.length;
  state.stage = 'exporting';
  state.source = source;
  // The source has no duplicates, so their indexes need not be carried over.
  state.settings = { ...settings, duplicates: [] };
  state.totals.duplicates = duplicates;
}

/** Counts an ended export and adds its result. */
export function recordEnd(state: FleetState, ended: FleetExport): void {
  state.totals[ended.outcome] += 1;
  if (ended.reused) state.totals.reused += 1;
  state.exports.push(ended);
  if (ended.outcome !== 'failed') return;
  if (state.failures.length < FLEET_LISTED.failures && fits(state.failures, ended, FLEET_BYTES.failures)) {
    state.failures.push(ended);
  }
  if (state.settings.onFailure === 'stop')
    stop(state, `onFailure is stop, and ${ended.workflowId ?? ended.model} failed`);
}

/** Stops starting exports. Running exports continue. */
export function stop(state: FleetState, reason: string): void {
  state.stopped ??= cut(reason, MAX_REASON);
  if (state.stage === 'exporting') state.stage = 'stopping';
}

/** Whether there are exports to start or to plan. */
export function hasMore({ stopped, planned, source }: FleetState): boolean {
  return stopped === undefined && (planned.length > 0 || source !== undefined);
}

/** Adds a note. Returns false if there is no room for it. */
export function note(state: FleetState, text: string): boolean {
  const line = cut(text, MAX_REASON);
  const hasRoom = state.notes.length < FLEET_LISTED.notes && fits(state.notes, line, FLEET_BYTES.notes);
  if (hasRoom) state.notes.push(line);
  return hasRoom;
}

function fits(list: readonly unknown[], one: unknown, bytes: number): boolean {
  return jsonBytes(list) + jsonBytes(one) < bytes;
}

/** The notes of a result, including those with final numbers. */
export function notesOf({ notes, totals, failures, unwritten = 0 }: FleetState): string[] {
  // If 100 are listed, no note is needed: the limit is documented.
  const unlisted = failures.length < FLEET_LISTED.failures ? totals.failed - failures.length : 0;
  return [
    ...(totals.duplicates > 0
      ? [`${totals.duplicates} entries request the same export as an earlier one and are counted once`]
      : []),
    ...(unlisted > 0
      ? [`${unlisted} more failed exports are not listed in failures, since the list would be too large`]
      : []),
    ...notes,
    ...(unwritten > 0 ? [`${unwritten} more results could not be written; the exports' workflows have them`] : []),
  ];
}

/** Numbers of exports, including running ones. */
export function totalsOf(state: FleetState): FleetTotals {
  return { ...state.totals, running: state.running.length };
}

/** Answer of the query. */
export function statusOf(state: FleetState): FleetStatus {
  const { stage, failures, running, resultUris, stopped } = state;
  return {
    stage,
    totals: totalsOf(state),
    failures: [...failures],
    running: running.slice(0, LISTED_RUNNING).map(({ workflowId }) => workflowId),
    resultUris: [...resultUris],
    ...defined({ stopped }),
  };
}

/** Markdown for the Temporal Web UI. Its box has room for about five lines. */
export function webUiDetails(state: FleetState): string {
  const { totals, failures, stage, stopped, source, running } = state;
  const { planned, succeeded, failed, cancelled } = totals;
  const counts = Object.entries({ running: running.length, succeeded, failed, cancelled })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${count} ${what}`);
  const total = `${planned} export${planned === 1 ? '' : 's'}${source ? ' planned so far' : ''}`;
  const lines: [string, string | undefined][] = [
    ['Stage', stage],
    ['Exports', [total, ...counts].join(', ')],
    ['Stopped', stopped],
    ...failures
      .slice(-SHOWN_FAILURES)
      .map((failure): [string, string] => [
        'Failed',
        `\`${failure.workflowId ?? failure.model}\`: ${cut(failure.failure?.message ?? '', SHOWN_MESSAGE)}`,
      ]),
  ];
  return lines.flatMap(([label, value]) => (value ? [`- **${label}:** ${value}`] : [])).join('\n');
}
