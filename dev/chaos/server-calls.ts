import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';

const RETRY_MS = 500;
/** gRPC's INVALID_ARGUMENT, NOT_FOUND and FAILED_PRECONDITION: the server runs, but the call does not apply. */
const OVER: readonly number[] = [3, 5, 9];

/** Repeats a call while the server is down. Returns `undefined` if the call no longer applies. */
export async function whileServerIsAway<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') return undefined;
      if (OVER.includes(codeOf(error) ?? -1)) return undefined;
      await sleep(RETRY_MS);
    }
  }
}

/** The client wraps most errors of the server. */
function codeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error && isGrpcServiceError(error.cause) ? error.cause.code : undefined;
}
