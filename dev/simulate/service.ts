import type { Random } from '../chaos/random';
import type { VirtualTime } from './virtual-time';

/** Calls of the simulated services. */
export type Call =
  'getModel' | 'export' | 'list' | 'get' | 'wait' | 'cancel' | 'getBucket' | 'listObjects' | 'deleteObject';

/** The faults of a request. */
export type FaultKind =
  /** 503, and nothing happened. */
  | 'unavailable'
  /** 403 of the service. */
  | 'denied'
  /** A proxy's page with 403. */
  | 'page'
  | 'missing'
  | 'precondition'
  | 'throttled'
  | 'unimplemented'
  /** No answer, and nothing happened. */
  | 'lost-request'
  /** No answer, although it happened. */
  | 'lost-answer'
  /** 504 or no answer, and it happens later. */
  | 'late-effect'
  /** 499 or 409, although it happened. */
  | 'aborted'
  | 'slow';

/** A time in which requests fail. */
export interface FaultWindow {
  readonly from: number;
  readonly to: number;
  readonly calls: readonly Call[];
  readonly kind: FaultKind;
}

/** The faults of the services in one simulation. */
export interface FaultPlan {
  readonly windows: readonly FaultWindow[];
  /** Share of single requests that fail, by kind. */
  readonly chances: readonly { readonly calls: readonly Call[]; readonly kind: FaultKind; readonly chance: number }[];
  /** The longest delay before a started operation is listed, in milliseconds. */
  readonly listLagMs: number;
  /** The longest delay of an effect, in milliseconds. */
  readonly lateEffectMs: number;
}

/** The outcome of an operation that is not cancelled. */
export type OperationEnd = 'succeeded' | 'passing error' | 'lasting error' | 'without files';

/** An operation of the simulated Vertex AI. */
export interface Operation {
  readonly name: string;
  readonly model: string;
  readonly prefix: string;
  readonly artifactOutputUri: string;
  readonly createdAt: number;
  readonly listedFrom: number;
  /** `undefined` while it runs. */
  ended?: { readonly at: number; readonly error?: { readonly code: number; readonly message: string } };
  cancelAsked: boolean;
  /** The time of the first cancel request by a worker, whatever the answer was. */
  cancelTriedAt: number;
}

/** An object of the simulated Cloud Storage. */
export interface StoredObject {
  readonly name: string;
  readonly size: number;
  readonly generation: string;
}

export interface ServicePlan {
  readonly faults: FaultPlan;
  /** Duration and end of each operation, in the order of their starts. */
  readonly operation: () => { readonly durationMs: number; readonly end: OperationEnd };
  /** Whether operations can be cancelled; and whether `:wait` works. */
  readonly cancels: boolean;
  readonly waits: boolean;
}

/** gRPC codes. */
const CANCELLED = { code: 1, message: 'The operation was cancelled.' };
const ERRORS = {
  'passing error': { code: 13, message: 'Internal error of the service.' },
  'lasting error': { code: 3, message: 'The model cannot be exported.' },
};

/** The actual state of Vertex AI and Cloud Storage, independent of the answers to requests. */
export class SimulatedService {
  readonly operations: Operation[] = [];
  readonly objects = new Map<string, StoredObject>();

  constructor(
    readonly time: VirtualTime,
    readonly random: Random,
    readonly plan: ServicePlan,
    private readonly trace: (line: string) => void,
  ) {}

  /** The fault of a request that arrives now. */
  faultOf(call: Call): FaultKind | undefined {
    const { now } = this.time;
    const { windows, chances } = this.plan.faults;
    const window = windows.find(({ from, to, calls }) => from <= now && now < to && calls.includes(call));
    if (window !== undefined) return window.kind;
    return chances.find(({ calls, chance }) => calls.includes(call) && this.random.next() < chance)?.kind;
  }

  start(model: string, prefix: string): Operation {
    const { time, random } = this;
    const id = String(1_000 + this.operations.length);
    const [parent = ''] = model.split('@');
    const operation: Operation = {
      name: `${parent.replace(/^projects\/[^/]+/, 'projects/123')}/operations/${id}`,
      model: parent,
      prefix,
      artifactOutputUri: `${prefix}model-${id}/tflite/2026-01-01T00:00:00Z`,
      createdAt: time.now,
      listedFrom: time.now + random.between(0, this.plan.faults.listLagMs),
      cancelAsked: false,
      cancelTriedAt: Infinity,
    };
    this.operations.push(operation);
    const { durationMs, end } = this.plan.operation();
    this.trace(`service: ${id} starts, would end ${end} after ${durationMs} ms`);
    time.after(durationMs / 2, () => {
      if (operation.ended === undefined && end !== 'without files') this.write(operation, 'dict.txt', 100);
    });
    time.after(durationMs, () => {
      if (operation.ended !== undefined) return;
      if (end === 'succeeded') this.write(operation, 'model.tflite', 5_000);
      const failed = end === 'passing error' || end === 'lasting error';
      this.end(operation, failed ? ERRORS[end] : undefined);
    });
    return operation;
  }

  cancel(operation: Operation): void {
    if (operation.cancelAsked) return;
    operation.cancelAsked = true;
    const delay = this.random.between(0, 1) === 0 ? 100 : this.random.between(100, 60_000);
    this.time.after(delay, () => {
      if (operation.ended === undefined) this.end(operation, CANCELLED);
    });
  }

  private end(operation: Operation, error?: { code: number; message: string }): void {
    operation.ended = { at: this.time.now, ...(error && { error }) };
    this.trace(`service: ${operation.name.replace(/^.*\//, '')} ends ${error?.message ?? 'well'}`);
  }

  private write({ artifactOutputUri }: Operation, file: string, size: number): void {
    const name = `${artifactOutputUri.replace(/^gs:\/\/[^/]+\//, '')}/${file}`;
    this.objects.set(name, { name, size, generation: String(this.objects.size + 1) });
  }
}
