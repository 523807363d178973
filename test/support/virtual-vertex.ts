import { GoogleApiError } from '../../src/google/api-error';
import type { BeforeSend } from '../../src/google/rest';
import type { ExportOperation, OperationPage, VertexApi } from '../../src/google/vertex';
import type { VirtualClock } from './virtual-clock';

/** The behaviour of a virtual service. */
export interface VirtualService {
  /** `honoured` holds a long poll until the end; `returns-early` answers at once. Default `unimplemented`. */
  readonly wait?: 'honoured' | 'returns-early' | 'unimplemented';
  /** Whether a location lists all operations (`with-nested`), or only each Model its operations. Default: no lists. */
  readonly list?: 'with-nested' | 'by-model';
  /** From a request to its answer, in milliseconds. Default 100. */
  readonly latencyMs?: number;
  /** Returns the error of a request. Default: no request fails. */
  readonly failure?: (call: VirtualRequest['call'], resource: string, at: number) => Error | undefined;
  /** Whether every page of a list names the same next page. */
  readonly repeatsPageToken?: boolean;
  /** Whether an abort ends a request at once, as it does with the real client. Default: the request is answered. */
  readonly abortsRequests?: boolean;
}

interface VirtualOperation {
  readonly name: string;
  readonly createdAt: number;
  readonly endsAt: number;
  /** The times at which it was returned, by a GET, a long poll or a list. */
  readonly polls: number[];
}

/** A request and its time. */
interface VirtualRequest {
  readonly call: 'get' | 'wait' | 'list';
  readonly at: number;
}

const PAGE_SIZE = 100;
const LATENCY_MS = 100;

/** A service on a virtual clock, for tests with hours or thousands of operations. Other tests use the emulator. */
export class VirtualVertex implements VertexApi {
  readonly operations: VirtualOperation[] = [];
  readonly requests: VirtualRequest[] = [];
  private readonly byName = new Map<string, VirtualOperation>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly service: VirtualService = {},
  ) {}

  /** Starts an operation of a Model. */
  start(model: string, durationMs: number): VirtualOperation {
    const createdAt = this.clock.now();
    const name = `projects/123/locations/us-central1/models/${model}/operations/${this.operations.length + 1}`;
    const operation = { name, createdAt, endsAt: createdAt + durationMs, polls: [] };
    this.operations.push(operation);
    this.byName.set(name, operation);
    return operation;
  }

  async getOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend): Promise<ExportOperation> {
    await this.arrive('get', name, signal, beforeSend);
    return this.answer(this.poll(this.find(name)));
  }

  async waitOperation(
    name: string,
    timeoutMs: number,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<ExportOperation> {
    await this.arrive('wait', name, signal, beforeSend);
    const { wait = 'unimplemented' } = this.service;
    if (wait === 'unimplemented') throw refused('UNIMPLEMENTED', 501, 'no wait');
    const operation = this.find(name);
    if (wait === 'honoured')
      await this.clock.sleep(Math.max(0, Math.min(timeoutMs, operation.endsAt - this.clock.now())));
    return this.answer(this.poll(operation));
  }

  async listOperations(
    parent: string,
    pageToken: string,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<OperationPage> {
    await this.arrive('list', parent, signal, beforeSend);
    const { list } = this.service;
    if (list === undefined) throw refused('UNIMPLEMENTED', 501, 'no list');
    const hasNested = list === 'with-nested' || parent.includes('/models/');
    const all = hasNested ? this.operations.filter(({ name }) => name.startsWith(`${parent}/`)).reverse() : [];
    const from = Number(pageToken);
    const next = from + PAGE_SIZE;
    return this.answer({
      operations: all.slice(from, next).map((operation) => this.poll(operation)),
      nextPageToken: this.service.repeatsPageToken ? '0' : next < all.length ? String(next) : '',
    });
  }

  getModel(): never {
    throw new Error('The virtual service does not have this call');
  }

  listModels(): never {
    throw new Error('The virtual service does not have this call');
  }

  exportModel(): never {
    throw new Error('The virtual service does not have this call');
  }

  cancelOperation(): never {
    throw new Error('The virtual service does not have this call');
  }

  private async arrive(
    call: VirtualRequest['call'],
    resource: string,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<void> {
    await beforeSend?.();
    const at = this.clock.now();
    this.requests.push({ call, at });
    await this.clock.sleep((this.service.latencyMs ?? LATENCY_MS) / 2);
    if (this.service.abortsRequests) signal?.throwIfAborted();
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

  private poll(operation: VirtualOperation): ExportOperation {
    const now = this.clock.now();
    operation.polls.push(now);
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
