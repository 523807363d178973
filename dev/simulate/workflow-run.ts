import { defaultPayloadConverter, TypedSearchAttributes } from '@temporalio/common';
import { msToTs } from '@temporalio/common/lib/time';
import type { Workflow } from '@temporalio/worker/lib/workflow/interface';
import type { temporal } from '@temporalio/proto';
import { coresdk } from '@temporalio/proto';
import Long from 'long';
import { EXPORT_STATUS_QUERY } from '../../src/contract/names';
import type { ExportModelInput } from '../../src/contract/export-input';
import type { ExportStatus } from '../../src/contract/export-status';
import type { ActivityServer } from './activity-execution';
import { ActivityExecution } from './activity-execution';
import type { VirtualTime } from './virtual-time';
import type { Closed } from './run-end';

type Job = coresdk.workflow_activation.IWorkflowActivationJob;
type Command = coresdk.workflow_commands.IWorkflowCommand;
type Failure = temporal.api.failure.v1.IFailure;

/** The part of the server that a run uses. */
interface RunServer extends ActivityServer {
  readonly time: VirtualTime;
  onBlocked: (run: WorkflowRun) => void;
  onClosed(run: WorkflowRun): void;
  whenWorkerIsAwake(then: () => void): void;
  createWorkflow(info: unknown, randomnessSeed: number[], now: number): Promise<Workflow>;
}

/** One workflow task that was completed. */
interface Task {
  readonly jobs: readonly Job[];
  readonly at: number;
  readonly patches: string[];
}

/** The input of a run, and the source of its history. */
export interface RunOptions {
  readonly workflowId: string;
  readonly runId: string;
  readonly originalRunId: string;
  readonly input: ExportModelInput;
  /** Time of the first run's start. */
  readonly startedAt: number;
  /** The history that a reset keeps: all its tasks but the last one are replayed, and the last one is repeated. */
  readonly history?: readonly Task[];
}

/** A run of the real workflow code in the SDK's own sandbox. */
export class WorkflowRun {
  closed: Closed | undefined;
  isCancelRequested = false;
  readonly activities = new Map<number, ActivityExecution>();
  readonly tasks: Task[] = [];
  /** A failure of a workflow task, which a real server repeats forever. */
  taskFailure: Failure | undefined;
  lastStatus: ExportStatus | undefined;
  private jobs: Job[] = [];
  private isBusy = false;
  private workflow: Workflow | undefined;
  private readonly resolved = new Set<number>();
  private queries = 0;

  constructor(
    readonly server: RunServer,
    readonly options: RunOptions,
  ) {}

  get workflowId(): string {
    return this.options.workflowId;
  }

  get runId(): string {
    return this.options.runId;
  }

  get label(): string {
    return `${this.workflowId}/${this.runId.slice(-2)}`;
  }

  /** Starts the run, or replays the history that a reset kept. */
  async begin(): Promise<void> {
    const { history } = this.options;
    if (history === undefined) {
      this.add({ initializeWorkflow: this.initialization() });
      return;
    }
    const replayed = history.slice(0, -1);
    const pending = new Map<number, Command['scheduleActivity'] & object>();
    for (const [index, task] of replayed.entries()) {
      const jobs = index === 0 ? [...patchesIn(replayed), ...this.initial(task.jobs)] : task.jobs;
      const commands = await this.activate(jobs, task.at, true);
      this.tasks.push(task);
      for (const { resolveActivity } of task.jobs) if (resolveActivity) pending.delete(resolveActivity.seq ?? 0);
      for (const { scheduleActivity } of commands)
        if (scheduleActivity) pending.set(scheduleActivity.seq ?? 0, scheduleActivity);
    }
    const last = history.at(-1)?.jobs ?? [];
    for (const { resolveActivity } of last) if (resolveActivity) pending.delete(resolveActivity.seq ?? 0);
    for (const [seq, command] of pending) this.activities.set(seq, new ActivityExecution(this.server, this, command));
    for (const job of replayed.length === 0 ? this.initial(last) : last) this.add(job);
  }

  /** Adds an event to the next workflow task. */
  add(job: Job): void {
    if (this.closed) return;
    this.jobs.push(job);
    if (this.isBusy) return;
    this.isBusy = true;
    this.server.whenWorkerIsAwake(() => {
      void this.server.time.hold(this.doTask());
    });
  }

  resolve(activity: ActivityExecution, result: coresdk.activity_result.IActivityResolution): void {
    const seq = activity.command.seq ?? 0;
    if (this.resolved.has(seq)) return;
    this.resolved.add(seq);
    this.add({ resolveActivity: { seq, result } });
  }

  cancel(): void {
    if (this.closed) return;
    this.isCancelRequested = true;
    this.server.trace(`${this.label}: cancel is requested`);
    this.add({ cancelWorkflow: { reason: 'simulated' } });
  }

  update(name: string): void {
    if (this.closed) return;
    this.server.trace(`${this.label}: ${name}`);
    const id = `update-${this.tasks.length}-${this.jobs.length}`;
    this.add({ doUpdate: { id, protocolInstanceId: id, name, input: [], headers: {}, meta: {}, runValidator: true } });
  }

  terminate(): void {
    if (this.closed) return;
    this.close({ kind: 'terminated', at: this.server.time.now });
  }

