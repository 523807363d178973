import { proxyActivities } from '@temporalio/workflow';

/** Runs one activity for each request, all at the same time, like the worker of a fleet. */
export async function holdMany(activity: string, requests: readonly unknown[]): Promise<void> {
  const activities = proxyActivities<Record<string, (request: unknown) => Promise<unknown>>>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '60 seconds',
  });
  const hold = activities[activity];
  if (hold) await Promise.all(requests.map(hold));
}
