import { defaultPayloadConverter } from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time';
import type { Payload } from '@temporalio/common';
import type { coresdk } from '@temporalio/proto';
import { temporal } from '@temporalio/proto';
import type { Info } from '@temporalio/activity';
import { ActivityAttempt } from './activity-attempt';
import type { AskedServer } from './temporal-client';
import type { Incarnation } from './worker-slot';

/** The part of the server that an activity uses. */
export interface ActivityServer extends AskedServer {
  readonly time: AskedServer['time'] & { readonly now: number; readonly startedAt: number };
  readonly trace: (line: string) => void;
  offer(activity: ActivityExecution): void;
  withdraw(activity: ActivityExecution): void;
}

/** The workflow run of an activity. */
export interface ActivityRun {
  readonly label: string;
  readonly runId: string;
  readonly workflowId: string;
  resolve(activity: ActivityExecution, result: Resolution): void;
}

type Failure = temporal.api.failure.v1.IFailure;
type Resolution = coresdk.activity_result.IActivityResolution;
const { RetryState, TimeoutType } = temporal.api.enums.v1;
type RetryStateValue = temporal.api.enums.v1.RetryState;

/** Fields of {@link Info} that have newer names. */
const OLD_NAMES = { activityNamespace: 'default', workflowNamespace: 'default' };

/**
 * An activity as the Temporal server keeps it: attempts, timeouts and retries.
 *
 * Sources: https://docs.temporal.io/encyclopedia/detecting-activity-failures, and RetryActivity in the server's
 * mutable state.
 */
export class ActivityExecution {
  readonly scheduledAt: number;
  readonly type: string;
  attempt = 1;
  isCancelRequested = false;
  isClosed = false;
  closedAt = Infinity;
  /** Why the last attempt failed. */
  lastFailure: Failure | undefined;
  private lastHeartbeat: Payload | undefined;
  private attemptScheduledAt: number;
  /** The running attempt. Reports of other attempts are rejected. */
  private current: ActivityAttempt | undefined;
  private isWaiting = false;
  private readonly cancels: (() => void)[] = [];
  private cancelHeartbeatTimer: () => void = () => undefined;
  private cancelAttemptTimers: () => void = () => undefined;

  constructor(
    readonly server: ActivityServer,
    readonly run: ActivityRun,
    readonly command: coresdk.workflow_commands.IScheduleActivity,
  ) {
    this.scheduledAt = server.time.now;
    this.attemptScheduledAt = this.scheduledAt;
    this.type = command.activityType ?? '';
    const limit = this.scheduleToCloseMs;
    if (limit > 0) {
      this.cancels.push(
        server.time.after(limit, () => {
          // A first attempt that no worker took. The server names the other limit, which has the same length.
          const neverStarted = this.attempt === 1 && this.isWaiting && this.lastFailure === undefined;
          this.timeOut(
            neverStarted ? TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_START : TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE,
          );
        }),
      );
    }
    this.offer();
  }

  get scheduleToCloseMs(): number {
    return optionalTsToMs(this.command.scheduleToCloseTimeout) ?? 0;
  }

  get heartbeatMs(): number {
    return optionalTsToMs(this.command.heartbeatTimeout) ?? 0;
  }

  get startToCloseMs(): number {
    return optionalTsToMs(this.command.startToCloseTimeout) ?? 0;
  }

  /** Whether a cancel is reported to the workflow at once. */
  get isTryCancel(): boolean {
    return (this.command.cancellationType ?? 0) === 0;
  }

  info(): Info {
    const { startedAt } = this.server.time;
    const { run, attempt } = this;
    const details = this.lastHeartbeat && defaultPayloadConverter.fromPayload<unknown>(this.lastHeartbeat);
    return {
      attempt,
      taskQueue: 'simulated',
      isLocal: false,
      taskToken: new Uint8Array(),
      base64TaskToken: '',
      activityId: String(this.command.seq),
      activityType: this.type,
      workflowType: 'exportModelWorkflow',
      heartbeatTimeoutMs: this.heartbeatMs,
      heartbeatDetails: details,
      ...OLD_NAMES,
      workflowExecution: { workflowId: run.workflowId, runId: run.runId },
      scheduledTimestampMs: startedAt + Math.floor(this.scheduledAt),
      startToCloseTimeoutMs: this.startToCloseMs,
      scheduleToCloseTimeoutMs: this.scheduleToCloseMs,
      currentAttemptScheduledTimestampMs: startedAt + Math.floor(this.attemptScheduledAt),
      priority: {},
      namespace: 'default',
      inWorkflow: true,
    };
  }

