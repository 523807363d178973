import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ExportManifest } from '../manifest/statement';
import type { ExportModelInput } from '../contract/export-input';
import type { ExportModelResult } from '../contract/export-result';
import type { ExportModelsInput, ExportPriority } from '../contract/fleet-input';
import type { ExportStatus } from '../contract/export-status';
import {
  ABORT_EXPORT_UPDATE,
  EXPORT_MODEL_WORKFLOW,
  EXPORT_STATUS_QUERY,
  RETRY_EXPORT_UPDATE,
} from '../contract/names';
import { exportWorkflowId } from '../contract/workflow-id';
import { InvalidExportInputError } from '../contract/problems';
import { parseExportModelInput } from '../contract/export-input';
import { parseModelName } from '../contract/resource-names';
import { summaryText } from '../contract/text';
import type { GoogleServiceOptions } from '../google/services';
import { defined } from '../internal/defined';
import type { EndedExport, FollowedExport, ResultsOptions } from './ended-exports';
import { endedExports } from './ended-exports';
import type { FleetHandle, StartFleetOptions } from './fleet-handle';
import { getFleet, startFleet } from './fleet-handle';
import type { ManifestCheck, ManifestCheckOptions } from '../manifest/check';
import { verifyManifest } from '../manifest/check';

/** Pause between two polls of `resultsOf`, in milliseconds. */
const POLL_EVERY_MS = 5_000;

/** Signature of `exportModelWorkflow`, without the code that only runs in a worker. */
type ExportModelWorkflow = (input: ExportModelInput) => Promise<ExportModelResult>;

/** Settings of a {@link VertexExportClient}. */
export interface ExportClientOptions {
  /** Task queue that the export workers poll. Default `vertex-export`. */
  readonly taskQueue?: string;
  /** Connection of {@link VertexExportClient.verify} to Cloud Storage. Default: that of an export worker. */
  readonly google?: GoogleServiceOptions;
}

/** Settings of the start of one export. */
export interface StartExportOptions {
  /** Default: {@link exportWorkflowId} of the input, so that a second start of the same export joins the first. */
  readonly workflowId?: string;
  /** Priority of its tasks. Default: that of the namespace. */
  readonly priority?: ExportPriority;
}

/** A started export. */
export interface ExportHandle {
  readonly workflowId: string;
  /** Returns the result of the `exportStatus` query; a worker must be running. */
  readonly status: () => Promise<ExportStatus>;
  /** Retries a blocked export. @throws WorkflowUpdateFailedError if it is not blocked */
  readonly retry: () => Promise<void>;
  /** Ends a blocked export with its failure. @throws WorkflowUpdateFailedError if it is not blocked */
  readonly abort: () => Promise<void>;
  /** Requests a cancel; `result()` rejects once Google's operation has ended. */
  readonly cancel: () => Promise<void>;
  /**
   * Waits for the result.
   *
   * @throws WorkflowFailedError whose `cause` is an ApplicationFailure with an `ExportFailureType`, or a
   * CancelledFailure
   */
  readonly result: () => Promise<ExportModelResult>;
  /** The Temporal handle, for everything else. */
  readonly workflow: WorkflowHandle<ExportModelWorkflow>;
}

/**
 * Starts and follows exports with a Temporal `Client`.
 *
 * @example
 * const exports = new VertexExportClient(new Client({ connection }));
 * const handle = await exports.start({
 *   name: 'projects/my-project/locations/us-central1/models/1234567890',
 *   outputConfig: { artifactDestination: { outputUriPrefix: 'gs://my-bucket/exports' } },
 * });
 * const { outputInfo, files } = await handle.result();
 */
export class VertexExportClient {
  private readonly taskQueue: string;
  private readonly google: GoogleServiceOptions;

  constructor(
    private readonly client: Client,
    options: ExportClientOptions = {},
  ) {
    this.taskQueue = options.taskQueue ?? 'vertex-export';
    this.google = options.google ?? {};
  }

