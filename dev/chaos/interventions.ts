import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Intervention } from './plan';
import type { ResetPoint } from './reset-points';
import { resetPoint } from './reset-points';
import { whileServerIsAway } from './server-calls';

const NAMESPACE = 'default';
const PAUSED_MS = 3_000;
const RESET_POLL_MS = 700;
/** A reset is cancelled this much later, in milliseconds. */
const CANCEL_AFTER_RESET_MS = 1_500;

const POINTS: Readonly<Partial<Record<Intervention, ResetPoint>>> = {
  resetToFirstTask: 'firstTask',
  resetAfterSelect: 'afterSelect',
  resetAfterStart: 'afterStart',
  resetMidWait: 'midWait',
  resetThenCancel: 'afterSelect',
};

/** Acts on workflows like people in the Web UI or on the command line. */
export async function intervene(client: Client, workflowId: string, intervention: Intervention): Promise<void> {
  const { workflowService } = client;
  const activity = { namespace: NAMESPACE, execution: { workflowId }, type: 'awaitExport' };
  const handle = client.workflow.getHandle(workflowId);
  const point = POINTS[intervention];
  if (point !== undefined) await resetWorkflow(client, workflowId, point);
  switch (intervention) {
    case 'cancel':
      await whileServerIsAway(() => handle.cancel());
      return;
    case 'resetThenCancel':
      await sleep(CANCEL_AFTER_RESET_MS);
      await whileServerIsAway(() => handle.cancel());
      return;
    case 'terminate':
      await whileServerIsAway(() => handle.terminate('chaos'));
      return;
    case 'resetActivity':
      await whileServerIsAway(() => workflowService.resetActivity(activity));
      return;
    case 'pause':
      await whileServerIsAway(() => workflowService.pauseActivity(activity));
      await sleep(PAUSED_MS);
      await whileServerIsAway(() => workflowService.unpauseActivity(activity));
      return;
    case 'resetToFirstTask':
    case 'resetAfterSelect':
    case 'resetAfterStart':
    case 'resetMidWait':
    case 'deadline':
  }
}

/** Resets the latest run of a workflow, as soon as its history has the point. A run that ends before is not reset. */
export async function resetWorkflow(client: Client, workflowId: string, point: ResetPoint): Promise<void> {
  for (;;) {
    const handle = client.workflow.getHandle(workflowId);
    const described = await whileServerIsAway(() => handle.describe());
    if (described === undefined) return;
    const history = await whileServerIsAway(() => handle.fetchHistory());
    const eventId = history && resetPoint(history, point);
    if (eventId !== undefined) {
      const requestId = randomUUID();
      await whileServerIsAway(() =>
        client.workflowService.resetWorkflowExecution({
          namespace: NAMESPACE,
          workflowExecution: { workflowId, runId: described.runId },
          reason: `chaos: ${point}`,
          workflowTaskFinishEventId: eventId,
          requestId,
        }),
      );
      return;
    }
    if (described.status.name !== 'RUNNING') return;
    await sleep(RESET_POLL_MS);
  }
}
