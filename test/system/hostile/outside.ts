import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, NetConnectOpts } from 'node:net';
import { Socket } from 'node:net';
import { after, before, mock } from 'node:test';
import tls from 'node:tls';
import { selfSigned } from './certificate';

/** A request of the process, as its receiver got it. */
export interface SeenRequest {
  /** Host that the connection was for. */
  readonly host: string;
  readonly method: string;
  /** The path and the query, unchanged. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The answer of the listener. An object is sent as JSON. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string | Buffer;
}

/** The simulated network outside of the process. */
export interface Outside {
  /** The host of each connection. */
  readonly hosts: string[];
  readonly requests: SeenRequest[];
  /** The answers to requests. */
  answer: (request: SeenRequest) => Answer;
  readonly clear: () => void;
}

/** Hosts for which the listener has a certificate. A connection to any other host fails, and is recorded. */
const HOSTS = ['*.googleapis.com', '*.us.rep.googleapis.com', '*.pkg.dev', 'gcr.io', '*.gcr.io'];

/**
 * Simulates the whole internet: every connection of the process is recorded with its intended host, and
 * redirected to a TLS listener that answers in place of Google. No request leaves the machine.
 */
export function useOutside(): Outside {
  const certificate = selfSigned(HOSTS);
  const outside: Outside = {
    hosts: [],
    requests: [],
    answer: () => ({ status: 404 }),
    clear: () => {
      outside.hosts.length = 0;
      outside.requests.length = 0;
    },
  };
  const listener = https.createServer(certificate, (request, response) => {
    void receive(outside, request, response);
  });
  before(async () => {
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    leadTo((listener.address() as AddressInfo).port, outside.hosts);
    trust(certificate.cert);
  });
  after(() => {
    mock.restoreAll();
    listener.close();
    listener.closeAllConnections();
  });
  return outside;
}

/** Redirects every connection to a port of this machine. */
function leadTo(port: number, hosts: string[]): void {
  const connect = Reflect.get(Socket.prototype, 'connect') as (...args: unknown[]) => Socket;
  mock.method(Socket.prototype, 'connect', function (this: Socket, ...args: unknown[]): Socket {
    // `net.connect` passes a list of its normalized arguments.
    const [first, callback] = (Array.isArray(args[0]) ? args[0] : args) as [NetConnectOpts, unknown];
    hosts.push('host' in first ? (first.host ?? 'localhost') : 'path' in first ? first.path : 'unknown');
    return connect.call(this, { ...first, host: '127.0.0.1', port }, callback);
  });
}

function trust(ca: string): void {
  const createSecureContext = tls.createSecureContext;
  mock.method(tls, 'createSecureContext', (options: tls.SecureContextOptions = {}) =>
    createSecureContext(options.cert === undefined ? { ...options, ca } : options),
  );
}

async function receive(outside: Outside, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url: target = '', headers } = request;
  const named: unknown = Reflect.get(request.socket, 'servername');
  const host = typeof named === 'string' ? named : '';
  const seen = { host, method, target, headers, body: Buffer.concat(chunks).toString() };
  outside.requests.push(seen);
  const { status = 200, headers: answered = {}, body = '' } = outside.answer(seen);
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  response.writeHead(status, { ...(isJson && { 'content-type': 'application/json' }), ...answered });
  response.end(isJson ? JSON.stringify(body) : body);
}