  /**
   * Starts an export, or joins a running one with the same workflow id.
   *
   * @throws InvalidExportInputError that lists every problem, before anything is started
   */
  async start(input: ExportModelInput, options: StartExportOptions = {}): Promise<ExportHandle> {
    const parsed = parseExportModelInput(input);
    if ('problems' in parsed) throw new InvalidExportInputError(parsed.problems);
    const { name, outputConfig } = input;
    const { artifactDestination, imageDestination, exportFormatId } = outputConfig;
    const to = [artifactDestination?.outputUriPrefix, imageDestination?.outputUri].filter(Boolean).join(' and ');
    const handle = await this.client.workflow.start<ExportModelWorkflow>(EXPORT_MODEL_WORKFLOW, {
      args: [input],
      taskQueue: this.taskQueue,
      workflowId: options.workflowId ?? exportWorkflowId(input),
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: summaryText(`export ${parseModelName(name)?.model ?? ''} to ${to}`),
      memo: defined({ model: name, exportFormatId }),
      ...defined({ priority: options.priority }),
    });
    return exportHandle(handle);
  }

  /** Checks an export or a copy of it against the export's manifest; see {@link verifyManifest}. */
  verify(manifest: ExportManifest | string, options: ManifestCheckOptions = {}): Promise<ManifestCheck> {
    return verifyManifest(manifest, { google: this.google, ...options });
  }

  /** Returns a handle for an export that was started before. */
  get(workflowId: string): ExportHandle {
    return exportHandle(this.client.workflow.getHandle<ExportModelWorkflow>(workflowId));
  }

  /**
   * Starts a fleet of exports, or joins a running one with the same workflow id.
   *
   * @throws InvalidExportInputError that lists every problem, before anything is started
   *
   * @example
   * const fleet = await exports.startFleet({
   *   parent: 'projects/my-project/locations/us-central1',
   *   filter: 'labels.team="vision"',
   *   formats: 'all',
   *   defaults: { outputConfig: { artifactDestination: { outputUriPrefix: 'gs://my-bucket/exports' } } },
   * });
   * const { totals, failures } = await fleet.result();
   */
  startFleet(input: ExportModelsInput, options: StartFleetOptions = {}): Promise<FleetHandle> {
    return startFleet(this.client, this.taskQueue, input, options);
  }

  /** Returns a handle for a fleet that was started before. */
  getFleet(workflowId: string): FleetHandle {
    return getFleet(this.client, workflowId);
  }

  /**
   * Yields exports in the order of their ends: those of a fleet, or any others. It lists recently closed workflows every
   * few seconds. Waiting for the `result()` of each would hold one long poll for each, and a Temporal server refuses more
   * than about a thousand.
   *
   * It follows runs, not ids: for an id, the latest run at the time of the call; for an entry with a `runId`, that run.
   * Earlier and later runs of the id are ignored. A run that continues as new, is retried or is reset is followed to its
   * next run.
   *
   * For an id that the server does not know, the error is the one that `result()` rejects with. A workflow that is not an
   * export is yielded at once, with an ApplicationFailure of the type `ExportError.FailedPrecondition`.
   *
   * @example
   * for await (const { workflowId, result, error } of exports.resultsOf(workflowIds)) {
   *   console.log(workflowId, result?.outputInfo ?? error);
   * }
   */
  async *resultsOf(
    exports: Iterable<string | FollowedExport>,
    { everyMs = POLL_EVERY_MS, signal = new AbortController().signal }: ResultsOptions = {},
  ): AsyncGenerator<EndedExport, void, undefined> {
    const followed = [...exports].map((one) => (typeof one === 'string' ? { workflowId: one } : one));
    for await (const ended of endedExports(this.client, followed, { everyMs, signal })) yield* ended;
  }
}

function exportHandle(workflow: WorkflowHandle<ExportModelWorkflow>): ExportHandle {
  return {
    workflowId: workflow.workflowId,
    workflow,
    status: () => workflow.query<ExportStatus>(EXPORT_STATUS_QUERY),
    retry: async () => {
      await workflow.executeUpdate(RETRY_EXPORT_UPDATE);
    },
    abort: async () => {
      await workflow.executeUpdate(ABORT_EXPORT_UPDATE);
    },
    cancel: async () => {
      await workflow.cancel();
    },
    result: () => workflow.result(),
  };
}
