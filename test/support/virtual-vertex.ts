import { GoogleApiError } from '../../src/google/api-error';
import type { BeforeSend } from '../../src/google/rest';
import type { ExportOperation, OperationPage, VertexApi } from '../../src/google/vertex';
import type { VirtualClock } from './virtual-clock';

/** What a virtual service does. */
export interface VirtualService {
  /** `honoured` holds until the end; `returns-early` answers at once. Default `unimplemented`. */
  readonly wait?: 'honoured' | 'returns-early' | 'unimplemented';
  /** Whether operations can be listed, and below a location too. Default: not at all. */
  readonly list?: 'with-nested' | 'by-model';
  /** From a request to its answer, in milliseconds. Default 100. */
  readonly latencyMs?: number;
  /** What a request for a resource fails with. Default: it does not fail. */
  readonly failure?: (call: VirtualRequest['call'], resource: string, at: number) => Error | undefined;
  /** Whether every page of a list names the same next page. */
  readonly repeatsPageToken?: boolean;
}

interface VirtualOperation {
  readonly name: string;
  readonly createdAt: number;
  readonly endsAt: number;
  /** Times at which it was looked at. */
  readonly looks: number[];
}

/** One request, with its time. */
interface VirtualRequest {
  readonly call: 'get' | 'wait' | 'list';
  readonly at: number;
}

const PAGE_SIZE = 100;
const LATENCY_MS = 100;

/** A service on a virtual clock, for what takes hours or thousands of operations; the emulator is there for all else. */
export class VirtualVertex implements VertexApi {
  readonly operations: VirtualOperation[] = [];
  readonly requests: VirtualRequest[] = [];
  private readonly byName = new Map<string, VirtualOperation>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly service: VirtualService = {},
  ) {}

  /** Starts an operation of a Model; gives its name. */
  start(model: string, durationMs: number): VirtualOperation {
    const createdAt = this.clock.now();
    const name = `projects/123/locations/us-central1/models/${model}/operations/${this.operations.length + 1}`;
    const operation = { name, createdAt, endsAt: createdAt + durationMs, looks: [] };
    this.operations.push(operation);
    this.byName.set(name, operation);
    return operation;
  }

  async getOperation(name: string, _signal?: AbortSignal, beforeSend?: BeforeSend): Promise<ExportOperation> {
    await this.arrive('get', name, beforeSend);
    return this.answer(this.look(this.find(name)));
  }

  async waitOperation(
    name: string,
    timeoutMs: number,
    _signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<ExportOperation> {
    await this.arrive('wait', name, beforeSend);
    const { wait = 'unimplemented' } = this.service;
    if (wait === 'unimplemented') throw refused('UNIMPLEMENTED', 501, 'no wait');
    const operation = this.find(name);
    if (wait === 'honoured')
      await this.clock.sleep(Math.max(0, Math.min(timeoutMs, operation.endsAt - this.clock.now())));
    return this.answer(this.look(operation));
  }

  async listOperations(
    parent: string,
    pageToken: string,
    _signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<OperationPage> {
    await this.arrive('list', parent, beforeSend);
    const { list } = this.service;
    if (list === undefined) throw refused('UNIMPLEMENTED', 501, 'no list');
    const hasNested = list === 'with-nested' || parent.includes('/models/');
    const all = hasNested ? this.operations.filter(({ name }) => name.startsWith(`${parent}/`)).reverse() : [];
    const from = Number(pageToken);
    const next = from + PAGE_SIZE;
    return this.answer({
      operations: all.slice(from, next).map((operation) => this.look(operation)),
      nextPageToken: this.service.repeatsPageToken ? '0' : next < all.length ? String(next) : '',
    });
  }

  getModel(): never {
    throw new Error('not part of it');
  }

  listModels(): never {
    throw new Error('not part of it');
  }

  exportModel(): never {
    throw new Error('not part of it');
  }

  cancelOperation(): never {
    throw new Error('not part of it');
  }

  private async arrive(call: VirtualRequest['call'], resource: string, beforeSend?: BeforeSend): Promise<void> {
    await beforeSend?.();
    const at = this.clock.now();
    this.requests.push({ call, at });
    await this.clock.sleep((this.service.latencyMs ?? LATENCY_MS) / 2);
    const failure = this.service.failure?.(call, resource, at);
    if (failure) throw failure;
  }

  private async answer<T>(answer: T): Promise<T> {
    await this.clock.sleep((this.service.latencyMs ?? LATENCY_MS) / 2);
    return answer;
  }

  private find(name: string): VirtualOperation {
    const operation = this.byName.get(name);
    if (operation === undefined) throw refused('NOT_FOUND', 404, name);
    return operation;
  }

  private look(operation: VirtualOperation): ExportOperation {
    const now = this.clock.now();
    operation.looks.push(now);
    const done = now >= operation.endsAt;
    return {
      name: operation.name,
      done,
      metadata: {
        genericMetadata: {
          createTime: new Date(this.clock.dateOf(operation.createdAt)).toISOString(),
          updateTime: new Date(this.clock.dateOf(done ? operation.endsAt : operation.createdAt)).toISOString(),
        },
        outputInfo: {},
      },
    };
  }
}

function refused(status: 'UNIMPLEMENTED' | 'NOT_FOUND', httpStatus: number, message: string): GoogleApiError {
  return new GoogleApiError(message, status, httpStatus, 'virtual');
}
