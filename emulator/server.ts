import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer';
import { html, json } from './answer';
import { ApiError } from './api-error';
import type { Control } from './control';
import { answerControl, CONTROL_PREFIX } from './control';
import type { FaultRule } from './faults';
import { handOn, upstreamOf } from './gateway';
import { noPageContent, onlyJson, pageRefusal, protectedHeaders, refused } from './guard';
import { QuotaMeter } from './vertex/quota';
import { BodyError, MAX_JSON_BYTES, MAX_UPLOAD_BYTES, readBody } from './request-body';
import { answerRequest, routed } from './vertex/answer-request';

const HOST = '127.0.0.1';

/** A listening emulator. */
export interface Listening {
  readonly url: string;
  /** Opens another free port. Returns its URL. */
  readonly openPort: () => Promise<string>;
  readonly close: () => Promise<void>;
}

/** Serves an emulator over HTTP on the loopback interface. */
export async function serve(control: Control, port: number): Promise<Listening> {
  const quota = new QuotaMeter(control.options.quotas);
  const servers: Server[] = [];
  const open = async (at: number): Promise<string> => {
    const server = newServer(control, quota);
    const listening = await listen(server, at);
    servers.push(server);
    return `http://${HOST}:${listening}`;
  };
  return {
    url: await open(port),
    openPort: () => open(0),
    close: async () => {
      control.service.operations.clear();
      await Promise.all(
        servers.map(async (server) => {
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        }),
      );
    },
  };
}

function newServer(control: Control, quota: QuotaMeter): Server {
  const server = createServer((request, response) => {
    void respond(request, response, control, quota).catch((error: unknown) => {
      if (response.headersSent) return;
      send(
        response,
        error instanceof BodyError ? invalid(error) : json(500, new ApiError('INTERNAL', String(error)).body()),
      );
    });
  });
  server.on('clientError', refuseUnreadable);
  return server;
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
  const url = urlOf(request.url ?? '/');
  const path = url && decoded(url.pathname);
  const isControl = url !== undefined && `${url.pathname}/`.startsWith(`${CONTROL_PREFIX}/`);
  const upstream = url && upstreamOf(url.pathname, control.urls);
  const refusal =
    pageRefusal(request) ?? (isControl ? onlyJson(request) : upstream ? undefined : noPageContent(request));
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
  const content = await readBody(request, upstream ? MAX_UPLOAD_BYTES : MAX_JSON_BYTES);
  if (isControl) {
    const { status, body: reply } = answerControl(control, method, url.pathname.slice(CONTROL_PREFIX.length), content);
    send(response, json(status, reply));
    return;
  }

  const apiRequest = routed({ method, path, query: url.searchParams, headers: request.headers, content });
  const log = (status: number): void => {
    const route = upstream?.route ?? apiRequest.match?.route.name ?? 'unknown';
    control.requests.add({ at, port, method, route, path, status });
  };
  const rule = control.faults.take(method, path);
  const delay = async (when: FaultRule['when']): Promise<void> => {
    // The server can stop during the delay.
    if (rule && 'delayMs' in rule.fault && (rule.when ?? 'before') === when) {
      await sleep(rule.fault.delayMs, undefined, { ref: false });
    }
  };
  await delay('before');
  const answer =
    rule !== undefined && hidesRequest(rule)
      ? html(503)
      : upstream
        ? await handOn(upstream, { method, target: request.url ?? '/', headers: request.headers, body: content })
        : await answerRequest(control.service, quota, apiRequest);
  await delay('after');
  if (rule !== undefined && !('delayMs' in rule.fault)) {
    log(spoil(response, rule, answer));
    return;
  }
  log(answer.status);
  send(response, answer);
}

/** The parsed target; undefined if it is not a path: `http://host/path` and `//host/path` refer to another host. */
function urlOf(target: string): URL | undefined {
  if (!/^\/(?![/\\])/.test(target)) return undefined;
  try {
    return new URL(target, `http://${HOST}`);
  } catch {
    return undefined;
  }
}

/** Answers requests that are not HTTP or have too long headers. Otherwise the connection would close without an answer. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return;
  const isLong = error.code === 'HPE_HEADER_OVERFLOW';
  const { headers, body } = isLong
    ? invalid({ status: 431, message: 'The request line and headers have more than 16 KiB. Send shorter headers.' })
    : invalid({ status: 400, message: 'The request is not valid HTTP/1.1.' });
  const lines = Object.entries(protectedHeaders({ ...headers, connection: 'close' })).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end(
    [`HTTP/1.1 ${isLong ? '431 Request Header Fields Too Large' : '400 Bad Request'}`, ...lines, '', String(body)].join(
      '\r\n',
    ),
  );
}

function invalid({ status, message }: { readonly status: number; readonly message: string }): Answer {
  return refused({ status, name: 'INVALID_ARGUMENT', message });
}

/** Whether the fault keeps a request from the service. Delayed and truncated answers need an answer of the service. */
function hidesRequest({ when, fault }: FaultRule): boolean {
  return when !== 'after' && !('delayMs' in fault) && !('truncate' in fault);
}

function decoded(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

/** Applies a fault to an answer and sends it. Returns the status for the log; 0 if no answer is sent. */
function spoil(response: ServerResponse, { fault }: FaultRule, answer: Answer): number {
  // An answer without a body has nothing to truncate.
  if ('reset' in fault || ('truncate' in fault && answer.body.length === 0)) {
    response.socket?.resetAndDestroy();
    return 0;
  }
  if ('truncate' in fault) {
    response.writeHead(answer.status, {
      ...protectedHeaders(answer.headers),
      'content-length': Buffer.byteLength(answer.body),
    });
    response.write(answer.body.slice(0, Math.floor(answer.body.length / 2)), () => response.socket?.end());
    return answer.status;
  }
  const spoilt =
    'html' in fault
      ? html(fault.html)
      : 'status' in fault
        ? json(fault.status, fault.body ?? {}, fault.headers)
        : answer;
  send(response, spoilt);
  return spoilt.status;
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, protectedHeaders(headers)).end(body);
}
