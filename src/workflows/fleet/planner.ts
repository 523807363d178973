import { defined } from '../../internal/defined';
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { PlannedExports } from '../../contract/fleet-activities';
import type { FleetSource, PlannedExport, FleetState } from '../../contract/fleet-state';
import type { ExportDefaults } from '../../contract/fleet-input';
import { FLEET_BYTES, jsonBytes, MAX_MODEL_PAGES } from '../../contract/fleet-limits';
import { applicationFailureIn } from '../export/failures';
import { joined, nextPart } from './source';
import { recordEnd, stop } from './state';
import { planExports } from './steps';

/** Length of an export's key, in characters. It is the digest at the end of the workflow id. */
const KEY_LENGTH = 12;
/** Number of keys that a fleet carries over. A list of Models can repeat a Model, usually on the next page. */
const MAX_CARRIED_KEYS = 4_500;

/** Plans the exports of a fleet part by part. It plans each export only once. */
export class FleetPlanner {
  private scope: CancellationScope | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Keys of planned exports, in the order of planning. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly state: FleetState,
    private readonly defaults: ExportDefaults | undefined,
    /** Whether the fleet began with an earlier version, which waits for each part and does not limit its bytes. */
    private readonly isFormer: boolean,
  ) {
    const { seen = '', running, planned } = state;
    for (let start = 0; start < seen.length; start += KEY_LENGTH) this.seen.add(seen.slice(start, start + KEY_LENGTH));
    for (const { workflowId } of [...running, ...planned]) this.seen.add(keyOf(workflowId));
  }

  /** Whether a part is being planned. */
  isBusy(): boolean {
    return this.scope !== undefined;
  }

  /** Whether the first part could not be planned. */
  hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** @throws the failure of the first part, which the fleet ends with */
  throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Begins to plan the next part. Fleets of earlier versions wait for it. */
  async planNext(): Promise<void> {
    if (this.isFormer) {
      await this.planPart();
      this.throwFailure();
      return;
    }
    const scope = new CancellationScope({ cancellable: true });
    this.scope = scope;
    void scope.run(() => this.planPart(scope));
  }

  /** Stops planning. The current part stays in the source. */
  abandon(): void {
    this.scope?.cancel();
    this.scope = undefined;
  }

  /** Stores the keys of the planned exports in the state. */
  remember(): void {
    this.state.seen = [...this.seen].slice(-MAX_CARRIED_KEYS).join('');
  }

  private async planPart(scope?: CancellationScope): Promise<void> {
    const { state, defaults, isFormer } = this;
    if (state.source === undefined) return;
    const { part, rest } = nextPart(state.source, isFormer ? undefined : jsonBytes(defaults));
    try {
      const planned = await planExports({
        source: part,
        fleet: workflowInfo().workflowId,
        ...(!isFormer && { childIds: 'bounded', maxBytes: FLEET_BYTES.planned }),
        ...defined({ defaults }),
      });
      if (this.scope === scope) this.accept(planned, part, rest);
    } catch (error) {
      if (this.scope !== scope) return;
      // A cancel of the fleet is handled by the workflow.
      if (isCancellation(error)) {
        if (isFormer) throw error;
      } else if (state.totals.planned === 0) this.failure = { error };
      // The fleet still returns the results of its exports.
      else stop(state, `not all exports could be planned: ${applicationFailureIn(error)?.message ?? String(error)}`);
    } finally {
      if (this.scope === scope) this.scope = undefined;
    }
  }

  private accept(
    { planned, failed, skipped, nextPageToken, rest }: PlannedExports,
    part: FleetSource,
    afterPart: FleetSource | undefined,
  ): void {
    const { state } = this;
    const fresh = this.isFormer ? planned : this.withoutPlanned(planned);
    state.source = rest ? joined(rest, afterPart) : nextPage(part, nextPageToken, afterPart);
    state.planned.push(...fresh);
    state.totals.planned += fresh.length + failed.length;
    state.totals.duplicates += planned.length - fresh.length;
    state.totals.skipped += skipped;
    for (const ended of failed) recordEnd(state, ended);
    if (nextPageToken === undefined || this.isFormer) return;
    state.pages = (state.pages ?? 0) + 1;
    if (state.pages >= MAX_MODEL_PAGES) {
      stop(
        state,
        `the list of Models has more than ${MAX_MODEL_PAGES} pages: export the other Models with a narrower filter`,
      );
    }
  }

  private withoutPlanned(planned: readonly PlannedExport[]): PlannedExport[] {
    const fresh = planned.filter(({ workflowId }) => {
      const key = keyOf(workflowId);
      const isNew = !this.seen.has(key);
      this.seen.add(key);
      return isNew;
    });
    // A set iterates in insertion order.
    for (const key of this.seen) {
      if (this.seen.size <= 2 * MAX_CARRIED_KEYS) break;
      this.seen.delete(key);
    }
    return fresh;
  }
}

function nextPage(
  part: FleetSource,
  nextPageToken: string | undefined,
  afterPart: FleetSource | undefined,
): FleetSource | undefined {
  if (nextPageToken === undefined || !('parent' in part)) return afterPart;
  const { parent, filter, formats } = part;
  return {
    parent,
    ...defined({ filter, formats }),
    pageToken: nextPageToken,
  };
}

function keyOf(workflowId: string): string {
  return workflowId.slice(-KEY_LENGTH);
}
