import vm from 'node:vm';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { ReusableVMWorkflowCreator } from '@temporalio/worker/lib/workflow/reusable-vm';
import { Random } from '../chaos/random';
import type { Violation } from './invariants';
import { checkBudgets, checkExport } from './invariants';
import type { PlannedEvent, Scenario } from './scenario';
import { planScenario } from './scenario';
import { SimulatedServer } from './server';
import { SimulatedService } from './service';
import { installVirtualGlobals, restoreGlobals } from './virtual-globals';
import { VirtualTime } from './virtual-time';
import type { WorkerCode } from './worker-code';
import { loadWorkerCode } from './worker-code';
import { Incarnation, WorkerSlot } from './worker-slot';

/** The outcome of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly virtualMs: number;
  readonly trace: readonly string[];
}

const WORKERS = 2;
const STARTED_AT = Date.UTC(2026, 0, 1);
const EXECUTION_TIMEOUT_MS = 10_000;
const ACTIVITIES = [
  'selectExportFormat',
  'startExport',
  'awaitExport',
  'verifyExport',
  'cancelExport',
  'deletePartialArtifacts',
];

/** Simulates exports on virtual time: the real workflow and activities with a simulated server and services. */
export class Simulation {
  private constructor(
    private readonly creator: ReusableVMWorkflowCreator,
    private readonly codes: readonly WorkerCode[],
  ) {}

  /** Bundles the workflow, and loads the activities once for each worker. */
  static async create(): Promise<Simulation> {
    const bundle = await bundleWorkflowCode({
      workflowsPath: path.join(__dirname, '..', '..', 'src', 'workflows', 'index.ts'),
      logger: new DefaultLogger('ERROR'),
    });
    const filename = 'workflow-bundle.js';
    const script = new vm.Script(bundle.code, { filename });
    const parsed = { ...bundle, filename, sourceMap: { version: 3, sources: [], names: [], mappings: '' } };
    const creator = new ReusableVMWorkflowCreator(script, parsed as never, EXECUTION_TIMEOUT_MS, new Set(ACTIVITIES));
    return new Simulation(creator, Array.from({ length: WORKERS }, loadWorkerCode));
  }

  /** Runs one seed to its end, and checks it. */
  async run(seed: number): Promise<Outcome> {
    const life = new Life(seed, planScenario(seed), this.creator, this.codes);
    installVirtualGlobals();
    try {
      return await life.run();
    } finally {
      restoreGlobals();
    }
  }
}

/** One seed. */
class Life {
  private readonly time = new VirtualTime(STARTED_AT);
  private readonly lines: string[] = [];
  private readonly random: Random;
  private readonly service: SimulatedService;
  private readonly workers: readonly WorkerSlot[];
  private readonly server: SimulatedServer;
  private readonly processes: Incarnation[] = [];
  private readonly blockedMs = new Map<string, number>();
  private readonly freezeAtSend: number[] = [];

  constructor(
    private readonly seed: number,
    private readonly scenario: Scenario,
    creator: ReusableVMWorkflowCreator,
    codes: readonly WorkerCode[],
  ) {
    this.random = new Random(seed + 1_000_003);
    const trace = (line: string): void => {
      this.lines.push(`${(this.time.now / 1_000).toFixed(3).padStart(12)} ${line}`);
    };
    this.service = new SimulatedService(this.time, this.random, scenario.service, trace);
    this.workers = codes.map((code, index) => new WorkerSlot(index, code, this.time, trace));
    this.server = new SimulatedServer(this.time, this.random, creator, this.workers, trace);
  }

  async run(): Promise<Outcome> {
    const { exports, events, service } = this.scenario;
    for (const worker of this.workers) this.startProcess(worker);
    for (const window of service.faults.windows) this.lines.push(`fault window ${JSON.stringify(window)}`);
    for (const { at, workflowId, input } of exports) {
      this.time.after(at, () => void this.time.hold(this.server.start(workflowId, input)));
    }
    for (const event of events) {
      this.time.after(event.at, () => {
        this.happen(event);
      });
    }
    this.server.onBlocked = (run) => {
      const waitMs = this.random.between(60_000, 3_600_000);
      const before = this.blockedMs.get(run.workflowId) ?? 0;
      this.blockedMs.set(run.workflowId, before + waitMs + 60_000);
      this.time.after(waitMs, () => {
        run.update(this.random.next() < 0.7 ? 'retryExport' : 'abortExport');
      });
    };
    const violations: Violation[] = [];
    try {
      await this.time.run();
      violations.push(...this.check());
    } catch (error) {
      violations.push({ invariant: 5, what: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    for (const run of this.server.runs) await run.dispose();
    return { seed: this.seed, violations, virtualMs: this.time.now, trace: this.lines };
  }

  private check(): Violation[] {
    const perExport = this.scenario.exports.flatMap((planned) => {
      const runs = this.server.runs.filter(({ workflowId }) => workflowId === planned.workflowId);
      return checkExport(planned, runs, this.service, this.blockedMs.get(planned.workflowId) ?? 0);
    });
    return [...perExport, ...this.processes.flatMap(checkBudgets)];
  }

  private startProcess(worker: WorkerSlot): void {
    worker.process = new Incarnation(worker, this.service, this.random, this.scenario.budgets, () => {
      const ms = this.freezeAtSend[worker.index] ?? 0;
      if (ms > 0) this.freeze(worker, ms);
      this.freezeAtSend[worker.index] = 0;
      return ms;
    });
    this.processes.push(worker.process);
    worker.trace(`worker ${worker.index} starts`);
  }

  private freeze(worker: WorkerSlot, ms: number): void {
    worker.freeze();
    this.time.after(ms, () => {
      worker.thaw();
    });
  }

  private restart(worker: WorkerSlot, afterMs: number): void {
    worker.kill();
    this.time.after(afterMs, () => {
      if (worker.process === undefined) this.startProcess(worker);
    });
  }

  private happen({ kind, target, forMs }: PlannedEvent): void {
    const worker = this.workers[target];
    const run = this.server.runs.findLast(({ workflowId }) => workflowId === this.scenario.exports[target]?.workflowId);
    if (kind === 'kill' && worker) this.restart(worker, forMs);
    if (kind === 'freeze' && worker) this.freeze(worker, forMs);
    if (kind === 'freeze at send') this.freezeAtSend[target] = forMs;
    if (kind === 'shut down' && worker) this.shutDown(worker, forMs);
    if (kind === 'cancel') run?.cancel();
    if (kind === 'reset' && run) void this.time.hold(this.server.reset(run));
    if (kind === 'take slots') this.server.slotsTakenUntil = this.time.now + forMs;
    if (kind === 'reset activity' && run) for (const activity of run.activities.values()) activity.reset();
  }

  private shutDown(worker: WorkerSlot, forMs: number): void {
    const { process } = worker;
    if (process === undefined) return;
    worker.trace(`worker ${worker.index} shuts down`);
    process.isStopping = true;
    worker.deliver(() => {
      for (const running of process.running) running.shutDown();
    });
    this.time.after(10_000, () => {
      if (worker.process === process) this.restart(worker, forMs);
    });
  }
}
