import { proxyActivities } from '@temporalio/workflow';

/** Emits a command that Temporal's SDK can't encode: a lone surrogate is not valid Unicode. */
export async function loneSurrogate(): Promise<void> {
  await proxyActivities<{ none(): Promise<void> }>({ startToCloseTimeout: '1 minute', taskQueue: '\ud800' }).none();
}

/** Waits for an activity that never ends. */
export async function waiting(): Promise<void> {
  await proxyActivities<{ endless(): Promise<void> }>({ startToCloseTimeout: '1 hour' }).endless();
}
