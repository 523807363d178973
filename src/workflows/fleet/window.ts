import type { Priority } from '@temporalio/common';
import { TerminatedFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { CancellationScope, getExternalWorkflowHandle, startChild } from '@temporalio/workflow';
import type { EndedFleetExport, PlannedExport } from '../../contract/fleet-activities';
import { FLEET_BYTES, jsonBytes } from '../../contract/fleet-limits';
import { notSucceeded, succeeded } from '../../contract/fleet-outcome';
import type { FleetExport } from '../../contract/fleet-result';
import type { FleetState, RunningExport } from '../../contract/fleet-state';
import { summaryText } from '../../contract/text';
import { exportModelWorkflow } from '../export/workflow';
import { settle } from './state';
import { awaitEnds } from './steps';

/** The most starts that are under way at the same time: all of them are commands of one workflow task. */
const MAX_STARTING = 50;

export interface WindowOptions {
  readonly priority: Priority | undefined;
  /** Called after each end. */
  readonly changed: () => void;
  /** Fleets that began before sizes were limited and exports were followed together continue as they began. */
  readonly isFormer: boolean;
}

/** The exports of a fleet that run at the same time: a new one is started as soon as any of them has ended. */
export class FleetWindow {
  private starting = 0;
  private startingBytes = 0;
  private runningBytes: number;
  /** Exports that are not children of this run: an earlier run or another fleet of the same id started them. */
  private readonly followed = new Set<string>();
  /** Exports that are not followed yet: they were found when they were to be started, or continue in another run. */
  private found: RunningExport[] = [];

  constructor(
    private readonly state: FleetState,
    private readonly options: WindowOptions,
  ) {
    this.runningBytes = jsonBytes(state.running);
  }

  hasRoom(): boolean {
    const hasPlace = this.state.running.length < this.state.settings.maxConcurrent && this.starting < MAX_STARTING;
    if (this.options.isFormer) return hasPlace;
    // One export always has room: without any running nothing would continue.
    const isFull = this.runningBytes >= FLEET_BYTES.running || this.startingBytes >= FLEET_BYTES.starting;
    return hasPlace && (!isFull || this.state.running.length === 0);
  }

  /** Whether every start has been answered. */
  isSettled(): boolean {
    return this.starting === 0;
  }

  start({ workflowId, input }: PlannedExport): void {
    const { exportFormatId } = input.outputConfig;
    const running = { workflowId, model: input.name, ...(exportFormatId !== undefined && { exportFormatId }) };
    this.add(running);
    void this.exportOne(running, input);
  }

  /** Waits for the exports that an earlier run of this fleet started. */
  followCarried(): void {
    const { state } = this;
    const distinct = new Map(state.running.map((running) => [running.workflowId, running]));
    // Runs of earlier versions could count one export twice.
    const twice = state.running.length - distinct.size;
    if (twice > 0) {
      state.running.splice(0, state.running.length, ...distinct.values());
      state.totals.planned -= twice;
      state.totals.duplicates += twice;
      this.runningBytes = jsonBytes(state.running);
    }
    void this.follow(state.running);
  }

  /** Whether exports were found that are to be followed. */
  hasFound(): boolean {
    return this.found.length > 0;
  }

  /** Follows those that were found since the last time, all by one activity. */
  followFound(): void {
    const found = this.found;
    this.found = [];
    void this.follow(found);
  }

  /** Cancels what the cancel of this run does not reach by itself. */
  async cancelFollowed(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      // One that has just ended can't be cancelled, and needs no cancel.
      await Promise.allSettled([...this.followed].map((id) => getExternalWorkflowHandle(id).cancel()));
    });
  }

  private async follow(exports: readonly RunningExport[]): Promise<void> {
    const left = new Map(exports.map((running) => [running.workflowId, running]));
    for (const id of left.keys()) this.followed.add(id);
    while (left.size > 0) {
      for (const { workflowId, ...ended } of await endsOf([...left.values()])) {
        const running = left.get(workflowId);
        if (running === undefined) continue;
        left.delete(workflowId);
        this.followed.delete(workflowId);
        this.end(running, { ...ended, ...(running.reused && ended.outcome === 'succeeded' && { reused: true }) });
      }
    }
  }

  private async exportOne(running: RunningExport, input: PlannedExport['input']): Promise<void> {
    const { workflowId, model, exportFormatId } = running;
    let child: ChildWorkflowHandle<typeof exportModelWorkflow>;
    const bytes = jsonBytes(input);
    this.starting += 1;
    this.startingBytes += bytes;
    try {
      child = await startChild(exportModelWorkflow, {
        workflowId,
        args: [input],
        // It outlives this run: continuing as new closes it, and would close its children with any other policy.
        parentClosePolicy: 'ABANDON',
        // A cancelled fleet ends when all of Google's operations have ended.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        // What has succeeded in an earlier run of the same fleet is not exported again.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        staticSummary: summaryText(`export ${model.replace(/^.*\//, '')} of a fleet`),
        memo: { model, ...(exportFormatId !== undefined && { exportFormatId }) },
        ...(this.options.priority && { priority: this.options.priority }),
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) {
        this.find(this.replace(running, { ...running, reused: true }));
      } else this.end(running, notSucceeded(error));
      return;
    } finally {
      this.starting -= 1;
      this.startingBytes -= bytes;
    }
    const started = this.replace(running, { ...running, runId: child.firstExecutionRunId });
    try {
      this.end(started, succeeded(await child.result()));
    } catch (error) {
      // A reset terminates a run, too, and continues the export in another one: the server knows which it was.
      if (isTerminated(error) && !this.options.isFormer) this.find(started);
      else this.end(started, notSucceeded(error));
    }
  }

  private find(running: RunningExport): void {
    if (this.options.isFormer) {
      void this.follow([running]);
      return;
    }
    this.followed.add(running.workflowId);
    this.found.push(running);
    this.options.changed();
  }

  private add(running: RunningExport): void {
    this.state.running.push(running);
    this.runningBytes += jsonBytes(running) + 1;
  }

  private replace(running: RunningExport, changed: RunningExport): RunningExport {
    this.state.running.splice(this.state.running.indexOf(running), 1, changed);
    this.runningBytes += jsonBytes(changed) - jsonBytes(running);
    return changed;
  }

  private end(running: RunningExport, ended: Omit<FleetExport, 'model'> & { model?: string }): void {
    this.state.running.splice(this.state.running.indexOf(running), 1);
    this.runningBytes -= jsonBytes(running) + 1;
    const { workflowId, model, exportFormatId } = running;
    settle(this.state, {
      workflowId,
      model,
      ...(exportFormatId !== undefined && { exportFormatId }),
      ...ended,
    });
    this.options.changed();
  }
}

function isTerminated(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof TerminatedFailure;
}

async function endsOf(exports: readonly RunningExport[]): Promise<EndedFleetExport[]> {
  try {
    return await awaitEnds(exports);
  } catch (error) {
    // They continue by themselves; only this fleet can't learn how they end.
    return exports.map(({ workflowId }) => ({ workflowId, ...notSucceeded(error) }));
  }
}
