import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GoogleServices } from '../../src/testing/services/local-stack';
import type { TemporalServer } from '../../src/testing/services/services';
import { startGoogleServices } from '../../src/testing/services/local-stack';
import { startTemporalServer } from '../../src/testing/services/services';
import { orStop } from '../../src/testing/services/start-all';
import type { EmulatorModel, LoggedRequest } from '../../emulator';
import { addPermanentFaults, PassingFaults } from './faults';
import { ActionQueue } from './action-queue';
import type { ChaosPlan, PlannedEvent, PlannedExport } from './plan';
import { signal, Workers } from './workers';
import type { ObservedProcess } from './world';

const DEFAULT_MODELS = path.join(__dirname, '..', '..', 'emulator', 'models', 'default.json');
export const BUCKET = 'exports';

/** A fleet whose history has this many events continues as new: the server suggests it at 4,096 by default. */
const LONG_HISTORY = 60;
const DYNAMIC_CONFIG = { 'limit.historyCount.suggestContinueAsNew': LONG_HISTORY };

/** The services, the server and the workers, and the events that can affect them. */
export class ChaosStack {
  private readonly serverActions = new ActionQueue();
  private readonly passing: PassingFaults;

  private constructor(
    readonly google: GoogleServices,
    readonly address: string,
    private readonly databaseFile: string,
    private readonly requests: readonly LoggedRequest[],
    private readonly workers: Workers,
    private server: Pick<TemporalServer, 'pid' | 'kill' | 'stop'>,
  ) {
    this.passing = new PassingFaults(google.vertex);
  }

  static async start(databaseFile: string, plan: ChaosPlan, say: (line: string) => void): Promise<ChaosStack> {
    const requests: LoggedRequest[] = [];
    const google = await startGoogleServices({
      buckets: [BUCKET],
      emulator: { onRequest: (request) => requests.push(request) },
    });
    google.vertex.addModels(modelsOf(plan));
    addPermanentFaults(google.vertex);
    const server = await orStop([google], () => startTemporalServer({ databaseFile, dynamicConfig: DYNAMIC_CONFIG }));
    const { address } = server;
    const workers = await orStop([server, google], () => Workers.start(google, address, say));
    return new ChaosStack(google, address, databaseFile, requests, workers, server);
  }

  /** Makes an event happen; resolves when it is over. */
  happen({ kind, durationMs, choice }: PlannedEvent): Promise<void> {
    switch (kind) {
      case 'killWorker':
        return this.workers.kill(choice);
      case 'killServer':
        return this.serverActions.run(() => this.killServer());
      case 'freezeWorker':
        return this.workers.freeze(choice, durationMs);
      case 'freezeServer':
        return this.serverActions.run(() => this.freezeServer(durationMs));
      case 'rollingDeploy':
        return this.workers.rollingDeploy();
      case 'fewSlots':
        return this.workers.withFewSlots(durationMs);
      case 'lateList':
        return this.passing.lateList(durationMs);
      case 'refusedList':
        return this.passing.refusedList(durationMs, choice);
      case 'lateEffect':
        return this.passing.lateEffect(durationMs);
      case 'wrongStatus':
        return this.passing.wrongStatus(durationMs, choice);
    }
  }

  /** The requests of every worker process to Vertex AI, including processes that have ended. */
  processes(): ObservedProcess[] {
    return [...this.workers.names].map(([port, name]) => ({
      name,
      requests: this.requests
        .filter((request) => request.port === port && /^(models|operations)\./.test(request.route))
        .map(({ at, route }) => ({ at: Date.parse(at), route })),
    }));
  }

  async stop(): Promise<void> {
    await this.workers.stop();
    await this.server.stop();
    await this.google.stop();
  }

  private async killServer(): Promise<void> {
    await this.server.kill();
    const port = Number(this.address.split(':')[1]);
    const { databaseFile } = this;
    this.server = await startTemporalServer({ databaseFile, port, dynamicConfig: DYNAMIC_CONFIG });
  }

  private async freezeServer(ms: number): Promise<void> {
    signal(this.server, 'SIGSTOP');
    await sleep(ms);
    signal(this.server, 'SIGCONT');
  }
}

/** Name of the Model of an export. Each export has its own Model, so that its operations can be identified. */
export function singleModel(index: number): string {
  return modelName(8_000_000_000 + index);
}

export function fleetModel(fleet: number, index: number): string {
  return modelName(9_000_000_000 + fleet * 1_000 + index);
}

function modelName(id: number): string {
  return `projects/demo-project/locations/us-central1/models/${id}`;
}

/** The image model that ships with the emulator, for each export with a separate name and duration. */
function modelsOf({ singles, fleets }: ChaosPlan): EmulatorModel[] {
  const [flowers] = JSON.parse(readFileSync(DEFAULT_MODELS, 'utf8')) as [EmulatorModel];
  const exports = Object.fromEntries(
    Object.entries(flowers.exports).map(([format, { directory = '' }]) => [
      format,
      { directory: path.join(path.dirname(DEFAULT_MODELS), directory) },
    ]),
  );
  const modelOf = ({ durationMs, firstOutcome }: PlannedExport, name: string): EmulatorModel => ({
    model: { ...flowers.model, name },
    exports,
    durationMs,
    outcome: [firstOutcome === 'error' ? { error: { code: 14, message: 'injected' } } : firstOutcome, 'success'],
  });
  return [
    ...singles.map((single, index) => modelOf(single, singleModel(index))),
    ...fleets.flatMap((fleet, number) => fleet.exports.map((one, index) => modelOf(one, fleetModel(number, index)))),
  ];
}
