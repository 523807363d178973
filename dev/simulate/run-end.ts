import type { Payload } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';

type Failure = temporal.api.failure.v1.IFailure;

/** How a run ended. */
export interface Closed {
  readonly kind: 'completed' | 'failed' | 'cancelled' | 'terminated';
  readonly at: number;
  readonly result?: Payload;
  readonly failure?: Failure;
}
