import { createHash } from 'node:crypto';
import type { BeforeSend } from '../../src/google/rest';
import type { StorageApi, StorageObject } from '../../src/google/storage';
import type { ExportOperation, VertexApi } from '../../src/google/vertex';
import type { Call, FaultKind, Operation, SimulatedService } from './service';
import type { WorkerCode } from './worker-code';

/** An answer that takes longer counts as lost, in milliseconds, as in the real client. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The part of the worker process that its clients use. */
interface ClientProcess {
  readonly code: Pick<WorkerCode, 'errors'>;
  /** Ends each unanswered request when the process dies. */
  readonly requests: Set<() => void>;
  deliver(callback: () => void): void;
  sendDelayMs(call: Call): number;
  throwIfDead(): void;
  trace(line: string): void;
}

interface Request<T> {
  readonly call: Call;
  readonly resource: string;
  readonly signal?: AbortSignal | undefined;
  readonly beforeSend?: BeforeSend | undefined;
  /** What happens at the service. */
  readonly effect: () => T;
  /** How long the service holds the answer, in milliseconds. */
  readonly heldMs?: () => number;
}

const CHANGING: readonly Call[] = ['export', 'cancel', 'deleteObject'];

/** The services as one worker process reaches them. */
export class ServiceClients {
  constructor(
    private readonly service: SimulatedService,
    private readonly process: ClientProcess,
    private readonly sent: (call: Call, resource: string) => void,
  ) {}

  vertex(): VertexApi {
    const { service } = this;
    const find = (name: string): Operation => {
      const operation = service.operations.find((one) => one.name === name);
      if (operation === undefined) throw this.refused('NOT_FOUND', 404, `${name} is not found`, name);
      return operation;
    };
    return {
      getModel: (name, signal, beforeSend) =>
        this.send({
          ...{ call: 'getModel', resource: name, signal, beforeSend },
          effect: () => ({
            model: {
              name: name.replace(/@.*$/, '').replace(/^projects\/[^/]+/, 'projects/123'),
              versionId: '1',
              versionAliases: [],
              displayName: 'simulated',
              supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
            },
            serviceTime: new Date(service.time.wallNow),
          }),
        }),
      listModels: () => Promise.reject(new Error('The simulation has no fleets')),
      exportModel: (name, body, { beforeSend } = {}) =>
        this.send({
          ...{ call: 'export', resource: name, beforeSend },
          effect: () => this.view(service.start(name, body.outputConfig.artifactDestination?.outputUriPrefix ?? '')),
        }),
      listOperations: (parent, _token, signal, beforeSend) =>
        this.send({
          ...{ call: 'list', resource: parent, signal, beforeSend },
          effect: () => {
            const [model = ''] = parent.split('@');
            const isListed = ({ model: exported, listedFrom }: Operation): boolean =>
              listedFrom <= service.time.now && exported.split('/').at(-1) === model.split('/').at(-1);
            const listed = model.includes('/models/') ? service.operations.filter(isListed) : [];
            return { operations: listed.map((one) => this.view(one)).reverse(), nextPageToken: '' };
          },
        }),
      getOperation: (name, signal, beforeSend) =>
        this.send({ call: 'get', resource: name, signal, beforeSend, effect: () => this.view(find(name)) }),
      waitOperation: (name, timeoutMs, signal, beforeSend) =>
        this.send({
          ...{ call: 'wait', resource: name, signal, beforeSend },
          // Until the end of the operation, which the service checks every second.
          heldMs: () => (service.plan.waits && find(name).ended === undefined ? timeoutMs : 0),
          effect: () => {
            if (service.plan.waits) return this.view(find(name));
            throw this.refused('UNIMPLEMENTED', 501, 'wait is not implemented', name);
          },
        }),
      cancelOperation: (name, signal, beforeSend) =>
        this.send({
          ...{ call: 'cancel', resource: name, signal, beforeSend },
          effect: () => {
            if (!service.plan.cancels) throw this.refused('UNIMPLEMENTED', 501, 'cancel is not implemented', name);
            const operation = find(name);
            if (operation.ended) throw this.refused('FAILED_PRECONDITION', 400, `${name} has ended`, name);
            service.cancel(operation);
          },
        }),
    };
  }

  storage(): StorageApi {
    const { service } = this;
    return {
      getBucket: (bucket, signal) =>
        this.send({
          ...{ call: 'getBucket', resource: `gs://${bucket}`, signal },
          effect: () => ({ name: bucket, location: 'US-CENTRAL1' }),
        }),
      listObjects: (bucket, prefix, signal) => this.pages(bucket, prefix, signal),
      deleteObject: (_bucket, { name }, signal) =>
        this.send({
          ...{ call: 'deleteObject', resource: name, signal },
          effect: () => (service.objects.delete(name) ? 'deleted' : 'already gone'),
        }),
      readRange: () => Promise.reject(new Error('The simulation verifies listings only')),
      writeObject: () => Promise.reject(new Error('The simulation writes no manifests')),
    };
  }

  private async *pages(bucket: string, prefix: string, signal?: AbortSignal): AsyncGenerator<StorageObject[]> {
    yield await this.send({
      ...{ call: 'listObjects', resource: `gs://${bucket}/${prefix}`, signal },
      effect: () =>
        [...this.service.objects.values()]
          .filter(({ name }) => name.startsWith(prefix))
          .map(({ name, size, generation }) => ({
            ...{ name, size, generation, crc32c: 'AAAAAA==' },
            md5Hash: createHash('md5').update(name).digest('base64'),
          })),
    });
  }

