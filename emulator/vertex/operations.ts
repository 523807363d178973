import type { ArtifactStore, ModelFile } from './store';
import { readFolder } from './store';
import type { ImageRegistry } from './image';
import type { ExportOutcome } from './models';
import { ApiError, STATUSES } from '../api-error';

export type ApiVersion = 'v1' | 'v1beta1';

/** Parameters of every operation. */
interface Job {
  readonly apiVersion: ApiVersion;
  /** Model or location: `projects/NUMBER/locations/L/models/M`. */
  readonly parent: string;
  readonly durationMs: number;
}

/** Parameters of an export. */
export interface ExportJob extends Job {
  readonly kind: 'export';
  readonly versionId: string;
  readonly formatId: string;
  readonly directory?: string;
  /** Directory of an uploaded Model in the object store: `gs://bucket/path`. */
  readonly uploadedFrom?: string;
  readonly image?: string;
  readonly artifactOutputUri?: string;
  readonly imageOutputUri?: string;
  readonly outcome: ExportOutcome;
}

/** Parameters of a change of a Model. */
export interface ChangeJob extends Job {
  readonly kind: 'upload' | 'copy' | 'delete';
  /** Applies the change at the operation's end. Returns the fields of the response. It can throw an ApiError. */
  readonly apply: () => Readonly<Record<string, unknown>>;
}

interface State {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  done: boolean;
  error?: { code: number; message: string };
}

/** A long-running export. */
export type ExportOperation = ExportJob & State;
/** A long-running change of a Model, with the fields of its response after its end. */
export type ChangeOperation = ChangeJob & State & { response?: Readonly<Record<string, unknown>> };
/** A long-running operation. */
export type Operation = ExportOperation | ChangeOperation;

/** Maximum number of concurrent uploads of all operations, which share one object store. */
const MAX_UPLOADS = 16;

/** Runs the exports. */
export class Operations {
  private readonly all = new Map<string, Operation>();
  /** Operations by Model, since there can be thousands of others. */
  private readonly byModel = new Map<string, Set<Operation>>();
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly waiters = new Map<string, (() => void)[]>();
  private uploads = 0;
  private readonly queue: (() => void)[] = [];
  private next = 1;

  constructor(
    private readonly store: ArtifactStore,
    private readonly registry: ImageRegistry,
  ) {}

  /** Starts an export. A part of its output is written at once and the rest at its end. */
  startExport(job: ExportJob): ExportOperation {
    const operation: ExportOperation = { ...job, ...this.newState(job.parent) };
    this.add(operation);
    const failure = typeof job.outcome === 'object' ? job.outcome : undefined;
    const begun = this.write(operation, 'begin');
    // A failure is reported at the operation's end.
    begun.catch(() => undefined);
    this.endAfter(operation, failure?.afterMs ?? job.durationMs, async () => {
      await begun;
      if (operation.done) return;
      if (!failure) await this.write(operation, 'end');
      this.finish(operation, failure?.error);
    });
    return operation;
  }

  /** Starts a change. It takes effect at its end. */
  startChange(job: ChangeJob): ChangeOperation {
    const operation: ChangeOperation = { ...job, ...this.newState(job.parent) };
    this.add(operation);
    this.endAfter(operation, job.durationMs, () => {
      operation.response = job.apply();
      this.finish(operation);
    });
    return operation;
  }

  private newState(parent: string): State {
    const now = Date.now();
    const id = String(BigInt(now) * 1_000_000n + BigInt(this.next++));
    return { name: `${parent}/operations/${id}`, createdAt: now, updatedAt: now, done: false };
  }

  private add(operation: Operation): void {
    this.all.set(operation.name, operation);
    this.byModel.set(operation.parent, (this.byModel.get(operation.parent) ?? new Set()).add(operation));
  }

  /** Ends an operation after a time. A failure of its end is the operation's error. */
  private endAfter(operation: Operation, ms: number, end: () => void | Promise<void>): void {
    const run = async (): Promise<void> => {
      this.timers.delete(operation.name);
      try {
        await end();
      } catch (error) {
        const { status, message } =
          error instanceof ApiError ? error : { status: 'INTERNAL' as const, message: String(error) };
        this.finish(operation, { code: STATUSES[status].code, message });
      }
    };
    this.timers.set(
      operation.name,
      setTimeout(() => void run(), ms),
    );
  }

