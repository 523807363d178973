import type { Workflow } from '@temporalio/worker/lib/workflow/interface';
import type { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm';
import type { Random } from '../chaos/random';
import type { ExportModelInput } from '../../src/contract/export-input';
import type { ActivityExecution } from './activity-execution';
import type { VirtualTime } from './virtual-time';
import type { WorkerSlot } from './worker-slot';
import { WorkflowRun } from './workflow-run';

/** The interval at which a task without a free worker is offered again, in milliseconds. */
const OFFER_EVERY_MS = 500;

/** The Temporal server: workflow runs, their activities, and the queue that workers take tasks from. */
export class SimulatedServer {
  readonly runs: WorkflowRun[] = [];
  /** While it is in the future, no worker has a free slot for activities. */
  slotsTakenUntil = 0;
  onBlocked: (run: WorkflowRun) => void = () => undefined;
  private readonly queue = new Set<ActivityExecution>();
  private isOffering = false;

  constructor(
    readonly time: VirtualTime,
    private readonly random: Random,
    private readonly creator: ReusableVMWorkflowCreator,
    private readonly workers: readonly WorkerSlot[],
    readonly trace: (line: string) => void,
  ) {}

  /** On the way between a worker and the server, in milliseconds. */
  latency(): number {
    return this.random.between(1, 20);
  }

  async start(workflowId: string, input: ExportModelInput): Promise<WorkflowRun> {
    const runId = this.newRunId();
    const startedAt = this.time.now;
    const run = new WorkflowRun(this, { workflowId, runId, originalRunId: runId, input, startedAt });
    this.runs.push(run);
    this.trace(`${run.label} starts: ${JSON.stringify(input)}`);
    await run.begin();
    return run;
  }

  /** Resets a run: its history up to a workflow task is kept. */
  async reset(run: WorkflowRun): Promise<void> {
    if (run.closed || run.tasks.length === 0) return;
    const kept = this.random.between(1, run.tasks.length);
    this.trace(`${run.label} is reset to its workflow task ${kept} of ${run.tasks.length}`);
    const { originalRunId, input, startedAt } = run.options;
    const history = run.tasks.slice(0, kept);
    run.terminate();
    const runId = this.newRunId();
    const next = new WorkflowRun(this, {
      ...{ workflowId: run.workflowId, runId, originalRunId, input, startedAt },
      history,
    });
    this.runs.push(next);
    await next.begin();
  }

  offer(activity: ActivityExecution): void {
    this.queue.add(activity);
    this.time.after(0, () => {
      this.match();
    });
  }

  withdraw(activity: ActivityExecution): void {
    this.queue.delete(activity);
  }

  whenWorkerIsAwake(then: () => void): void {
    this.time.after(this.latency(), () => {
      if (this.workers.some(({ isAwake }) => isAwake)) then();
      else
        this.time.after(OFFER_EVERY_MS, () => {
          this.whenWorkerIsAwake(then);
        });
    });
  }

  onClosed(run: WorkflowRun): void {
    void this.time.hold(
      run.status().then((status) => {
        run.lastStatus = status;
      }),
    );
  }

  createWorkflow(info: unknown, randomnessSeed: number[], now: number): Promise<Workflow> {
    const options = { info, randomnessSeed, now, showStackTraceSources: false };
    return this.creator.createWorkflow(options as Parameters<ReusableVMWorkflowCreator['createWorkflow']>[0]);
  }

  private match(): void {
    for (const activity of this.queue) {
      const mayBeFrozen = this.random.next() < 0.3;
      const polling = this.workers.filter((worker) => worker.isPolling(mayBeFrozen));
      const [first] = polling;
      if (first === undefined || this.time.now < this.slotsTakenUntil) {
        this.offerAgain();
        return;
      }
      this.queue.delete(activity);
      const { process } = this.random.pick([first, ...polling.slice(1)]);
      if (process) activity.start(process);
    }
  }

  private offerAgain(): void {
    if (this.isOffering) return;
    this.isOffering = true;
    this.time.after(OFFER_EVERY_MS, () => {
      this.isOffering = false;
      this.match();
    });
  }

  private newRunId(): string {
    return `00000000-0000-4000-8000-${String(this.runs.length + 1).padStart(12, '0')}`;
  }
}
