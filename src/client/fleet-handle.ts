import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ExportModelsInput } from '../contract/fleet-input';
import type { ExportModelsResult } from '../contract/fleet-result';
import type { FleetStatus } from '../contract/fleet-status';
import { digestOf } from '../contract/workflow-id';
import { EXPORT_MODELS_WORKFLOW, FLEET_STATUS_QUERY } from '../contract/names';
import { InvalidExportInputError } from '../contract/problems';
import { parseExportModelsInput } from '../contract/fleet-check';
import { defined } from '../internal/defined';
import { summaryText } from '../contract/text';

/** Signature of `exportModelsWorkflow`, without the code that only runs in a worker. */
type ExportModelsWorkflow = (input: ExportModelsInput) => Promise<ExportModelsResult>;

/** Settings of the start of a fleet. */
export interface StartFleetOptions {
  /**
   * Default: a digest of the input. A second start of the same fleet then joins the first one while that is running, and
   * afterwards exports only what has not succeeded yet.
   */
  readonly workflowId?: string;
}

/** A started fleet. */
export interface FleetHandle {
  readonly workflowId: string;
  /** Returns the result of the `fleetStatus` query; a worker must be running. */
  readonly status: () => Promise<FleetStatus>;
  /** Requests a cancel; `result()` rejects once every export and its operation have ended. */
  readonly cancel: () => Promise<void>;
  /**
   * Waits for the end of all exports. Failed exports do not reject it; `totals` and `failures` report them.
   *
   * @throws WorkflowFailedError whose `cause` is an ApplicationFailure with an `ExportFailureType`, or a
   * CancelledFailure
   */
  readonly result: () => Promise<ExportModelsResult>;
  /** The Temporal handle, for everything else. */
  readonly workflow: WorkflowHandle<ExportModelsWorkflow>;
}

/** Starts a fleet, or joins a running one with the same workflow id. */
export async function startFleet(
  client: Client,
  taskQueue: string,
  input: ExportModelsInput,
  options: StartFleetOptions,
): Promise<FleetHandle> {
  const parsed = parseExportModelsInput(input);
  if ('problems' in parsed) throw new InvalidExportInputError(parsed.problems);
  const workflow = await client.workflow.start<ExportModelsWorkflow>(EXPORT_MODELS_WORKFLOW, {
    args: [input],
    taskQueue,
    workflowId: options.workflowId ?? `exports-${digestOf(input)}`,
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: summaryText(`export ${fleetSummary(input)}`),
    ...defined({ priority: input.priority }),
  });
  return fleetHandle(workflow);
}

/** Returns a handle for a fleet that was started before. */
export function getFleet(client: Client, workflowId: string): FleetHandle {
  return fleetHandle(client.workflow.getHandle<ExportModelsWorkflow>(workflowId));
}

function fleetHandle(workflow: WorkflowHandle<ExportModelsWorkflow>): FleetHandle {
  return {
    workflowId: workflow.workflowId,
    workflow,
    status: () => workflow.query<FleetStatus>(FLEET_STATUS_QUERY),
    cancel: async () => {
      await workflow.cancel();
    },
    result: () => workflow.result(),
  };
}

/** What a fleet exports, for its summary in the Web UI. */
function fleetSummary({ exports, models, parent = '', filter }: ExportModelsInput): string {
  if (exports) return `${exports.length} times`;
  return models ? `${models.length} Models` : [`the Models of ${parent}`, filter].filter(Boolean).join(' with ');
}
