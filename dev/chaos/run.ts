import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { EXPORT_MODEL_WORKFLOW, EXPORT_MODELS_WORKFLOW, VertexExportClient } from '../../src';
import { childWorkflowId } from '../../src/contract/workflow-id';
import type { Verdict } from './check';
import { check } from './check';
import { collect } from './collect';
import { childInput, fleetInput, singleInput } from './input';
import { intervene, resetWorkflow } from './interventions';
import type { ChaosPlan, FleetIntervention, PlannedFleet, PlannedSingle } from './plan';
import { whileServerIsAway } from './server-calls';
import type { ChaosStack } from './stack';
import type { Started } from './world';

/** The outcome of a chaos run: the line that `--json` prints. */
export interface ChaosReport extends Omit<Verdict, 'problems' | 'terminatedOperations' | 'adopted' | 'extra'> {
  readonly seed: number;
  readonly exports: number;
  /** The number of events of each kind. `continueAsNew` counts further runs of fleets. */
  readonly events: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** The time for exports to end after the last event, in milliseconds. A refused step is retried for five minutes. */
const END_WITHIN_MS = 420_000;
const END_POLL_MS = 2_500;
/** The wait after all ends, in milliseconds, because requests of a terminated workflow can still take effect. */
const QUIET_MS = 10_000;
const TASK_QUEUE = 'vertex-export';

/** Runs a plan to its end, and compares the reports with the actual events. */
export async function runChaos(stack: ChaosStack, plan: ChaosPlan, log: (line: string) => void): Promise<ChaosReport> {
  const startedAt = Date.now();
  const say = (line: string): void => {
    log(`${((Date.now() - startedAt) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  };
  const connection = await Connection.connect({ address: stack.address });
  const client = new Client({ connection });
  const run = new Run(client, say);
  try {
    const happening = makeEventsHappen(stack, plan, run);
    const singles = plan.singles.map((planned, index) => run.single(planned, index));
    const fleets = plan.fleets.map((planned, index) => run.fleet(planned, index));
    const ends = Promise.all([...singles, ...fleets]);
    ends.catch(() => undefined);
    await happening;
    run.giveUpAt = Date.now() + END_WITHIN_MS;
    say('the last event is over; the run waits for the exports to end');
    await ends;
    say('all exports have ended or are counted as lost');
    await sleep(QUIET_MS);
    const { world, continuedAsNew } = await collect(client, stack, plan, run.started);
    const { problems, terminatedOperations, adopted, extra, ...counts } = check(world);
    for (const problem of problems) say(problem);
    say(`operations of terminated exports, which are not cancelled: ${terminatedOperations}`);
    say(`operations that were found again after a loss: ${adopted}; extra operations that were cancelled: ${extra}`);
    return {
      seed: plan.seed,
      exports: world.exports.length,
      ...pick(counts, ['succeeded', 'cancelled', 'failed']),
      events: { ...Object.fromEntries([...run.events].sort()), continueAsNew: continuedAsNew },
      ...pick(counts, ['lost', 'duplicates', 'orphanedOperations', 'misreported', 'overBudgetMinutes']),
      seconds: Math.round((Date.now() - startedAt) / 1_000),
    };
  } finally {
    await connection.close();
  }
}

/** Whether a run kept every guarantee. */
export function isClean(report: ChaosReport): boolean {
  const { lost, duplicates, orphanedOperations, misreported, overBudgetMinutes } = report;
  return lost + duplicates + orphanedOperations + misreported + overBudgetMinutes === 0;
}

async function makeEventsHappen(stack: ChaosStack, { events }: ChaosPlan, run: Run): Promise<void> {
  await Promise.all(
    events.map(async (event) => {
      await sleep(event.afterMs);
      run.count(event.kind, event.durationMs > 0 ? ` for ${(event.durationMs / 1_000).toFixed(1)} s` : '');
      await stack.happen(event);
    }),
  );
}

class Run {
  readonly started = new Map<string, Started>();
  readonly events = new Map<string, number>();
  /** Milliseconds since 1970; set when the last event is over. */
  giveUpAt = Infinity;
  private readonly exports: VertexExportClient;

  constructor(
    private readonly client: Client,
    private readonly say: (line: string) => void,
  ) {
    this.exports = new VertexExportClient(client);
  }

  count(kind: string, more = ''): void {
    this.events.set(kind, (this.events.get(kind) ?? 0) + 1);
    this.say(`${kind}${more}`);
  }

  /** Starts an export, makes the planned intervention, and waits for its end. */
  async single(planned: PlannedSingle, index: number): Promise<void> {
    const { startAfterMs, intervention, interveneAfterMs } = planned;
    await sleep(startAfterMs);
    const workflowId = `export-${index}`;
    await this.start(EXPORT_MODEL_WORKFLOW, workflowId, singleInput(planned, index));
    if (intervention !== undefined) {
      this.note(workflowId, intervention);
      if (intervention === 'deadline') this.count(intervention, ` of ${workflowId}`);
      else {
        await sleep(interveneAfterMs);
        this.count(intervention, ` of ${workflowId}`);
        await intervene(this.client, workflowId, intervention);
      }
    }
    await this.ended(workflowId);
  }

  async fleet(planned: PlannedFleet, index: number): Promise<void> {
    await sleep(planned.startAfterMs);
    const workflowId = `fleet-${index}`;
    await this.start(EXPORT_MODELS_WORKFLOW, workflowId, fleetInput(planned, index));
    if (planned.intervention !== undefined) {
      await sleep(planned.interveneAfterMs);
      await this.interveneInFleet(workflowId, planned.intervention, planned.victim);
    }
    await this.ended(workflowId);
    await Promise.all(
      planned.exports.map((one, number) => this.ended(childWorkflowId(workflowId, childInput(one, index, number)))),
    );
  }

  private async interveneInFleet(fleet: string, intervention: FleetIntervention, victim: number): Promise<void> {
    if (intervention === 'cancelFleet') {
      this.note(fleet, intervention);
      this.count(intervention, ` of ${fleet}`);
      await whileServerIsAway(() => this.client.workflow.getHandle(fleet).cancel());
      return;
    }
    if (intervention === 'resetFleet') {
      this.count(intervention, ` of ${fleet}`);
      await resetWorkflow(this.client, fleet, 'latest');
      return;
    }
    const status = await whileServerIsAway(() => this.exports.getFleet(fleet).status());
    const running = status?.running ?? [];
    const child = running[Math.floor(victim * running.length)];
    if (child === undefined) return;
    this.note(child, intervention);
    this.count(intervention, ` of ${child}`);
    const handle = this.client.workflow.getHandle(child);
    if (intervention === 'resetChild') await resetWorkflow(this.client, child, 'afterSelect');
    else if (intervention === 'cancelChild') await whileServerIsAway(() => handle.cancel());
    else await whileServerIsAway(() => handle.terminate('chaos'));
  }

  private async start(type: string, workflowId: string, input: unknown): Promise<void> {
    // A start whose answer was lost must not become a second one.
    const options = { args: [input], taskQueue: TASK_QUEUE, workflowId } as const;
    await whileServerIsAway(() =>
      this.client.workflow.start(type, { ...options, workflowIdReusePolicy: 'REJECT_DUPLICATE' }),
    );
  }

  private note(workflowId: string, intervention: Started['interventions'][number]): void {
    const started = this.started.get(workflowId) ?? { workflowId, interventions: [] };
    started.interventions.push(intervention);
    this.started.set(workflowId, started);
  }

  private async ended(workflowId: string): Promise<void> {
    for (;;) {
      const described = await whileServerIsAway(() => this.client.workflow.getHandle(workflowId).describe());
      if (described?.status.name !== 'RUNNING' || Date.now() > this.giveUpAt) return;
      await sleep(END_POLL_MS);
    }
  }
}

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
