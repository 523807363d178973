import type { ArtifactStore, ModelFile } from './store';
import { readFolder } from './store';
import type { ImageRegistry } from './image';
import type { ExportOutcome } from './models';
import { STATUSES } from '../api-error';

export type ApiVersion = 'v1' | 'v1beta1';

/** Parameters of an operation. */
export interface ExportJob {
  readonly apiVersion: ApiVersion;
  /** `projects/NUMBER/locations/L/models/M`. */
  readonly parent: string;
  readonly versionId: string;
  readonly formatId: string;
  readonly directory?: string;
  readonly image?: string;
  readonly artifactOutputUri?: string;
  readonly imageOutputUri?: string;
  readonly durationMs: number;
  readonly outcome: ExportOutcome;
}

/** A long-running operation. */
export interface Operation extends ExportJob {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  done: boolean;
  error?: { code: number; message: string };
}

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
  start(job: ExportJob): Operation {
    const now = Date.now();
    const id = String(BigInt(now) * 1_000_000n + BigInt(this.next++));
    const operation: Operation = {
      ...job,
      name: `${job.parent}/operations/${id}`,
      createdAt: now,
      updatedAt: now,
      done: false,
    };
    this.all.set(operation.name, operation);
    this.byModel.set(job.parent, (this.byModel.get(job.parent) ?? new Set()).add(operation));
    const failure = typeof job.outcome === 'object' ? job.outcome : undefined;
    const begun = this.write(operation, 'begin');
    const end = () => {
      this.timers.delete(operation.name);
      void begun
        .then(async () => {
          if (operation.done) return;
          if (failure) this.finish(operation, failure.error);
          else {
            await this.write(operation, 'end');
            this.finish(operation);
          }
        })
        .catch((error: unknown) => {
          this.finish(operation, { code: STATUSES.INTERNAL.code, message: String(error) });
        });
    };
    this.timers.set(operation.name, setTimeout(end, failure?.afterMs ?? job.durationMs));
    return operation;
  }

  get(name: string): Operation | undefined {
    return this.all.get(name);
  }

  /** All operations, oldest first. */
  list(): Operation[] {
    return [...this.all.values()];
  }

  /** Operations of a project and location, oldest first. */
  below(place: string): Operation[] {
    return this.list().filter(({ parent }) => parent.startsWith(`${place}/`));
  }

  /** Operations of a Model, oldest first. */
  ofModel(parent: string): Operation[] {
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

  private async write(operation: Operation, part: 'begin' | 'end'): Promise<void> {
    const { directory, image, artifactOutputUri, imageOutputUri, outcome } = operation;
    if (outcome === 'without-files') return;
    if (directory !== undefined && artifactOutputUri !== undefined) {
      const files = spoiled(await readFolder(directory), outcome);
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
  const largest = files.reduce((a, b) => (b.content.length > a.content.length ? b : a));
  return files.map((file) => {
    if (file !== largest) return file;
    if (outcome === 'empty-file') return { ...file, content: Buffer.alloc(0) };
    const content = Buffer.from(file.content);
    const middle = Math.floor(content.length / 2);
    content.writeUInt8(content.readUInt8(middle) ^ 1, middle);
    return { ...file, content };
  });
}
