import { proxyActivities } from '@temporalio/workflow';
import type { noop } from './bare-activities';

export { exportModelWorkflow } from '../../src/workflows';

const activities = proxyActivities<{ noop: typeof noop }>({ startToCloseTimeout: '1 minute' });

/** Runs `count` activities, one after the other. */
export async function bareWorkflow(count: number): Promise<void> {
  for (let done = 0; done < count; done += 1) await activities.noop();
}
