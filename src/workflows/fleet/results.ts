import { FLEET_BYTES, FLEET_LISTED, jsonBytes, MAX_INLINE_RESULTS } from '../../contract/fleet-limits';
import type { WriteResultsRequest } from '../../contract/fleet-activities';
import type { ExportModelsResult, FleetExport } from '../../contract/fleet-result';
import type { FleetState, PendingResults } from '../../contract/fleet-state';
import { applicationFailureIn, isDeadline } from '../export/failures';
import { note } from './state';

/** What {@link FleetResults} needs from the workflow. */
export interface ResultsPorts {
  /** `gs://…/` that the objects are written to; undefined if the input has no destination for them. */
  readonly folder?: string | undefined;
  readonly write: (request: WriteResultsRequest) => Promise<void>;
  /** Waits until the condition holds, at most `timeoutMs`. */
  readonly until: (condition: () => boolean, timeoutMs: number) => Promise<unknown>;
  /** Whether the fleet began with an earlier version, which waits for each write and does not limit its bytes. */
  readonly isFormer: boolean;
}

/** Time that a fleet waits for its results to be written after the last export has ended, in milliseconds. */
const FINAL_WAIT_MS = 600_000;
/** Attempts of a write that reaches its limit of 10 minutes. Together they take a day. */
const MAX_WRITES = 144;

/**
 * Writes results to objects while the exports of the fleet continue. If the bucket is not writable, exports still
 * continue: the number of waiting results is bounded. Results that are dropped are counted in the notes; the exports'
 * workflows still have them.
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

  /** Whether there are more results than the workflow's result can have. */
  isDue(): boolean {
    const { exports } = this.state;
    if (exports.length > MAX_INLINE_RESULTS || this.ports.isFormer) return exports.length > MAX_INLINE_RESULTS;
    return exports.reduce((sum, one) => sum + this.sizeOf(one), 0) > FLEET_BYTES.inlineResults;
  }

  /** Moves results to a new object and begins to write it. */
  async flush(): Promise<void> {
    const next = this.takeNext();
    if (next === undefined) return;
    if (this.ports.isFormer) {
      const reason = await this.writeOne(next);
      if (reason !== undefined) this.drop(next, reason);
    } else if (this.ports.folder === undefined) this.drop(next, 'the input has no resultsUriPrefix');
    else {
      this.pending.push(next);
      this.limitPending(FLEET_BYTES.pendingResults);
      this.writePending();
    }
  }

  /** Waits for all writes. Afterwards all results are in the workflow's result, or all are in objects. */
  async finish(): Promise<void> {
    while (this.isDue()) await this.flush();
    const hasFolder = this.ports.folder !== undefined || this.ports.isFormer;
    if (this.count > 0 && hasFolder) await this.flush();
    if (this.pending.length === 0) return;
    await this.ports.until(() => this.pending.length === 0, FINAL_WAIT_MS);
    for (const left of this.pending.splice(0)) {
      this.drop(left, 'they were not written within 10 minutes after the last export had ended');
    }
  }

  /** Drops the oldest waiting results until the others have at most `bytes`. */
  limitPending(bytes: number): void {
    let total = jsonBytes(this.pending);
    // The first one is being written: it is dropped last.
    while (total > bytes && this.pending.length > 0) {
      const [oldest] = this.pending.splice(this.pending.length > 1 ? 1 : 0, 1);
      if (oldest === undefined) return;
      total -= jsonBytes(oldest);
      this.drop(oldest, 'too many results waited for earlier ones to be written');
    }
  }

  /** The result objects; empty if there are none. */
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
    // Counted before the write, so that a later run of the fleet does not reuse the name.
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
      const index = this.pending.indexOf(next);
      // It was dropped meanwhile, and is already in the notes.
      if (index < 0) continue;
      this.pending.splice(index, 1);
      if (reason !== undefined) this.drop(next, reason);
    }
    this.writing = false;
  }

  /** Writes one object. Returns why it could not be written, or undefined. */
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

  private drop({ uri, exports }: PendingResults, reason: string): void {
    const { resultUris } = this.state;
    if (resultUris.includes(uri)) resultUris.splice(resultUris.indexOf(uri), 1);
    const text = `${exports.length} results could not be written to ${uri}; the exports' workflows have them: ${reason}`;
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
