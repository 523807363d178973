import type { IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { Agent as HttpAgent, createServer, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { pageRefusal, protectedHeaders, refused } from '../../../emulator/guard';

/** Where a guard hands requests on to. */
export interface GuardedTarget {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** A server on loopback in front of one that would answer web pages, too. */
export interface Guard {
  readonly url: string;
  /** `host:port` of the guard. */
  readonly host: string;
  /** Hands the next requests on to this server. */
  readonly guardTo: (target: GuardedTarget) => void;
  readonly close: () => Promise<void>;
}

const HOST = '127.0.0.1';

/** Headers that belong to one connection. */
const CONNECTION_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection']);

/**
 * Starts a server that hands requests on and refuses those of web pages. The object store answers every origin and
 * has no setting for it, and neither it nor the registry checks the Host header.
 */
export async function startGuard(): Promise<Guard> {
  let target: GuardedTarget | undefined;
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    // The store's certificate is its own: no browser trusts it, and it proves nothing on loopback.
    https: new HttpsAgent({ keepAlive: true, rejectUnauthorized: false }),
  };
  const server = createServer((request, response) => {
    const refusal = pageRefusal(request);
    if (refusal) {
      const { status, headers, body } = refused(refusal);
      response.writeHead(status, protectedHeaders(headers)).end(body);
    } else if (target === undefined) response.destroy();
    else handOn(request, response, target, agents[target.scheme]);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, HOST, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the guard has no port');
  const host = `${HOST}:${address.port}`;
  return {
    url: `http://${host}`,
    host,
    guardTo: (next) => {
      target = next;
    },
    close: async () => {
      for (const agent of Object.values(agents)) agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  { scheme, host, port }: GuardedTarget,
  agent: HttpAgent,
): void {
  const options: RequestOptions = {
    host,
    port,
    agent,
    method: request.method,
    path: request.url,
    headers: withoutConnection(request.headers),
  };
  const send = scheme === 'https' ? httpsRequest : httpRequest;
  const upstream = send(options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, protectedHeaders(withoutConnection(answer.headers)));
    answer.pipe(response);
    // An answer that breaks off breaks off for the client, too.
    answer.on('aborted', () => response.destroy());
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  request.pipe(upstream);
}

function withoutConnection(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || CONNECTION_HEADERS.has(name) ? [] : [[name, value]],
    ),
  );
}