  private view({ name, artifactOutputUri, createdAt, ended }: Operation): ExportOperation {
    const { startedAt } = this.service.time;
    const at = (moment: number): string => new Date(startedAt + moment).toISOString();
    return {
      name,
      done: ended !== undefined,
      metadata: {
        genericMetadata: { createTime: at(createdAt), updateTime: at(ended?.at ?? createdAt) },
        outputInfo: { artifactOutputUri },
      },
      ...(ended?.error && { error: ended.error }),
    };
  }

  /** From the process to the service and back. A frozen process sends and reads nothing; a dead one neither. */
  private async send<T>({ call, resource, signal, beforeSend, effect, heldMs }: Request<T>): Promise<T> {
    const { service, process } = this;
    const { time, random } = service;
    signal?.throwIfAborted();
    process.throwIfDead();
    await beforeSend?.();
    process.throwIfDead();
    this.sent(call, resource);
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const settle = (deliver: () => void): void => {
        process.deliver(() => {
          if (isOver) return;
          isOver = true;
          signal?.removeEventListener('abort', abort);
          process.requests.delete(die);
          deliver();
        });
      };
      const abort = (): void => {
        isOver = true;
        process.requests.delete(die);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const die = (): void => {
        isOver = true;
        reject(new Error('The process is dead'));
      };
      process.requests.add(die);
      signal?.addEventListener('abort', abort, { once: true });
      const fail = (ms: number, error: () => Error): void => {
        time.after(ms, () => {
          settle(() => {
            reject(error());
          });
        });
      };
      const happen = (): T | undefined => {
        try {
          return effect();
        } catch {
          return undefined;
        }
      };
      const lost = (): Error => new this.errors.GoogleTransportError(`${call} ${resource}: no answer`, resource);

      // On the way to the service.
      time.after(random.between(5, 150) + process.sendDelayMs(call), () => {
        const back = random.between(5, 150);
        const fault = service.faultOf(call);
        const cancelled = call === 'cancel' ? service.operations.find(({ name }) => name === resource) : undefined;
        if (cancelled) cancelled.cancelTriedAt = Math.min(cancelled.cancelTriedAt, time.now);
        if (fault !== undefined) process.trace(`fault ${fault} of ${call}`);
        if (fault === 'lost-request') {
          fail(REQUEST_TIMEOUT_MS, lost);
        } else if (fault === 'lost-answer') {
          happen();
          fail(REQUEST_TIMEOUT_MS, lost);
        } else if (fault === 'late-effect') {
          if (CHANGING.includes(call)) time.after(random.between(0, service.plan.faults.lateEffectMs), happen);
          fail(
            back,
            random.between(0, 1) === 0 ? lost : () => this.refused('DEADLINE_EXCEEDED', 504, 'late', resource),
          );
        } else if (fault === 'aborted') {
          happen();
          fail(back, () => this.refused('CANCELLED', random.between(0, 1) === 0 ? 499 : 409, 'aborted', resource));
        } else if (fault !== undefined && fault !== 'slow') {
          fail(back, () => this.errorOf(fault, `${call} ${resource}`));
        } else {
          let held = fault === 'slow' ? random.between(1_000, 25_000) : 0;
          try {
            held += heldMs?.() ?? 0;
          } catch {
            // The effect fails in the same way.
          }
          this.hold(call, resource, held, () => {
            try {
              const answer = effect();
              time.after(back, () => {
                settle(() => {
                  resolve(answer);
                });
              });
            } catch (error) {
              fail(back, () => (error instanceof Error ? error : new Error(String(error))));
            }
          });
        }
      });
    });
  }

  /** The service holds a long poll until the operation ends. */
  private hold(call: Call, resource: string, ms: number, then: () => void): void {
    const { time, operations } = this.service;
    const operation = call === 'wait' ? operations.find(({ name }) => name === resource) : undefined;
    if (operation === undefined || ms <= 0) {
      time.after(ms, then);
      return;
    }
    const step = Math.min(ms, 2_000);
    time.after(step, () => {
      this.hold(call, resource, operation.ended ? 0 : ms - step, then);
    });
  }

  private get errors() {
    return this.process.code.errors;
  }

  private refused(
    status:
      | 'NOT_FOUND'
      | 'UNIMPLEMENTED'
      | 'FAILED_PRECONDITION'
      | 'DEADLINE_EXCEEDED'
      | 'CANCELLED'
      | 'PERMISSION_DENIED'
      | 'RESOURCE_EXHAUSTED'
      | 'UNAVAILABLE',
    http: number,
    message: string,
    resource: string,
    retryMs?: number,
  ): Error {
    return new this.errors.GoogleApiError(message, status, http, resource, retryMs);
  }

  private errorOf(
    fault: Exclude<FaultKind, 'lost-request' | 'lost-answer' | 'late-effect' | 'aborted' | 'slow'>,
    what: string,
  ): Error {
    switch (fault) {
      case 'unavailable':
        return this.refused('UNAVAILABLE', 503, 'under maintenance', what);
      case 'denied':
        return this.refused('PERMISSION_DENIED', 403, 'permission denied', what);
      case 'page':
        return new this.errors.GoogleTransportError(
          `${what}: the answer does not come from the service: HTTP 403`,
          what,
        );
      case 'missing':
        return this.refused('NOT_FOUND', 404, 'not found', what);
      case 'precondition':
        return this.refused('FAILED_PRECONDITION', 412, 'precondition', what);
      case 'throttled':
        return this.refused('RESOURCE_EXHAUSTED', 429, 'quota', what, 20_000);
      case 'unimplemented':
        return this.refused('UNIMPLEMENTED', 501, 'not implemented', what);
    }
  }
}
