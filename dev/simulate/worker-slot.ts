import type { Random } from '../chaos/random';
import type { ExportActivities } from '../../src/contract/export-activities';
import type { Call, SimulatedService } from './service';
import { ServiceClients } from './service-clients';
import type { LocalTime } from './virtual-globals';
import { currentProcess } from './virtual-globals';
import type { VirtualTime } from './virtual-time';
import type { WorkerCode } from './worker-code';

/** Something that runs in a worker process and must end with it. */
export interface Running {
  /** The process is killed. */
  abandon(): void;
  /** The process shuts down gracefully. */
  shutDown(): void;
}

/** Limits of a process's budgets, per minute. */
export interface Budgets {
  readonly requests: number;
  readonly submissions: number;
}

/** A request that left a process. */
export interface Sent {
  readonly at: number;
  readonly call: Call;
}

/** A slot in which worker processes run one after another. Its time is paused while the process is frozen. */
export class WorkerSlot implements LocalTime {
  process: Incarnation | undefined;
  private isFrozen = false;
  private frozenAt = -Infinity;
  private inbox: (() => void)[] = [];

  constructor(
    readonly index: number,
    readonly code: WorkerCode,
    readonly time: VirtualTime,
    readonly trace: (line: string) => void,
  ) {}

  get now(): number {
    return this.time.now;
  }

  get wallNow(): number {
    return this.time.wallNow;
  }

  after(ms: number, callback: () => void): () => void {
    let isCancelled = false;
    const cancel = this.time.after(ms, () => {
      this.deliver(() => {
        if (!isCancelled) callback();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  /** Whether a task can be given to it: a frozen process still has requests for tasks open, for a while. */
  isPolling(mayBeFrozen: boolean): boolean {
    if (this.process === undefined || this.process.isStopping) return false;
    return !this.isFrozen || (mayBeFrozen && this.now - this.frozenAt < 60_000);
  }

  get isAwake(): boolean {
    return this.process !== undefined && !this.isFrozen;
  }

  /** Runs code of the process; while it is frozen, later. */
  deliver(callback: () => void): void {
    if (this.isFrozen) this.inbox.push(callback);
    else currentProcess.run(this, callback);
  }

  freeze(): void {
    if (this.isFrozen) return;
    this.isFrozen = true;
    this.frozenAt = this.now;
    this.trace(`worker ${this.index} is frozen`);
  }

  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    this.trace(`worker ${this.index} continues`);
    const inbox = this.inbox;
    this.inbox = [];
    // One after the other, as an event loop does.
    for (const callback of inbox) {
      this.time.after(0, () => {
        this.deliver(callback);
      });
    }
  }

  kill(): void {
    const { process } = this;
    if (process === undefined) return;
    this.trace(`worker ${this.index} dies`);
    this.process = undefined;
    // The received data is lost. Its timers end the remaining code, without any effect.
    this.thaw();
    this.deliver(() => {
      process.die();
    });
  }
}

/** One worker process, from its start to its death. */
export class Incarnation {
  readonly activities: ExportActivities;
  readonly running = new Set<Running>();
  readonly requests = new Set<() => void>();
  readonly sent: Sent[] = [];
  isStopping = false;
  isDead = false;

  constructor(
    readonly slot: WorkerSlot,
    service: SimulatedService,
    private readonly random: Random,
    readonly budgetLimits: Budgets,
    private readonly freezesAtSend: () => number,
  ) {
    const { activities, verification, poller, budgets, budgeted, timers, define, requests } = slot.code;
    const clients = new ServiceClients(service, this, (call) => {
      if (!['getBucket', 'listObjects', 'deleteObject'].includes(call)) this.sent.push({ at: slot.now, call });
    });
    const vertex = clients.vertex();
    const metrics = { recordRequest: ignore, recordPoll: ignore, recordEnd: ignore, recordOperations: ignore };
    const limits = { maxRequestsPerMinute: budgetLimits.requests, maxSubmissionsPerMinute: budgetLimits.submissions };
    const regionBudgets = new budgets.RegionBudgets(timers.processTimers, metrics, limits);
    const missing = (): Promise<never> => Promise.reject(new Error('The simulation has no images'));
    const deps = {
      vertex: budgeted.budgetedVertex(vertex, regionBudgets),
      storage: clients.storage(),
      registry: { getManifest: missing, getBlobSize: missing, readBlob: missing },
      poller: new poller.SharedOperationPoller(vertex, regionBudgets, { random: () => this.random.next() }),
      uploadBuckets: [],
      submission: budgeted.submissionsOf(vertex, regionBudgets),
      settleDelayMs: 15_000,
      refusedMs: 300_000,
    };
    this.activities = {
      ...activities.exportActivities(deps),
      // The same activity; its code would be loaded by a separate import, which would not belong to this process.
      verifyExport: define.defineActivity({
        schema: requests.verifyExportRequestSchema,
        heartbeatTimeoutMs: (request) => request.heartbeatTimeoutMs,
        purpose: 'artifacts',
        run: (request, report) => verification.verifyExport(deps, request, report),
      }),
    };
  }

  get code(): WorkerCode {
    return this.slot.code;
  }

  deliver(callback: () => void): void {
    this.slot.deliver(() => {
      if (!this.isDead) callback();
    });
  }

  trace(line: string): void {
    this.slot.trace(`worker ${this.slot.index}: ${line}`);
  }

  throwIfDead(): void {
    if (this.isDead) throw new Error('The process is dead');
  }

  /** How long a request waits in a process that is frozen between its last check and its sending, in milliseconds. */
  sendDelayMs(call: Call): number {
    return call === 'export' ? this.freezesAtSend() : 0;
  }

  die(): void {
    this.isDead = true;
    for (const end of this.requests) end();
    this.requests.clear();
    for (const running of this.running) running.abandon();
    this.running.clear();
  }
}

function ignore(): void {
  // The metrics of a simulation are not used.
}
