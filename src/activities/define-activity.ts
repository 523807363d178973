import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { z } from 'zod';
import { problemsOf } from '../contract/problems';
import { inputFailure, internalFailure, withFailures } from './failures/failure';
import { withRetryInTime } from './failures/retry-delay';
import type { RequestPurpose } from './failures/table';
import type { ReportDetails } from './heartbeats';
import { withHeartbeats } from './heartbeats';

/** How an activity is run. */
interface ActivityDefinition<Request, Result> {
  /** Checks the request before anything else: any workflow of the namespace can call the activity with any value. */
  readonly schema: z.ZodType<Request>;
  /** Heartbeat timeout, in milliseconds. Default: no heartbeats are sent. */
  readonly heartbeatTimeoutMs?: (request: Request) => number;
  /** Purpose of the requests to Google whose errors `run` throws. Default: `run` throws none. */
  readonly purpose?: RequestPurpose;
  /** @param report sets the details of the heartbeats; the function is called for each heartbeat */
  readonly run: (request: Request, report: ReportDetails) => Promise<Result>;
}

/** Defines an activity with a checked request, heartbeats while it runs, and documented failures only. */
export function defineActivity<Request, Result>({
  schema,
  heartbeatTimeoutMs,
  purpose,
  run,
}: ActivityDefinition<Request, Result>): (request: Request) => Promise<Result> {
  return defineUncheckedActivity((raw) => {
    const parsed = schema.safeParse(raw);
    if (!parsed.success) return Promise.reject(inputFailure(problemsOf(parsed.error)));
    const request = parsed.data;
    const mapped = (report: ReportDetails): Promise<Result> =>
      purpose === undefined ? run(request, report) : withFailures(purpose, () => run(request, report));
    return heartbeatTimeoutMs === undefined
      ? mapped(() => undefined)
      : withHeartbeats(heartbeatTimeoutMs(request), mapped);
  });
}

/** Defines an activity that checks its arguments itself. Unexpected errors become documented failures. */
export function defineUncheckedActivity<Args extends unknown[], Result>(
  run: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await run(...args);
    } catch (error) {
      if (error instanceof ApplicationFailure) {
        throw withRetryInTime(withoutCause(error), Context.current().info, Date.now());
      }
      // The reason of an aborted signal is a failure of Temporal's own.
      if (error instanceof TemporalFailure || error instanceof CompleteAsyncError) throw error;
      throw internalFailure(error);
    }
  };
}

/**
 * Removes the cause of a failure that leaves the activity. The cause holds the unchanged text of a service, a proxy or a
 * credential source, and stays in the process; message and details were made for workflow history.
 */
function withoutCause(failure: ApplicationFailure): ApplicationFailure {
  Reflect.deleteProperty(failure, 'cause');
  return failure;
}
