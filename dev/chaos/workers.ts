import { setTimeout as sleep } from 'node:timers/promises';
import type { GoogleServices } from '../../src/testing/services/local-stack';
import type { TiedProcess } from '../../src/testing/services/tied-process';
import { startWorkerProcess } from '../worker-process';
import { ActionQueue } from './action-queue';

/** The limits of each worker process per minute. They are low, so that the polls have to adapt to them. */
export const LIMITS = { requests: 400, submissions: 30 } as const;

/** Worker processes that run at the same time. */
const WORKERS = 2;
/** Slots of a worker while they are to be exhausted. */
const FEW_SLOTS = 3;
/** Pause before a crashed worker is started again, in milliseconds. */
const RESTART_MS = 1_000;

/**
 * Times of a worker. A start that is held takes effect at most 4.5 s after it was sent (`faults.ts`), and its operation
 * is listed at most 2 s later: the settle delay is longer than both together, as the documentation asks for.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  VERTEX_EXPORT_SETTLE_DELAY: '8s',
  VERTEX_EXPORT_REQUEST_TIMEOUT: '3s',
  VERTEX_EXPORT_LONG_POLL: '5s',
  VERTEX_EXPORT_SHUTDOWN_GRACE: '2s',
  VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE: String(LIMITS.requests),
  VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE: String(LIMITS.submissions),
};

interface Worker {
  /** For example `worker 3`. */
  readonly name: string;
  readonly process: TiedProcess;
  /** Whether the end of the process is intended. It is then not started again. */
  isEnding: boolean;
}

/** The worker processes. A crashed process is started again, like a supervisor does. */
export class Workers {
  private readonly actions = new ActionQueue();
  private readonly running: Worker[] = [];
  /** Names of all processes so far, by the port through which each speaks to Vertex AI. */
  readonly names = new Map<number, string>();
  private slots: number | undefined;
  private isStopped = false;

  private constructor(
    private readonly google: GoogleServices,
    private readonly address: string,
    private readonly say: (line: string) => void,
  ) {}

  static async start(google: GoogleServices, address: string, say: (line: string) => void): Promise<Workers> {
    const workers = new Workers(google, address, say);
    for (let count = 0; count < WORKERS; count += 1) workers.running.push(await workers.newWorker());
    return workers;
  }

  /** Kills one with SIGKILL, and starts another one. */
  kill(choice: number): Promise<void> {
    return this.actions.run(async () => {
      const worker = this.chosen(choice);
      worker.isEnding = true;
      await worker.process.kill();
      await this.replace(worker);
    });
  }

  /** Stops one with SIGSTOP for a while. */
  async freeze(choice: number, ms: number): Promise<void> {
    const { process: frozen } = this.chosen(choice);
    signal(frozen, 'SIGSTOP');
    await sleep(ms);
    signal(frozen, 'SIGCONT');
  }

  /** Replaces each: the new process runs before the old one is asked to stop. */
  rollingDeploy(): Promise<void> {
    return this.actions.run(() => this.deploy());
  }

  /** For a while, workers have few slots. */
  async withFewSlots(ms: number): Promise<void> {
    const change = (slots: number | undefined): Promise<void> =>
      this.actions.run(() => {
        this.slots = slots;
        return this.deploy();
      });
    await change(FEW_SLOTS);
    await sleep(ms);
    await change(undefined);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.actions.run(async () => {
      for (const worker of this.running) worker.isEnding = true;
      await Promise.all(this.running.map((worker) => worker.process.kill()));
    });
  }

  private chosen(choice: number): Worker {
    const worker = this.running[choice % this.running.length];
    if (worker === undefined) throw new Error('No worker is running.');
    return worker;
  }

  private async deploy(): Promise<void> {
    for (const worker of [...this.running]) {
      worker.isEnding = true;
      await this.replace(worker);
      await worker.process.stop();
    }
  }

  private async replace(worker: Worker): Promise<void> {
    const index = this.running.indexOf(worker);
    if (index >= 0 && !this.isStopped) this.running[index] = await this.newWorker();
  }

  private async newWorker(): Promise<Worker> {
    // Each process uses its own port, which identifies its requests.
    const url = await this.google.vertex.openPort();
    const name = `worker ${this.names.size + 1}`;
    this.names.set(Number(new URL(url).port), name);
    const process = await startWorkerProcess({
      ...SETTINGS,
      TEMPORAL_ADDRESS: this.address,
      VERTEX_EMULATOR_HOST: url,
      // Through the emulator, so that these calls fail, too.
      STORAGE_EMULATOR_HOST: url,
      REGISTRY_EMULATOR_HOST: url,
      ...(this.slots !== undefined && { VERTEX_EXPORT_MAX_CONCURRENT_EXPORTS: String(this.slots) }),
    });
    const worker: Worker = { name, process, isEnding: false };
    void process.exited.then((code) => this.restart(worker, code));
    return worker;
  }

  private async restart(worker: Worker, code: number): Promise<void> {
    if (worker.isEnding) return;
    worker.isEnding = true;
    this.say(`${worker.name} ended unexpectedly with ${code}: ${worker.process.tail().split('\n').at(-1) ?? ''}`);
    await sleep(RESTART_MS);
    await this.actions.run(() => this.replace(worker));
  }
}

/** Sends a signal to a process that may be gone. */
export function signal({ pid }: Pick<TiedProcess, 'pid'>, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
