import type { Priority } from '@temporalio/common';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { CancellationScope, getExternalWorkflowHandle, startChild } from '@temporalio/workflow';
import type { PlannedExport } from '../contract/fleet-activities';
import { notSucceeded, succeeded } from '../contract/fleet-outcome';
import type { FleetExport } from '../contract/fleet-result';
import { summaryText } from '../contract/text';
import { exportModelWorkflow } from './export-model';
import type { FleetState, RunningExport } from '../contract/fleet-state';
import { settle } from './fleet-state';
import { awaitEnds } from './fleet-steps';

/** Starts that are under way at the same time: all of them are commands of one workflow task, at most 4 MB. */
const MAX_STARTING = 50;

/** The exports of a fleet that run at the same time: a new one is started as soon as any of them has ended. */
export class FleetWindow {
  private starting = 0;
  /** Exports that are no children of this run: an earlier run started them. */
  private readonly followed = new Set<string>();

  constructor(
    private readonly state: FleetState,
    private readonly priority: Priority | undefined,
    private readonly changed: () => void,
  ) {}

  hasRoom(): boolean {
    return this.state.running.length < this.state.settings.maxConcurrent && this.starting < MAX_STARTING;
  }

  /** Whether every start has been answered. */
  isSettled(): boolean {
    return this.starting === 0;
  }

  start({ workflowId, input }: PlannedExport): void {
    const { exportFormatId } = input.outputConfig;
    const running = { workflowId, model: input.name, ...(exportFormatId !== undefined && { exportFormatId }) };
    this.state.running.push(running);
    void this.exportOne(running, input);
  }

  /** Waits for exports that run already. */
  async follow(exports: readonly RunningExport[], { reused }: { reused: boolean }): Promise<void> {
    const left = new Map(exports.map((running) => [running.workflowId, running]));
    for (const id of left.keys()) this.followed.add(id);
    while (left.size > 0) {
      for (const { workflowId, ...ended } of await endsOf([...left.keys()])) {
        const running = left.get(workflowId);
        if (running === undefined) continue;
        left.delete(workflowId);
        this.followed.delete(workflowId);
        this.end(running, { ...ended, ...(reused && ended.outcome === 'succeeded' && { reused: true }) });
      }
    }
  }

  /** Cancels what the cancel of this run does not reach by itself. */
  async cancelFollowed(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      // One that has just ended can't be cancelled, and needs no cancel.
      await Promise.allSettled([...this.followed].map((id) => getExternalWorkflowHandle(id).cancel()));
    });
  }

  private async exportOne(running: RunningExport, input: PlannedExport['input']): Promise<void> {
    const { workflowId, model, exportFormatId } = running;
    let child: ChildWorkflowHandle<typeof exportModelWorkflow>;
    this.starting += 1;
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
        ...(this.priority && { priority: this.priority }),
      });
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) void this.follow([running], { reused: true });
      else this.end(running, notSucceeded(error));
      return;
    } finally {
      this.starting -= 1;
    }
    const ended = await child.result().then(succeeded, notSucceeded);
    this.end(running, ended);
  }

  private end(running: RunningExport, ended: Omit<FleetExport, 'model'> & { model?: string }): void {
    this.state.running.splice(this.state.running.indexOf(running), 1);
    settle(this.state, { ...running, ...ended });
    this.changed();
  }
}

async function endsOf(workflowIds: readonly string[]): ReturnType<typeof awaitEnds> {
  try {
    return await awaitEnds(workflowIds);
  } catch (error) {
    // They go on by themselves; only this fleet can't learn how they end.
    return workflowIds.map((workflowId) => ({ workflowId, ...notSucceeded(error) }));
  }
}
