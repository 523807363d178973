import type { RegistryApi } from '../google/registry';
import type { StorageApi } from '../google/storage';
import type { VertexApi } from '../google/vertex';
import type { Submissions } from '../polling/budget/budgeted-vertex';
import type { OperationPoller } from '../polling/operation-poller';

/** What the activities need of the outside. */
export interface ExportDependencies {
  readonly vertex: VertexApi;
  readonly storage: StorageApi;
  readonly registry: RegistryApi;
  readonly poller: OperationPoller;
  /** Buckets that Models are uploaded from, whose file names may be reported. */
  readonly uploadBuckets: readonly string[];
  /** Waits until the quota allows that an export of the Model is started. */
  readonly submission: Submissions;
  /**
   * After an answer that does not tell whether an export was started, so long the service gets to show the operation
   * before it is looked for, in milliseconds.
   */
  readonly settleDelayMs: number;
  /** A refusal that can pass is believed when it lasts this long, in milliseconds. */
  readonly refusedMs: number;
}