  /** A worker takes the task. */
  start(process: Incarnation): void {
    this.isWaiting = false;
    const attempt = new ActivityAttempt(this, process, this.info());
    this.current = attempt;
    this.server.trace(`${this.name} begins on worker ${process.slot.index}`);
    const { time } = this.server;
    const limit = this.startToCloseMs;
    const stop =
      limit > 0
        ? time.after(limit, () => {
            if (this.current === attempt) this.attemptTimedOut(TimeoutType.TIMEOUT_TYPE_START_TO_CLOSE);
          })
        : () => undefined;
    this.cancelAttemptTimers = stop;
    this.expectHeartbeat(attempt);
    time.after(this.server.latency(), () => {
      process.deliver(() => {
        attempt.execute();
      });
    });
  }

  /** Records a heartbeat of an attempt. Returns whether the attempt is to continue. */
  heartbeat(attempt: ActivityAttempt, details: Payload | undefined): 'continue' | 'cancel' | 'not found' {
    if (this.current !== attempt || this.isClosed) return 'not found';
    this.lastHeartbeat = details;
    this.expectHeartbeat(attempt);
    return this.isCancelRequested ? 'cancel' : 'continue';
  }

  /** The result of an attempt arrives. */
  complete(attempt: ActivityAttempt, result: coresdk.activity_result.IActivityExecutionResult): void {
    if (this.current !== attempt || this.isClosed) return;
    this.endAttempt();
    const { completed, failed, cancelled } = result;
    if (completed) this.close({ completed: { result: completed.result ?? null } });
    else if (cancelled) this.close({ cancelled: { failure: this.cancelledFailure() } });
    else if (failed?.failure) this.failed(failed.failure);
  }

  requestCancel(): void {
    if (this.isClosed) return;
    this.isCancelRequested = true;
    if (this.current === undefined) this.close({ cancelled: { failure: this.cancelledFailure() } });
    else if (this.isTryCancel) this.run.resolve(this, { cancelled: { failure: this.cancelledFailure() } });
  }

  /** `temporal activity reset`: restarts the attempts from one, and removes the heartbeat details. */
  reset(): void {
    if (this.isClosed || this.isCancelRequested) return;
    this.server.trace(`${this.name} is reset`);
    this.endAttempt();
    this.attempt = 1;
    this.lastHeartbeat = undefined;
    this.lastFailure = undefined;
    this.stopWaiting();
    this.offer();
  }

  /** Closes the activity with its run. A running attempt is cancelled at its next heartbeat. */
  drop(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closedAt = this.server.time.now;
    this.stop();
  }

  get name(): string {
    return `${this.run.label} ${this.type}#${this.command.seq ?? 0} attempt ${this.attempt}`;
  }

  private failed(failure: Failure): void {
    const { applicationFailureInfo: info } = failure;
    this.lastFailure = failure;
    const delay =
      info?.nextRetryDelay === undefined || info.nextRetryDelay === null
        ? undefined
        : optionalTsToMs(info.nextRetryDelay);
    const state = this.retry(delay, info?.nonRetryable === true);
    this.server.trace(`${this.name} failed: ${info?.type ?? ''} ${(failure.message ?? '').slice(0, 160)}`);
    if (state !== RetryState.RETRY_STATE_IN_PROGRESS) this.closeFailed('Activity task failed', failure, state);
  }

  private attemptTimedOut(type: temporal.api.enums.v1.TimeoutType): void {
    this.server.trace(`${this.name}: ${TimeoutType[type]}`);
    this.endAttempt();
    const failure = this.timeoutFailure(type);
    const before = this.lastFailure;
    const state = this.retry(undefined, false);
    if (state === RetryState.RETRY_STATE_IN_PROGRESS) {
      this.lastFailure = failure;
      return;
    }
    const named =
      state === RetryState.RETRY_STATE_TIMEOUT
        ? this.timeoutFailure(TimeoutType.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE)
        : failure;
    this.closeFailed('Activity task timed out', { ...named, ...(before && { cause: before }) }, state);
  }

