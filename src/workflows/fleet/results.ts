import { FLEET_BYTES, FLEET_LISTED, jsonBytes, MAX_INLINE_RESULTS } from '../../contract/fleet-limits';
import type { WriteResultsRequest } from '../../contract/fleet-activities';
import type { ExportModelsResult, FleetExport } from '../../contract/fleet-result';
import type { FleetState, PendingResults } from '../../contract/fleet-state';
import { applicationFailureIn, isDeadline } from '../export/failures';
import { note } from './state';

/** What {@link FleetResults} needs of the workflow around it. */
export interface ResultsPorts {
  /** `gs://…/` that the objects are written below; left out where the input names no place. */
  readonly folder?: string | undefined;
  readonly write: (request: WriteResultsRequest) => Promise<void>;
  /** Waits until `isSo()`, at most `timeoutMs`. */
  readonly until: (isSo: () => boolean, timeoutMs: number) => Promise<unknown>;
  /** Fleets that began before results were written in the background wait for each write, and count results only. */
  readonly isFormer: boolean;
}

/** How long a fleet whose exports have all ended waits for its results to be written, in milliseconds: 10 minutes. */
const FINAL_WAIT_MS = 600_000;
/** A write is tried again when it took longer than its own limit of 10 minutes, for a day. */
const MAX_WRITES = 144;

/**
 * Writes results to objects while the exports of the fleet continue. A bucket that can't be written to holds up no
 * export: what waits for it is bounded, and what is given up is in the notes and in the exports' own workflows.
 */
export class FleetResults {
  private writing = false;
  private readonly sizes = new WeakMap<FleetExport, number>();

  constructor(
    private readonly state: FleetState,
    private readonly ports: ResultsPorts,
  ) {
    this.writePending();
  }

  /** Whether there are more results than the workflow's own result holds. */
  isDue(): boolean {
    const { exports } = this.state;
    if (exports.length > MAX_INLINE_RESULTS || this.ports.isFormer) return exports.length > MAX_INLINE_RESULTS;
    return exports.reduce((sum, one) => sum + this.sizeOf(one), 0) > FLEET_BYTES.inlineResults;
  }

  /** Moves the results so far to an object of their own, and begins to write it. */
  async flush(): Promise<void> {
    const next = this.takeNext();
    if (next === undefined) return;
    if (this.ports.isFormer) {
      const reason = await this.writeOne(next);
      if (reason !== undefined) this.giveUp(next, reason);
    } else if (this.ports.folder === undefined) this.giveUp(next, 'the input has no resultsUriPrefix');
    else {
      this.pending.push(next);
      this.limitPending(FLEET_BYTES.pendingResults);
      this.writePending();
    }
  }

  /** At the end: all results are in the workflow's own, or all in objects. */
  async finish(): Promise<void> {
    while (this.isDue()) await this.flush();
    const hasPlace = this.ports.folder !== undefined || this.ports.isFormer;
    if (this.count > 0 && hasPlace) await this.flush();
    if (this.pending.length === 0) return;
    await this.ports.until(() => this.pending.length === 0, FINAL_WAIT_MS);
    for (const left of this.pending.splice(0)) {
      this.giveUp(left, 'they were not written within 10 minutes after the last export had ended');
    }
  }

  /** Gives up the oldest results that wait, until the others have at most `bytes`. */
  limitPending(bytes: number): void {
    let total = jsonBytes(this.pending);
    // The first is being written, unless there is no room for it either.
    while (total > bytes && this.pending.length > 0) {
      const [oldest] = this.pending.splice(this.pending.length > 1 ? 1 : 0, 1);
      if (oldest === undefined) return;
      total -= jsonBytes(oldest);
      this.giveUp(oldest, 'too many results waited for earlier ones to be written');
    }
  }

  /** Where the results are, where they are in objects. */
  objects(): Pick<ExportModelsResult, 'resultObjects'> {
    const { folder } = this.ports;
    if (folder === undefined || this.count === 0) return {};
    return { resultObjects: { folder, count: this.count } };
  }

  private get pending(): PendingResults[] {
    return (this.state.pendingResults ??= []);
  }

  private get count(): number {
    return this.state.resultCount ?? this.state.resultUris.length;
  }

  private takeNext(): PendingResults | undefined {
    const { state } = this;
    const exports: FleetExport[] = [];
    let bytes = 0;
    for (const one of state.exports.slice(0, MAX_INLINE_RESULTS)) {
      bytes += this.sizeOf(one);
      if (exports.length > 0 && bytes > FLEET_BYTES.inlineResults && !this.ports.isFormer) break;
      exports.push(one);
    }
    if (exports.length === 0) return undefined;
    state.exports.splice(0, exports.length);
    // Counted before it is written: a later run of the fleet must not use the name again.
    state.resultCount = this.count + 1;
    const uri = `${this.ports.folder ?? ''}results-${String(state.resultCount).padStart(5, '0')}.jsonl`;
    const { resultUris } = state;
    if (resultUris.length < FLEET_LISTED.resultUris && jsonBytes([...resultUris, uri]) <= FLEET_BYTES.resultUris) {
      resultUris.push(uri);
    }
    return { uri, exports };
  }

  private writePending(): void {
    if (this.writing || this.pending.length === 0) return;
    this.writing = true;
    void this.writeInOrder();
  }

  private async writeInOrder(): Promise<void> {
    for (let next = this.pending[0]; next !== undefined; next = this.pending[0]) {
      const reason = await this.writeOne(next);
      const place = this.pending.indexOf(next);
      // It was given up meanwhile, and is in the notes already.
      if (place < 0) continue;
      this.pending.splice(place, 1);
      if (reason !== undefined) this.giveUp(next, reason);
    }
    this.writing = false;
  }

  /** Why an object could not be written; `undefined` where it was. */
  private async writeOne(pending: PendingResults): Promise<string | undefined> {
    for (let writes = 1; ; writes += 1) {
      try {
        await this.ports.write(pending);
        return undefined;
      } catch (error) {
        const isWanted = this.pending.includes(pending);
        if (!isWanted || !isDeadline(error, Infinity) || writes >= MAX_WRITES) return reasonOf(error);
      }
    }
  }

  private giveUp({ uri, exports }: PendingResults, reason: string): void {
    const { resultUris } = this.state;
    if (resultUris.includes(uri)) resultUris.splice(resultUris.indexOf(uri), 1);
    const text = `${exports.length} results could not be written to ${uri}, and are in the exports' own workflows: ${reason}`;
    if (!note(this.state, text)) this.state.unwritten = (this.state.unwritten ?? 0) + exports.length;
  }

  private sizeOf(one: FleetExport): number {
    const known = this.sizes.get(one);
    if (known !== undefined) return known;
    const size = jsonBytes(one) + 1;
    this.sizes.set(one, size);
    return size;
  }
}

function reasonOf(error: unknown): string {
  return applicationFailureIn(error)?.message ?? String(error);
}
