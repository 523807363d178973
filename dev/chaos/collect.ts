import type { Client } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import type { EmulatorOperation } from '../../emulator';
import type { ExportModelInput } from '../../src';
import { EXPORT_MODELS_WORKFLOW, VertexExportClient } from '../../src';
import { childWorkflowId } from '../../src/contract/workflow-id';
import { inParallel } from '../../src/internal/in-parallel';
import { childInput, singleInput } from './input';
import { NEVER_STARTED } from './check';
import type { ChaosPlan } from './plan';
import type { Started, ExportEnd, FleetEnd, ObservedExport, ObservedFleet, StoredObject, World } from './world';
import { whileServerIsAway } from './server-calls';
import type { ChaosStack } from './stack';
import { BUCKET } from './stack';
import { LIMITS } from './workers';

/** The number of workflows that are read at the same time. */
const PARALLEL = 8;

/** An expected export. */
interface Expected {
  readonly workflowId: string;
  readonly input: ExportModelInput;
  readonly fleet?: string;
}

/** Reads the state after a run from the server, the service and the object store. */
export async function collect(
  client: Client,
  stack: ChaosStack,
  plan: ChaosPlan,
  started: ReadonlyMap<string, Started>,
): Promise<{ world: World; continuedAsNew: number }> {
  const exports = new VertexExportClient(client);
  const operations = stack.google.vertex.operations();
  const observed = new Map<string, ObservedExport>();
  const observe = async ({ workflowId, input, fleet }: Expected): Promise<void> => {
    const interventions = [fleet, workflowId].flatMap((id) => started.get(id ?? '')?.interventions ?? []);
    observed.set(workflowId, {
      workflowId,
      model: input.name,
      exportFormatId: input.outputConfig.exportFormatId ?? '',
      interventions,
      end: await endOf(exports, workflowId).catch(unreadable),
      operations: operations.filter((operation) => isOfModel(operation, input.name)),
    });
  };
  await inParallel(expectedExports(plan), observe, PARALLEL);
  const fleets = plan.fleets.map(async (fleet, number): Promise<ObservedFleet> => {
    const workflowId = `fleet-${number}`;
    const ids = new Set(fleet.exports.map((one, index) => childWorkflowId(workflowId, childInput(one, number, index))));
    return {
      workflowId,
      isCancelled: started.get(workflowId)?.interventions.includes('cancelFleet') ?? false,
      end: await fleetEndOf(exports, workflowId).catch(unreadable),
      // A cancelled fleet did not start all of them.
      children: [...ids].filter((id) => observed.get(id)?.end.status !== NEVER_STARTED),
    };
  });
  const world = {
    exports: [...observed.values()],
    fleets: await Promise.all(fleets),
    objects: await objectsOf(stack.google.store.url),
    processes: stack.processes(),
    limits: LIMITS,
  };
  const runs = await client.workflow.count(`WorkflowType = '${EXPORT_MODELS_WORKFLOW}'`);
  return { world, continuedAsNew: Math.max(0, runs.count - plan.fleets.length) };
}

function expectedExports({ singles, fleets }: ChaosPlan): Expected[] {
  return [
    ...singles.map((single, index) => ({ workflowId: `export-${index}`, input: singleInput(single, index) })),
    ...fleets.flatMap(({ exports }, number) =>
      exports.map((one, index) => {
        const fleet = `fleet-${number}`;
        const input = childInput(one, number, index);
        return { workflowId: childWorkflowId(fleet, input), input, fleet };
      }),
    ),
  ];
}

/** The service names the project by its number. */
function isOfModel({ name }: EmulatorOperation, model: string): boolean {
  return name.includes(`/models/${model.split('/models/')[1] ?? ''}/operations/`);
}

/** An unreadable end counts as lost. The others are still read. */
function unreadable(error: unknown): { readonly status: string } {
  return { status: `UNREADABLE (${String(error)})` };
}

async function endOf(exports: VertexExportClient, workflowId: string): Promise<ExportEnd> {
  const handle = exports.get(workflowId);
  const described = await whileServerIsAway(() => handle.workflow.describe());
  const status = described?.status.name ?? NEVER_STARTED;
  const closeTime = described?.closeTime?.toISOString();
  if (closeTime === undefined) return { status };
  if (status === 'COMPLETED') return { status, closeTime, result: await handle.result() };
  // A workflow that was terminated before its first task answers no query.
  const shown = await whileServerIsAway(() => handle.status());
  const { failure = '', operation, attempts = [] } = shown ?? {};
  if (status === 'TERMINATED') return { status, closeTime, attempts };
  if (status !== 'FAILED' && status !== 'CANCELLED') return { status };
  const { type, message } = await failureOf(handle.result());
  return {
    status,
    closeTime,
    report: [message, failure].join('\n'),
    attempts,
    ...(type !== undefined && { type }),
    ...(operation !== undefined && { operation }),
  };
}

async function failureOf(result: Promise<unknown>): Promise<{ type?: string; message: string }> {
  const error: unknown = await result.catch((reason: unknown) => reason);
  const cause = error instanceof WorkflowFailedError ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return { message, ...(cause instanceof ApplicationFailure && cause.type && { type: cause.type }) };
}

async function fleetEndOf(exports: VertexExportClient, workflowId: string): Promise<FleetEnd> {
  const handle = exports.getFleet(workflowId);
  const status = (await whileServerIsAway(() => handle.workflow.describe()))?.status.name ?? NEVER_STARTED;
  return status === 'COMPLETED' ? { status, result: await handle.result() } : { status };
}

const pageSchema = z.object({
  items: z
    .array(z.object({ name: z.string(), size: z.string(), crc32c: z.string(), generation: z.string() }))
    .default([]),
  nextPageToken: z.string().optional(),
});

async function objectsOf(storeUrl: string): Promise<Map<string, StoredObject>> {
  const objects = new Map<string, StoredObject>();
  let pageToken: string | undefined;
  do {
    const query = new URLSearchParams({ maxResults: '1000', ...(pageToken !== undefined && { pageToken }) });
    const response = await fetch(`${storeUrl}/storage/v1/b/${BUCKET}/o?${query.toString()}`);
    const page = pageSchema.parse(await response.json());
    for (const { name, size, crc32c, generation } of page.items) {
      objects.set(`gs://${BUCKET}/${name}`, { bytes: Number(size), crc32c, generation });
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && pageToken !== '');
  return objects;
}
