import type { WorkflowHandle } from '@temporalio/client';

/** Where a history is cut: from there, the workflow runs again with what was recorded until then. */
export type ResetPoint = 'firstTask' | 'afterSelect' | 'afterStart' | 'midWait' | 'latest';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
type EventId = NonNullable<NonNullable<History['events']>[number]['eventId']>;

/** The workflow task to reset to; `undefined` while the history has none for this point. */
export function resetPoint({ events }: History, point: ResetPoint): EventId | undefined {
  const activities = new Map<string, string>();
  const completed = new Set<string>();
  let latest: EventId | undefined;
  for (const event of events ?? []) {
    const scheduled = event.activityTaskScheduledEventAttributes?.activityType?.name;
    if (scheduled) activities.set(String(event.eventId), scheduled);
    const ended = event.activityTaskCompletedEventAttributes?.scheduledEventId;
    if (ended) completed.add(activities.get(String(ended)) ?? '');
    if (!event.workflowTaskCompletedEventAttributes || !event.eventId) continue;
    latest = event.eventId;
    if (point === 'firstTask') return latest;
    if (point === 'afterSelect' && completed.has('selectExportFormat')) return latest;
    if (point === 'afterStart' && completed.has('startExport')) return latest;
  }
  if (point === 'latest') return latest;
  const isWaiting = [...activities.values()].includes('awaitExport') && !completed.has('awaitExport');
  return point === 'midWait' && isWaiting ? latest : undefined;
}