  async status(): Promise<ExportStatus | undefined> {
    if (!this.workflow) return undefined;
    this.queries += 1;
    const query = { queryId: `q${this.queries}`, queryType: EXPORT_STATUS_QUERY, arguments: [] };
    const { successful } = await this.workflow.activate(
      this.activation([{ queryWorkflow: query }], this.server.time.now),
    );
    const [command] = successful?.commands ?? [];
    const response = command?.respondToQuery?.succeeded?.response;
    return response ? defaultPayloadConverter.fromPayload<ExportStatus>(response) : undefined;
  }

  async dispose(): Promise<void> {
    await this.workflow?.dispose();
    this.workflow = undefined;
  }

  private async doTask(): Promise<void> {
    const { jobs } = this;
    this.jobs = [];
    this.isBusy = false;
    if (this.closed || jobs.length === 0) return;
    const { now } = this.server.time;
    const task: Task = { jobs, at: now, patches: [] };
    const commands = await this.activate(jobs, now, false);
    this.tasks.push(task);
    for (const command of commands) this.obey(command, task);
    if (this.options.input.onBlocked === 'wait') {
      this.lastStatus = await this.status();
      this.server.trace(`${this.label}: ${this.lastStatus?.stage ?? ''}`);
      if (this.lastStatus?.stage === 'blocked') this.server.onBlocked(this);
    }
  }

  private async activate(jobs: readonly Job[], at: number, isReplaying: boolean): Promise<readonly Command[]> {
    const activation = this.activation(jobs, at, isReplaying);
    this.workflow ??= await this.server.createWorkflow(this.info(at), this.seed(), at + this.server.time.startedAt);
    const { successful, failed } = await this.workflow.activate(activation);
    if (failed) {
      this.taskFailure = failed.failure ?? {};
      this.server.trace(`${this.label}: workflow task failed: ${failed.failure?.message ?? ''}`);
    }
    return successful?.commands ?? [];
  }

  private obey(command: Command, task: Task): void {
    const { time } = this.server;
    if (command.scheduleActivity) {
      this.activities.set(
        command.scheduleActivity.seq ?? 0,
        new ActivityExecution(this.server, this, command.scheduleActivity),
      );
    } else if (command.requestCancelActivity) {
      this.activities.get(command.requestCancelActivity.seq ?? 0)?.requestCancel();
    } else if (command.setPatchMarker) {
      task.patches.push(command.setPatchMarker.patchId ?? '');
    } else if (command.completeWorkflowExecution) {
      const { result } = command.completeWorkflowExecution;
      this.close({ kind: 'completed', at: time.now, ...(result && { result }) });
    } else if (command.failWorkflowExecution) {
      this.close({ kind: 'failed', at: time.now, failure: command.failWorkflowExecution.failure ?? {} });
    } else if (command.cancelWorkflowExecution) {
      this.close({ kind: 'cancelled', at: time.now });
    } else if (!command.modifyWorkflowProperties && !command.updateResponse) {
      throw new Error(`The simulated server does not know the command ${Object.keys(command).join()}`);
    }
  }

  private close(closed: Closed): void {
    this.closed = closed;
    this.server.trace(`${this.label} is ${closed.kind} ${closed.failure?.message ?? ''}`);
    for (const activity of this.activities.values()) activity.drop();
    this.server.onClosed(this);
  }

  private initialization(): coresdk.workflow_activation.IInitializeWorkflow {
    const { workflowId, originalRunId, input, startedAt } = this.options;
    return {
      workflowId,
      workflowType: 'exportModelWorkflow',
      arguments: [defaultPayloadConverter.toPayload(input)],
      randomnessSeed: Long.fromNumber(1),
      headers: {},
      attempt: 1,
      firstExecutionRunId: originalRunId,
      startTime: msToTs(this.server.time.startedAt + Math.floor(startedAt)),
    };
  }

  private initial(jobs: readonly Job[]): Job[] {
    return jobs.map((job) => (job.initializeWorkflow ? { initializeWorkflow: this.initialization() } : job));
  }

  private activation(
    jobs: readonly Job[],
    at: number,
    isReplaying = false,
  ): coresdk.workflow_activation.WorkflowActivation {
    return coresdk.workflow_activation.WorkflowActivation.fromObject({
      runId: this.runId,
      timestamp: msToTs(this.server.time.startedAt + Math.floor(at)),
      isReplaying,
      historyLength: 10,
      historySizeBytes: Long.fromNumber(1_000),
      continueAsNewSuggested: false,
      jobs: [...jobs],
      availableInternalFlags: [1, 2, 3],
    });
  }

  private seed(): number[] {
    return [1, 2, 3, 4, 5, 6, 7, 8];
  }

  private info(at: number) {
    const { workflowId, runId, originalRunId, startedAt } = this.options;
    return {
      ...{ workflowId, runId, workflowType: 'exportModelWorkflow', taskQueue: 'simulated', namespace: 'default' },
      searchAttributes: {},
      typedSearchAttributes: new TypedSearchAttributes(),
      firstExecutionRunId: originalRunId,
      originalExecutionRunId: originalRunId,
      startTime: new Date(this.server.time.startedAt + Math.floor(startedAt)),
      runStartTime: new Date(this.server.time.startedAt + Math.floor(at)),
      taskTimeoutMs: 10_000,
      ...{ attempt: 1, historyLength: 1, historySize: 0, continueAsNewSuggested: false },
    };
  }
}

function patchesIn(tasks: readonly Task[]): Job[] {
  return tasks.flatMap(({ patches }) => patches.map((patchId) => ({ notifyHasPatch: { patchId } })));
}
