import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer';
import { html, json } from './answer';
import { ApiError } from './api-error';
import type { Control } from './control';
import { answerControl, CONTROL_PREFIX } from './control';
import type { FaultRule } from './faults';
import { hidesRequest, isAnsweredAtOnce } from './faults';
import { collectAnswer } from './collected-answer';
import { forward } from './forward';
import { noPageContent, onlyJson, pageRefusal, protect, refused } from './guard';
import { drain, invalid, logOnce, refuseUnreadable, send, spoil } from './send-answer';
import { QuotaMeter } from './vertex/quota';
import { BodyError, MAX_JSON_BYTES, MAX_UPLOAD_BYTES, readBody } from './request-body';
import { answerRequest, routed } from './vertex/answer-request';

const HOST = '127.0.0.1';

/** A listening emulator. */
export interface Listening {
  readonly control: Control;
  readonly url: string;
  /** Opens another free port. Returns its URL. */
  readonly openPort: () => Promise<string>;
  readonly close: () => Promise<void>;
}

/**
 * Serves an emulator over HTTP on the loopback interface.
 *
 * @param create creates the emulator's parts, which can depend on its URL
 */
export async function serve(port: number, create: (url: string) => Control): Promise<Listening> {
  const servers: Server[] = [];
  const open = async (at: number): Promise<{ server: Server; url: string }> => {
    const server = createServer();
    const listening = await listen(server, at);
    servers.push(server);
    return { server, url: `http://${HOST}:${listening}` };
  };
  const close = async (): Promise<void> => {
    await Promise.all(
      servers.map(async (server) => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }),
    );
  };
  const { server, url } = await open(port);
  try {
    const control = create(url);
    const quota = new QuotaMeter(control.options.quotas);
    attach(server, control, quota);
    return {
      control,
      url,
      openPort: async () => {
        const another = await open(0);
        attach(another.server, control, quota);
        return another.url;
      },
      close: async () => {
        control.service.operations.clear();
        await close();
        await control.stores.close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function attach(server: Server, control: Control, quota: QuotaMeter): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void respond(request, response, control, quota).catch((error: unknown) => {
      if (response.headersSent) return;
      send(
        response,
        error instanceof BodyError ? invalid(error) : json(500, new ApiError('INTERNAL', String(error)).body()),
      );
    });
  });
  server.on('clientError', refuseUnreadable);
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  control: Control,
  quota: QuotaMeter,
): Promise<void> {
  const at = new Date().toISOString();
  const port = request.socket.localPort ?? 0;
  const method = request.method ?? 'GET';
  const url = urlOf(request);
  const path = url && decoded(url.pathname);
  const isControl = url !== undefined && `${url.pathname}/`.startsWith(`${CONTROL_PREFIX}/`);
  const store = url && control.stores.find(method, url.pathname);
  const refusal = pageRefusal(request) ?? (isControl ? onlyJson(request) : store ? undefined : noPageContent(request));
  if (refusal) {
    send(response, refused(refusal));
    return;
  }
  if (url === undefined || path === undefined) {
    send(
      response,
      invalid({
        status: 400,
        message: `The request's target is not a valid path: ${String(request.url).slice(0, 200)}`,
      }),
    );
    return;
  }
  protect(response);
  const internal = control.stores.answerInternal(request, response, url);
  if (internal !== undefined) return internal;
  if (isControl) {
    const content = await readBody(request, MAX_JSON_BYTES);
    const { status, body: reply } = answerControl(control, method, url.pathname.slice(CONTROL_PREFIX.length), content);
    send(response, json(status, reply));
    return;
  }

  // A built-in store reads the body itself.
  const content =
    store && 'store' in store ? undefined : await readBody(request, store ? MAX_UPLOAD_BYTES : MAX_JSON_BYTES);
  const body = content ?? Buffer.alloc(0);
  const apiRequest = store
    ? undefined
    : routed({ method, path, query: url.searchParams, headers: request.headers, content: body });
  const log = (status: number): void => {
    const route = store?.route ?? apiRequest?.match?.route.name ?? 'unknown';
    control.requests.add({ at, port, method, route, path, status });
  };
  const answerLater = async (): Promise<Answer> => {
    if (store && 'store' in store) {
      return collectAnswer(request, (collected) => store.store.handle(request, collected, url));
    }
    if (store) return forward(store.url, { method, target: request.url ?? '/', headers: request.headers, body });
    return apiRequest ? answerRequest(control.service, quota, apiRequest) : html(404);
  };
  const rule = control.faults.take(method, path);
  const delay = async (when: FaultRule['when']): Promise<void> => {
    // The server can stop during the delay.
    if (rule && 'delayMs' in rule.fault && (rule.when ?? 'before') === when) {
      await sleep(rule.fault.delayMs, undefined, { ref: false });
    }
  };
  await delay('before');
  if (store && 'store' in store && isAnsweredAtOnce(rule)) {
    logOnce(response, log);
    await store.store.handle(request, response, url);
    return;
  }
  if (rule !== undefined && hidesRequest(rule)) {
    if (content === undefined) await drain(request);
    log(spoil(response, rule, html(503)));
    return;
  }
  const answer = await answerLater();
  await delay('after');
  if (rule !== undefined && !('delayMs' in rule.fault)) {
    log(spoil(response, rule, answer));
    return;
  }
  log(answer.status);
  send(response, answer);
}

/** The parsed target; undefined if it is not a path: `http://host/path` and `//host/path` refer to another host. */
function urlOf({ url: target = '/', headers }: IncomingMessage): URL | undefined {
  if (!/^\/(?![/\\])/.test(target)) return undefined;
  try {
    return new URL(target, `http://${headers.host ?? HOST}`);
  } catch {
    return undefined;
  }
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
