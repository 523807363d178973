import { Context } from '@temporalio/activity';
import type { ExportDependencies } from './dependencies';

/** Whether the step has been tried for so long that a refusal is believed: proxies refuse, too, and rights come late. */
export function isLasting({ refusedMs }: Pick<ExportDependencies, 'refusedMs'>): boolean {
  return Date.now() - Context.current().info.scheduledTimestampMs >= refusedMs;
}
