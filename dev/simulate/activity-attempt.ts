import type { Info } from '@temporalio/activity';
import type { Payload } from '@temporalio/common';
import {
  ActivityCancellationDetails,
  defaultFailureConverter,
  defaultPayloadConverter,
  noopMetricMeter,
} from '@temporalio/common';
import { LoggerWithComposedMetadata } from '@temporalio/common/lib/logger';
import type { coresdk, temporal } from '@temporalio/proto';
import { DefaultLogger } from '@temporalio/worker';
import { Activity } from '@temporalio/worker/lib/activity';
import type { AskedServer } from './temporal-client';
import { simulatedClient } from './temporal-client';
import type { Incarnation, Running } from './worker-slot';

type Failure = temporal.api.failure.v1.IFailure;

/** The server's state of the activity, to which an attempt reports. */
export interface Reported {
  readonly type: string;
  readonly command: coresdk.workflow_commands.IScheduleActivity;
  readonly heartbeatMs: number;
  readonly server: AskedServer;
  heartbeat(attempt: ActivityAttempt, details: Payload | undefined): 'continue' | 'cancel' | 'not found';
  complete(attempt: ActivityAttempt, result: coresdk.activity_result.IActivityExecutionResult): void;
}

const converters = {
  payloadConverter: defaultPayloadConverter,
  payloadCodecs: [],
  failureConverter: defaultFailureConverter,
};
const logger = LoggerWithComposedMetadata.compose(new DefaultLogger('ERROR', () => undefined), {});
/** The SDK sends a heartbeat after this share of the timeout at the earliest, and at least once a minute. */
const THROTTLE_SHARE = 0.8;
const LONGEST_THROTTLE_MS = 60_000;

/** One attempt of an activity in a worker process. */
export class ActivityAttempt implements Running {
  private readonly activity: Activity;
  private isCancelSent = false;
  private isShutDown = false;
  private isOver = false;
  private sentAt = -Infinity;
  private pending: { readonly details: unknown } | undefined;

  constructor(
    private readonly execution: Reported,
    private readonly process: Incarnation,
    info: Info,
  ) {
    const run = (process.activities as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[
      execution.type
    ];
    const heartbeat = (details: unknown): void => {
      this.beat(details);
    };
    this.activity = new Activity(
      info,
      run,
      converters,
      { type: 'activity', namespace: 'default', activityId: info.activityId, isLocal: false },
      undefined,
      heartbeat,
      simulatedClient(execution.server, process),
      logger,
      noopMetricMeter,
      [],
    );
  }

  /** Runs in the process. */
  execute(): void {
    this.process.running.add(this);
    const args = (this.execution.command.arguments ?? []).map((payload) =>
      defaultPayloadConverter.fromPayload(payload),
    );
    void this.activity.run({ args, headers: {} }).then((result) => {
      this.isOver = true;
      this.process.running.delete(this);
      if (this.process.isDead) return;
      this.flushed();
      const reported = this.isShutDown && result.cancelled ? { failed: { failure: shutDownFailure() } } : result;
      const { server } = this.execution;
      server.time.after(server.latency(), () => {
        this.execution.complete(this, reported);
      });
    });
  }

  abandon(): void {
    this.isOver = true;
    this.activity.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
  }

  shutDown(): void {
    this.isShutDown = true;
    this.activity.cancel('WORKER_SHUTDOWN', new ActivityCancellationDetails({ workerShutdown: true }));
  }

  private beat(details: unknown): void {
    if (this.isOver || this.process.isDead) return;
    const throttle = Math.min(this.execution.heartbeatMs * THROTTLE_SHARE, LONGEST_THROTTLE_MS);
    const { now } = this.process.slot;
    if (now >= this.sentAt + throttle) {
      this.send(details);
    } else if (this.pending) {
      this.pending = { details };
    } else {
      this.pending = { details };
      this.process.slot.after(this.sentAt + throttle - now, () => {
        this.flushed();
      });
    }
  }

  private flushed(): void {
    const { pending } = this;
    this.pending = undefined;
    if (pending && !this.process.isDead) this.send(pending.details);
  }

  private send(details: unknown): void {
    this.sentAt = this.process.slot.now;
    const { server } = this.execution;
    const payload = details === undefined ? undefined : defaultPayloadConverter.toPayload(details);
    server.time.after(server.latency(), () => {
      const answer = this.execution.heartbeat(this, payload);
      if (answer === 'continue') return;
      server.time.after(server.latency(), () => {
        this.process.deliver(() => {
          if (this.isOver || this.isCancelSent) return;
          this.isCancelSent = true;
          if (answer === 'cancel')
            this.activity.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true }));
          else this.activity.cancel('NOT_FOUND', new ActivityCancellationDetails({ notFound: true }));
        });
      });
    });
  }
}

/** The report of the SDK's core about an activity that a shutdown ended. */
function shutDownFailure(): Failure {
  return {
    message: 'Worker cancelled this activity during shutdown',
    applicationFailureInfo: { type: 'WorkerShutdown', nonRetryable: false },
  };
}
