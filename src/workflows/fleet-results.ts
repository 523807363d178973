import { MAX_INLINE_RESULTS } from '../contract/fleet-status';
import { applicationFailureIn } from './export-failures';
import type { FleetState } from '../contract/fleet-state';
import { note } from './fleet-state';
import { write } from './fleet-steps';
import { fleetFolder } from './run-folder';

/** Whether there are more results than the workflow's own holds. */
export function areResultsDue({ exports }: FleetState): boolean {
  return exports.length > MAX_INLINE_RESULTS;
}

/** Writes the results so far into an object of their own, and lets go of them. */
export async function writeDueResults(state: FleetState): Promise<void> {
  const exports = state.exports.splice(0, MAX_INLINE_RESULTS);
  if (exports.length === 0) return;
  const { resultsUriPrefix = '', folderName } = state.settings;
  const number = String(state.resultUris.length + 1).padStart(5, '0');
  const uri = `${resultsUriPrefix}${fleetFolder(folderName)}/results-${number}.jsonl`;
  // Counted before it is there: a run that is cancelled meanwhile must not use the name again.
  state.resultUris.push(uri);
  try {
    await write({ uri, exports });
  } catch (error) {
    const reason = applicationFailureIn(error)?.message ?? String(error);
    note(
      state,
      `${exports.length} results could not be written to ${uri}, and are in the exports' own workflows: ${reason}`,
    );
  }
}

/** At the end: all results are in the workflow's own, or all in objects. */
export async function writeRest(state: FleetState): Promise<void> {
  while (areResultsDue(state)) await writeDueResults(state);
  if (state.resultUris.length > 0) await writeDueResults(state);
}
