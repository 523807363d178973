import { proxyActivities } from '@temporalio/workflow';

/** One activity for each request, all at the same time: what a fleet's worker holds, without what starts it. */
export async function holdMany(activity: string, requests: readonly unknown[]): Promise<void> {
  const activities = proxyActivities<Record<string, (request: unknown) => Promise<unknown>>>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '60 seconds',
  });
  const hold = activities[activity];
  if (hold) await Promise.all(requests.map(hold));
}
