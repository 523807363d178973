import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { FleetSource, PlannedExport, PlannedExports } from '../../contract/fleet-activities';
import type { ExportDefaults } from '../../contract/fleet-input';
import { FLEET_BYTES, jsonBytes, MAX_MODEL_PAGES } from '../../contract/fleet-limits';
import type { FleetState } from '../../contract/fleet-state';
import { applicationFailureIn } from '../export/failures';
import { joined, nextPart } from './source';
import { settle, stop } from './state';
import { plan } from './steps';

/** Characters at the end of a workflow id that tell a fleet's exports apart: a digest. */
const KEY_LENGTH = 12;
/** Exports planned last that are remembered. A list of Models can name one again, mostly on the next page. */
const REMEMBERED = 4_500;

/** Plans a fleet part by part, and each export once. */
export class FleetPlanner {
  private scope: CancellationScope | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Exports that were planned, by their keys, the last ones last. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly state: FleetState,
    private readonly defaults: ExportDefaults | undefined,
    /** Fleets that began before parts were limited by bytes and planned beside other steps continue as they began. */
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

  hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** @throws what the fleet ends with, where nothing could be planned */
  throwFailure(): void {
    if (this.failure) throw this.failure.error;
  }

  /** Begins to plan the next part. A fleet that began before waits for it. */
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

  /** Stops planning; what was being planned is still in the source. */
  abandon(): void {
    this.scope?.cancel();
    this.scope = undefined;
  }

  /** Keeps in the state what tells apart the exports that were planned. */
  remember(): void {
    this.state.seen = [...this.seen].slice(-REMEMBERED).join('');
  }

  private async planPart(scope?: CancellationScope): Promise<void> {
    const { state, defaults, isFormer } = this;
    if (state.source === undefined) return;
    const { part, rest } = nextPart(state.source, isFormer ? undefined : jsonBytes(defaults));
    try {
      const planned = await plan({
        source: part,
        fleet: workflowInfo().workflowId,
        ...(!isFormer && { childIds: 'bounded', maxBytes: FLEET_BYTES.planned }),
        ...(defaults && { defaults }),
      });
      if (this.scope === scope) this.accept(planned, part, rest);
    } catch (error) {
      if (this.scope !== scope) return;
      // A cancel of the fleet ends it elsewhere.
      if (isCancellation(error)) {
        if (isFormer) throw error;
      } else if (state.totals.planned === 0) this.failure = { error };
      // What has been exported is worth a result.
      else stop(state, `not all could be planned: ${applicationFailureIn(error)?.message ?? String(error)}`);
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
    const fresh = this.isFormer ? planned : this.withoutSeen(planned);
    state.source = rest ? joined(rest, afterPart) : nextPage(part, nextPageToken, afterPart);
    state.planned.push(...fresh);
    state.totals.planned += fresh.length + failed.length;
    state.totals.duplicates += planned.length - fresh.length;
    state.totals.skipped += skipped;
    for (const one of failed) settle(state, one);
    if (nextPageToken === undefined || this.isFormer) return;
    state.pages = (state.pages ?? 0) + 1;
    if (state.pages >= MAX_MODEL_PAGES) {
      stop(
        state,
        `the list of Models has more than ${MAX_MODEL_PAGES} pages: export the others with a narrower filter`,
      );
    }
  }

  private withoutSeen(planned: readonly PlannedExport[]): PlannedExport[] {
    const fresh = planned.filter(({ workflowId }) => {
      const key = keyOf(workflowId);
      const isNew = !this.seen.has(key);
      this.seen.add(key);
      return isNew;
    });
    // A set keeps the order in which its members came.
    for (const key of this.seen) {
      if (this.seen.size <= 2 * REMEMBERED) break;
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
    ...(filter !== undefined && { filter }),
    ...(formats && { formats }),
    pageToken: nextPageToken,
  };
}

function keyOf(workflowId: string): string {
  return workflowId.slice(-KEY_LENGTH);
}
