import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, ChildWorkflowFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { pipelineWorkflow, PipelineInput } from '../../../examples/pipeline';
import type { PipelineActivities } from '../../../examples/pipeline-activities';
import { pipelineActivities } from '../../../examples/pipeline-activities';
import { ExportFailureType } from '../../../src';
import { activitiesOf } from '../../support/activities';
import { addModel } from '../../support/models';
import { useLocalStack } from '../../support/services';
import { eventually, useExports } from '../../support/worker';

const stack = useLocalStack();
const temporal = useExports(stack, 'without worker');
const reported: string[] = [];
/** The Models that the simulated training returns, by dataset. */
const trained = new Map<string, string>();

before(async () => {
  const services = await stack.ready();
  const connection = await NativeConnection.connect({ address: services.temporal.address });
  stack.beforeStop(() => connection.close());
  const standIns: PipelineActivities = {
    ...pipelineActivities,
    train: (dataset) => Promise.resolve(trained.get(dataset) ?? pipelineActivities.train(dataset)),
    reportNotExportable: (model) => Promise.resolve(void reported.push(model)),
  };
  const worker = await Worker.create({
    connection,
    taskQueue: 'pipeline',
    workflowsPath: require.resolve('../../../examples/pipeline'),
    activities: { ...standIns, ...activitiesOf(services) },
  });
  const running = worker.run();
  stack.beforeStop(() => {
    worker.shutdown();
    return running;
  });
});

function start(input: Omit<PipelineInput, 'outputUriPrefix'>): Promise<WorkflowHandle<typeof pipelineWorkflow>> {
  return temporal().client.workflow.start<typeof pipelineWorkflow>('pipelineWorkflow', {
    args: [{ outputUriPrefix: 'gs://exports/pipeline', ...input }],
    taskQueue: 'pipeline',
    workflowId: `pipeline-${input.dataset}`,
  });
}

async function causeOf(handle: WorkflowHandle): Promise<unknown> {
  const error: unknown = await handle.result().catch((reason: unknown) => reason);
  assert.ok(error instanceof WorkflowFailedError, `did not fail: ${JSON.stringify(error)}`);
  return error.cause;
}

suite('the pipeline of the examples:', () => {
  test('the pipeline example trains, exports with a child workflow, and deploys the typed result', async () => {
    const handle = await start({ dataset: 'flowers', exportFormatId: 'tf-js' });
    const result = await handle.result();
    assert.deepEqual(result.endpoint, 'endpoints/flowers-tf-js');
    assert.equal(result.files, 5);
    const child = await temporal().exports.get('pipeline-flowers-export').result();
    assert.equal(child.model, result.model);
  });

  test('the pipeline example recognizes a Model that is not exportable by the failure type', async () => {
    const cause = await causeOf(await start({ dataset: 'videos' }));
    assert.ok(cause instanceof ChildWorkflowFailure);
    assert.ok(cause.cause instanceof ApplicationFailure);
    assert.equal(cause.cause.type, ExportFailureType.NotExportable);
    assert.deepEqual(reported.length, 1);
  });

  test('a cancelled pipeline cancels its export and the operation', async () => {
    const model = addModel(stack().vertex, { durationMs: 600_000 });
    trained.set('endless', model);
    const handle = await start({ dataset: 'endless' });
    const states = (): string[] =>
      stack()
        .vertex.operations()
        .filter(({ name }) => name.includes(model.split('/').at(-1) ?? '-'))
        .map(({ state }) => state);
    await eventually('the operation runs', () => states().length === 1);
    await handle.cancel();
    const cause = await causeOf(handle);
    assert.ok(cause instanceof CancelledFailure || cause instanceof ChildWorkflowFailure, String(cause));
    assert.deepEqual(states(), ['cancelled']);
    const child = await temporal().exports.get('pipeline-endless-export').workflow.describe();
    assert.equal(child.status.name, 'CANCELLED');
  });
});