  /** A limit of the whole activity. */
  private timeOut(type: temporal.api.enums.v1.TimeoutType): void {
    if (this.isClosed) return;
    this.server.trace(`${this.name}: ${TimeoutType[type]}`);
    const cause = this.lastFailure && { cause: this.lastFailure };
    this.endAttempt();
    const state = this.isCancelRequested
      ? RetryState.RETRY_STATE_CANCEL_REQUESTED
      : RetryState.RETRY_STATE_NON_RETRYABLE_FAILURE;
    this.closeFailed('Activity task timed out', { ...this.timeoutFailure(type), ...cause }, state);
  }

  private timeoutFailure(timeoutType: temporal.api.enums.v1.TimeoutType): Failure {
    return {
      message: 'activity timeout',
      source: 'Server',
      timeoutFailureInfo: {
        timeoutType,
        ...(this.lastHeartbeat && { lastHeartbeatDetails: { payloads: [this.lastHeartbeat] } }),
      },
    };
  }

  /** Starts the pause before another attempt, or returns the reason why none follows. */
  private retry(delayMs: number | undefined, isNonRetryable: boolean): RetryStateValue {
    if (this.isCancelRequested) return RetryState.RETRY_STATE_CANCEL_REQUESTED;
    if (isNonRetryable) return RetryState.RETRY_STATE_NON_RETRYABLE_FAILURE;
    const { initialInterval, backoffCoefficient, maximumInterval } = this.command.retryPolicy ?? {};
    const first = optionalTsToMs(initialInterval) ?? 1_000;
    const longest = optionalTsToMs(maximumInterval) ?? first * 100;
    const pause = delayMs ?? Math.min(longest, first * (backoffCoefficient ?? 2) ** (this.attempt - 1));
    const { now } = this.server.time;
    const limit = this.scheduleToCloseMs;
    if (limit > 0 && now + pause > this.scheduledAt + limit) return RetryState.RETRY_STATE_TIMEOUT;
    this.attempt += 1;
    const cancel = this.server.time.after(pause, () => {
      this.offer();
    });
    this.cancelBackoff = cancel;
    return RetryState.RETRY_STATE_IN_PROGRESS;
  }

  private cancelBackoff: () => void = () => undefined;

  private offer(): void {
    if (this.isClosed) return;
    this.attemptScheduledAt = this.server.time.now;
    this.isWaiting = true;
    this.server.offer(this);
  }

  private stopWaiting(): void {
    this.cancelBackoff();
    this.isWaiting = false;
    this.server.withdraw(this);
  }

  private expectHeartbeat(attempt: ActivityAttempt): void {
    this.cancelHeartbeatTimer();
    if (this.heartbeatMs === 0) return;
    this.cancelHeartbeatTimer = this.server.time.after(this.heartbeatMs, () => {
      if (this.current === attempt) this.attemptTimedOut(TimeoutType.TIMEOUT_TYPE_HEARTBEAT);
    });
  }

  private endAttempt(): void {
    this.current = undefined;
    this.cancelHeartbeatTimer();
    this.cancelAttemptTimers();
  }

  private stop(): void {
    this.endAttempt();
    this.stopWaiting();
    for (const cancel of this.cancels) cancel();
  }

  private close(resolution: Resolution): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.closedAt = this.server.time.now;
    this.stop();
    this.server.trace(`${this.name} is closed: ${Object.keys(resolution).join()}`);
    this.run.resolve(this, resolution);
  }

  private closeFailed(message: string, cause: Failure, retryState: RetryStateValue): void {
    this.close({
      failed: {
        failure: {
          ...this.activityFailure(message, cause),
          activityFailureInfo: { ...this.failureInfo(), retryState },
        },
      },
    });
  }

  private cancelledFailure(): Failure {
    return this.activityFailure('Activity cancelled', {
      message: 'Activity cancelled',
      source: 'Server',
      canceledFailureInfo: {},
    });
  }

  private activityFailure(message: string, cause: Failure): Failure {
    return { message, source: 'Server', cause, activityFailureInfo: this.failureInfo() };
  }

  private failureInfo(): temporal.api.failure.v1.IActivityFailureInfo {
    return { activityType: { name: this.type }, activityId: String(this.command.seq) };
  }
}
