import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GoogleServices, TiedProcess } from '../devservices';
import { startGoogleServices, startTemporalServer, startWorkerProcess } from '../devservices';
import type { EmulatorModel, FaultRule } from '../emulator';
import type { PlannedExport } from './plan';

const DEFAULT_MODELS = path.join(__dirname, '..', 'emulator', 'models', 'default.json');
export const BUCKET = 'exports';

/** Of a hundred calls each of these hits one: five of a hundred fail. */
const HIT_EVERY = 100;
const FAULTS: readonly Omit<FaultRule, 'match'>[] = [
  { fault: { status: 503, body: { error: { code: 503, status: 'UNAVAILABLE', message: 'injected' } } } },
  { fault: { reset: true }, when: 'after' },
  { fault: { html: 502 } },
  { fault: { truncate: true } },
  { fault: { status: 429, body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'injected' } } } },
];

/** What is killed and started again. */
export class ChaosStack {
  private constructor(
    readonly google: GoogleServices,
    readonly address: string,
    private readonly databaseFile: string,
    private server: Pick<TiedProcess, 'kill' | 'stop'>,
    private worker: TiedProcess,
  ) {}

  static async start(databaseFile: string, exports: readonly PlannedExport[]): Promise<ChaosStack> {
    const google = await startGoogleServices({ buckets: [BUCKET] });
    google.vertex.addModels(modelsOf(exports));
    FAULTS.forEach((fault, index) => {
      google.vertex.addFault({
        match: { path: '.' },
        every: HIT_EVERY,
        skip: index * (HIT_EVERY / FAULTS.length),
        ...fault,
      });
    });
    const server = await startTemporalServer({ databaseFile });
    return new ChaosStack(google, server.address, databaseFile, server, await startWorker(google, server.address));
  }

  async killWorker(): Promise<void> {
    await this.worker.kill();
    this.worker = await startWorker(this.google, this.address);
  }

  async killServer(): Promise<void> {
    await this.server.kill();
    const port = Number(this.address.split(':')[1]);
    this.server = await startTemporalServer({ databaseFile: this.databaseFile, port });
  }

  async stop(): Promise<void> {
    await this.worker.kill();
    await this.server.stop();
    await this.google.stop();
  }
}

function startWorker({ vertex }: GoogleServices, address: string): Promise<TiedProcess> {
  return startWorkerProcess({
    TEMPORAL_ADDRESS: address,
    VERTEX_EMULATOR_HOST: vertex.url,
    // Through the emulator, so that their calls fail too.
    STORAGE_EMULATOR_HOST: vertex.url,
    REGISTRY_EMULATOR_HOST: vertex.url,
    VERTEX_EXPORT_SETTLE_DELAY: '1s',
    VERTEX_EXPORT_REQUEST_TIMEOUT: '5s',
    VERTEX_EXPORT_LONG_POLL: '5s',
    // The local Vertex AI has no quota, and what is tried here is not patience.
    VERTEX_EXPORT_MAX_REQUESTS_PER_MINUTE: '1000000',
    VERTEX_EXPORT_MAX_SUBMISSIONS_PER_MINUTE: '1000000',
  });
}

/** Name of the Model that the n-th export exports: each has one, so that its operations are told apart. */
export function modelName(index: number): string {
  return `projects/demo-project/locations/us-central1/models/${8_000_000_000 + index}`;
}

/** The image model that ships with the emulator, for each export under a name and with a duration of its own. */
function modelsOf(planned: readonly PlannedExport[]): EmulatorModel[] {
  const [flowers] = JSON.parse(readFileSync(DEFAULT_MODELS, 'utf8')) as [EmulatorModel];
  const exports = Object.fromEntries(
    Object.entries(flowers.exports).map(([format, { directory = '' }]) => [
      format,
      { directory: path.join(path.dirname(DEFAULT_MODELS), directory) },
    ]),
  );
  return planned.map(({ durationMs }, index) => ({
    model: { ...flowers.model, name: modelName(index) },
    exports,
    durationMs,
  }));
}
