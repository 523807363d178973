import { defined } from '../../internal/defined';
import type { Priority } from '@temporalio/common';
import { TerminatedFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import { CancellationScope, getExternalWorkflowHandle, startChild } from '@temporalio/workflow';
import type { EndedFleetExport } from '../../contract/fleet-activities';
import type { PlannedExport, FleetState, RunningExport } from '../../contract/fleet-state';
import { FLEET_BYTES, jsonBytes } from '../../contract/fleet-limits';
import { notSucceeded, succeeded } from '../../contract/fleet-outcome';
import type { FleetExport } from '../../contract/fleet-result';
import { summaryText } from '../../contract/text';
import { exportModelWorkflow } from '../export/workflow';
import { recordEnd } from './state';
import { awaitExports } from './steps';

/** Maximum number of unanswered starts. They can all be commands of one workflow task. */
const MAX_STARTING = 50;

/** Options of a {@link FleetWindow}. */
export interface WindowOptions {
  readonly priority: Priority | undefined;
  /** Called after an export has ended or was found. */
  readonly changed: () => void;
  /** Whether the fleet began with an earlier version, which does not limit sizes and follows each export separately. */
  readonly isFormer: boolean;
}

/** The exports of a fleet that run at the same time. When one ends, the next can start. */
export class FleetWindow {
  private starting = 0;
  private startingBytes = 0;
  private runningBytes: number;
  /** Workflow ids of exports that are not children of this run. An earlier run or fleet of the same id started them. */
  private readonly followed = new Set<string>();
  /** Exports to follow: they already ran when this run tried to start them, or they continue in another run. */
  private found: RunningExport[] = [];

  constructor(
    private readonly state: FleetState,
    private readonly options: WindowOptions,
  ) {
    this.runningBytes = jsonBytes(state.running);
  }

  /** Whether another export can start. */
  hasRoom(): boolean {
    const isBelowLimit = this.state.running.length < this.state.settings.maxConcurrent && this.starting < MAX_STARTING;
    if (this.options.isFormer) return isBelowLimit;
    // One export always has room, so that the fleet makes progress.
    const isFull = this.runningBytes >= FLEET_BYTES.running || this.startingBytes >= FLEET_BYTES.starting;
    return isBelowLimit && (!isFull || this.state.running.length === 0);
  }

  /** Whether the server has answered all starts. */
  hasAnsweredStarts(): boolean {
    return this.starting === 0;
  }

  /** Starts an export. */
  start({ workflowId, input }: PlannedExport): void {
    const { exportFormatId } = input.outputConfig;
    const running = { workflowId, model: input.name, ...defined({ exportFormatId }) };
    this.add(running);
    void this.exportOne(running, input);
  }

  /** Waits for the exports that an earlier run of this fleet started. */
  followCarried(): void {
    const { state } = this;
    const distinct = new Map(state.running.map((running) => [running.workflowId, running]));
    // Runs of earlier versions could count an export twice.
    const repeated = state.running.length - distinct.size;
    if (repeated > 0) {
      state.running.splice(0, state.running.length, ...distinct.values());
      state.totals.planned -= repeated;
      state.totals.duplicates += repeated;
      this.runningBytes = jsonBytes(state.running);
    }
    void this.follow(state.running);
  }

  /** Whether there are exports to follow. */
  hasFound(): boolean {
    return this.found.length > 0;
  }

  /** Follows the exports that were found since the last call, with one activity. */
  followFound(): void {
    const found = this.found;
    this.found = [];
    void this.follow(found);
  }

  /** Cancels the followed exports. A cancel of this run only reaches its children. */
  async cancelFollowed(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      // An export that has just ended can't be cancelled, and needs no cancel.
      await Promise.allSettled([...this.followed].map((id) => getExternalWorkflowHandle(id).cancel()));
    });
  }

  private async follow(exports: readonly RunningExport[]): Promise<void> {
    const left = new Map(exports.map((running) => [running.workflowId, running]));
    for (const id of left.keys()) this.followed.add(id);
    while (left.size > 0) {
      for (const { workflowId, ...ended } of await awaitEnds([...left.values()])) {
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
        // The export must outlive this run, which closes when it continues as new.
        parentClosePolicy: 'ABANDON',
        // A cancelled fleet ends after all operations have ended.
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        // An export that has succeeded in an earlier run of the same fleet is not repeated.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        staticSummary: summaryText(`export ${model.replace(/^.*\//, '')} of a fleet`),
        memo: { model, ...defined({ exportFormatId }) },
        ...defined({ priority: this.options.priority }),
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
      // A reset also terminates a run and continues the export in another one. Only the server knows which it was.
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
    recordEnd(this.state, {
      workflowId,
      model,
      ...defined({ exportFormatId }),
      ...ended,
    });
    this.options.changed();
  }
}

function isTerminated(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof TerminatedFailure;
}

async function awaitEnds(exports: readonly RunningExport[]): Promise<EndedFleetExport[]> {
  try {
    return await awaitExports(exports);
  } catch (error) {
    // The exports continue, but this fleet can't learn how they end.
    return exports.map(({ workflowId }) => ({ workflowId, ...notSucceeded(error) }));
  }
}
