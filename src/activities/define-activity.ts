import { CompleteAsyncError, Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { z } from 'zod';
import { problemsOf } from '../contract/problems';
import { inputFailure, internalFailure } from './failures/failure';
import { withRetryInTime } from './failures/retry-delay';

/**
 * An activity whose request is checked before anything else, and whose failures all have a documented type.
 *
 * Any workflow of the namespace can call it with anything, so that no part of a request is trusted.
 */
export function defineActivity<Request, Result>(
  schema: z.ZodType<Request>,
  run: (request: Request) => Promise<Result>,
): (request: Request) => Promise<Result> {
  return documented((request) => {
    const parsed = schema.safeParse(request);
    if (!parsed.success) return Promise.reject(inputFailure(problemsOf(parsed.error)));
    return run(parsed.data);
  });
}

/** The activity, with every error that is not a failure of Temporal's turned into a documented one. */
export function documented<Args extends unknown[], Result>(
  run: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  return async (...args) => {
    try {
      return await run(...args);
    } catch (error) {
      if (error instanceof ApplicationFailure) {
        throw withRetryInTime(withoutCause(error), Context.current().info, Date.now());
      }
      // An abort has the reason of the cancellation, which is one of Temporal's own failures.
      if (error instanceof TemporalFailure || error instanceof CompleteAsyncError) throw error;
      throw internalFailure(error);
    }
  };
}

/**
 * The failure as it leaves the activity. Its cause is what a service, a proxy or a credential source said, as they said
 * it: it stays in the process. Message and details were made for workflow history.
 */
function withoutCause(failure: ApplicationFailure): ApplicationFailure {
  Reflect.deleteProperty(failure, 'cause');
  return failure;
}