  get(name: string): Operation | undefined {
    return this.all.get(name);
  }

  /** All operations, oldest first. */
  list(): Operation[] {
    return [...this.all.values()];
  }

  /** All exports, oldest first. */
  exports(): ExportOperation[] {
    return this.list().filter((operation) => operation.kind === 'export');
  }

  /** Operations of a project and location and of its Models, oldest first. */
  below(place: string): Operation[] {
    return this.list().filter(({ parent }) => `${parent}/`.startsWith(`${place}/`));
  }

  /** Operations of a Model or of a location itself, oldest first. */
  of(parent: string): Operation[] {
    return [...(this.byModel.get(parent) ?? [])];
  }

  /** Ends a running operation with CANCELLED. Its output is kept. */
  cancel(operation: Operation): void {
    this.finish(operation, { code: STATUSES.CANCELLED.code, message: 'The operation was cancelled.' });
  }

  /** Deletes the record of an operation. A running operation continues. */
  delete(operation: Operation): void {
    this.all.delete(operation.name);
    this.byModel.get(operation.parent)?.delete(operation);
  }

  /** Waits until the operation is done or the time has passed. */
  async wait(operation: Operation, timeoutMs: number): Promise<void> {
    if (operation.done) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      const waiting = this.waiters.get(operation.name) ?? [];
      waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.waiters.set(operation.name, waiting);
    });
  }

  /** Ends all operations when the server stops. */
  clear(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    for (const waiting of this.waiters.values()) for (const wake of waiting) wake();
  }

  private finish(operation: Operation, error?: { code: number; message: string }): void {
    if (operation.done) return;
    clearTimeout(this.timers.get(operation.name));
    this.timers.delete(operation.name);
    operation.done = true;
    operation.updatedAt = Date.now();
    if (error) operation.error = error;
    for (const wake of this.waiters.get(operation.name) ?? []) wake();
    this.waiters.delete(operation.name);
  }

  private async write(operation: ExportOperation, part: 'begin' | 'end'): Promise<void> {
    const { directory, uploadedFrom, image, artifactOutputUri, imageOutputUri, outcome } = operation;
    if (outcome === 'without-files') return;
    if ((directory !== undefined || uploadedFrom !== undefined) && artifactOutputUri !== undefined) {
      const found = directory === undefined ? await this.store.read(uploadedFrom ?? '') : await readFolder(directory);
      const files = spoiled(found, outcome);
      const half = Math.ceil(files.length / 2);
      await this.upload(operation, artifactOutputUri, part === 'begin' ? files.slice(0, half) : files.slice(half));
    }
    if (image !== undefined && imageOutputUri !== undefined) {
      await this.registry.push(image, imageOutputUri, part === 'begin' ? 'blobs' : 'all');
    }
  }

  private async upload(operation: Operation, uri: string, files: readonly ModelFile[]): Promise<void> {
    const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]+)\/(.*)$/s.exec(uri) ?? [];
    await Promise.all(
      files.map(async ({ path, content }) => {
        await this.uploadSlot();
        try {
          if (!operation.done) await this.store.write(bucket, `${prefix}/${path}`, content);
        } finally {
          this.uploads -= 1;
          this.queue.shift()?.();
        }
      }),
    );
  }

  private async uploadSlot(): Promise<void> {
    while (this.uploads >= MAX_UPLOADS) await new Promise<void>((resolve) => this.queue.push(resolve));
    this.uploads += 1;
  }
}

/** Applies an outcome to files: empties the largest one, or flips one bit in its middle. */
function spoiled(files: readonly ModelFile[], outcome: ExportOutcome): readonly ModelFile[] {
  if (outcome !== 'empty-file' && outcome !== 'corrupted-file') return files;
  const [first] = files;
  if (first === undefined) return files;
  const largest = files.reduce((a, b) => (b.content.length > a.content.length ? b : a), first);
  return files.map((file) => {
    if (file !== largest) return file;
    if (outcome === 'empty-file') return { ...file, content: Buffer.alloc(0) };
    const content = Buffer.from(file.content);
    const middle = Math.floor(content.length / 2);
    content.writeUInt8(content.readUInt8(middle) ^ 1, middle);
    return { ...file, content };
  });
}
