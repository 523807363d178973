import { GoogleApiError, GoogleTransportError } from '../../src/google/api-error';
import type { BeforeSend } from '../../src/google/rest';
import type { ExportOperation, VertexApi } from '../../src/google/vertex';
import type { VirtualClock } from './virtual-clock';

/** How a request goes. */
export interface Manner {
  /** The time until the credentials are available, in milliseconds. */
  readonly credentialsMs: number;
  readonly latencyMs: number;
  /** The result. With `token refused`, the request is sent a second time, as the REST client does. */
  readonly end: 'ok' | 'token refused' | 'no credentials' | 'lost' | 'throttled' | 'throttled for a day';
  /** Whether answers name the project by its number. */
  readonly namesNumber: boolean;
}

export interface Sent {
  readonly kind: 'request' | 'start';
  /** The number of the project, whatever name the request has. */
  readonly project: string;
  readonly at: number;
}

/** The numbers of projects, by ID. */
export const PROJECTS: Readonly<Record<string, string>> = { alpha: '1', beta: '2' };

export const PLAIN: Manner = { credentialsMs: 0, latencyMs: 100, end: 'ok', namesNumber: true };

const DAY_MS = 86_400_000;

/** A client and its service on a virtual clock. They record what is sent and when. */
export class VirtualSends implements VertexApi {
  readonly sent: Sent[] = [];

  constructor(
    private readonly clock: VirtualClock,
    private readonly nextManner: () => Manner = () => PLAIN,
  ) {}

  async getModel(name: string, signal?: AbortSignal, beforeSend?: BeforeSend) {
    const { answered } = await this.request(name, 'request', beforeSend, signal);
    const model = { name: answered, versionAliases: [], displayName: '', supportedExportFormats: [] };
    return { model, serviceTime: new Date(this.clock.dateOf(this.clock.now())) };
  }

  async listModels({ parent }: { readonly parent: string }, signal?: AbortSignal, beforeSend?: BeforeSend) {
    await this.request(parent, 'request', beforeSend, signal);
    return { models: [], nextPageToken: '' };
  }

  async exportModel(
    name: string,
    _body: unknown,
    { beforeSend }: { readonly beforeSend?: BeforeSend | undefined } = {},
  ) {
    const { answered } = await this.request(name, 'start', beforeSend);
    return operation(`${answered}/operations/1`);
  }

  async listOperations(parent: string, _pageToken: string, signal?: AbortSignal, beforeSend?: BeforeSend) {
    const { answered, namesNumber } = await this.request(parent, 'request', beforeSend, signal);
    return { operations: namesNumber ? [operation(`${answered}/operations/1`)] : [], nextPageToken: '' };
  }

  async getOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend) {
    const { answered } = await this.request(name, 'request', beforeSend, signal);
    return operation(answered);
  }

  waitOperation(name: string, _timeoutMs: number, signal?: AbortSignal, beforeSend?: BeforeSend) {
    return this.getOperation(name, signal, beforeSend);
  }

  async cancelOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend) {
    await this.request(name, 'request', beforeSend, signal);
  }

  private async request(resource: string, kind: Sent['kind'], beforeSend?: BeforeSend, signal?: AbortSignal) {
    const { credentialsMs, latencyMs, end, namesNumber } = this.nextManner();
    if (credentialsMs > 0) await this.clock.sleep(credentialsMs);
    if (end === 'no credentials') throw new GoogleTransportError('no credentials', 'virtual');
    for (let sends = end === 'token refused' ? 2 : 1; sends > 0; sends -= 1) {
      await beforeSend?.();
      signal?.throwIfAborted();
      this.sent.push({ kind, project: trueProject(resource), at: this.clock.now() });
      await this.clock.sleep(latencyMs);
    }
    if (end === 'lost') throw new GoogleTransportError('connection lost', 'virtual');
    if (end === 'throttled') throw new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual');
    if (end === 'throttled for a day')
      throw new GoogleApiError('slow down', 'RESOURCE_EXHAUSTED', 429, 'virtual', DAY_MS);
    const answered = namesNumber ? resource.replace(/^projects\/[^/]+/, `projects/${trueProject(resource)}`) : resource;
    return { answered, namesNumber };
  }
}

function trueProject(resource: string): string {
  const [, name = ''] = /^projects\/([^/]+)/.exec(resource) ?? [];
  return PROJECTS[name] ?? name;
}

function operation(name: string): ExportOperation {
  return { name, done: false, metadata: { genericMetadata: {}, outputInfo: {} } };
}
