import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, Server } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import net from 'node:net';
import tls from 'node:tls';

/** A request of this process to any host. */
export interface RecordedRequest {
  /** The scheme and the intended host. */
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  /** All headers that can contain credentials. */
  readonly authorization: string | undefined;
}

/** Both sides authenticate with a shared key, so that any host name is accepted without a certificate. */
const KEY = Buffer.from('recording listener of a test');
const SHARED_KEY = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;

/**
 * Receives every TLS and TCP connection that this process opens, to any host, answers its requests and records them.
 * The code under test runs unchanged: only the last step of a connection is replaced.
 */
export class RecordingListener {
  readonly requests: RecordedRequest[] = [];
  private answer: RequestListener = (_, response) => response.writeHead(404).end();
  private readonly sockets = new Set<Socket>();
  private readonly connectTls = tls.connect;
  private readonly connectHttp = Object.getOwnPropertyDescriptor(http.Agent.prototype, 'createConnection') ?? {};
  private readonly servers: readonly { readonly scheme: string; readonly server: Server }[] = [
    { scheme: 'https', server: https.createServer({ ...SHARED_KEY, pskCallback: () => KEY }) },
    { scheme: 'http', server: http.createServer() },
  ];

  static async start(): Promise<RecordingListener> {
    const listener = new RecordingListener();
    for (const { scheme, server } of listener.servers) {
      server
        .on('connection', (socket: Socket) => listener.sockets.add(socket))
        .on('request', (request, response) => {
          listener.requests.push({
            origin: `${scheme}://${request.headers.host ?? ''}`,
            method: request.method ?? '',
            path: request.url ?? '',
            authorization: request.headers.authorization ?? request.headers.cookie,
          });
          listener.answer(request, response);
        });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    listener.takeConnections();
    return listener;
  }

  /** Sets the answer to later requests, and forgets the earlier requests. */
  use(answer: RequestListener): void {
    this.requests.length = 0;
    this.answer = answer;
  }

  async stop(): Promise<void> {
    Object.assign(tls, { connect: this.connectTls });
    Object.defineProperty(http.Agent.prototype, 'createConnection', this.connectHttp);
    for (const socket of this.sockets) socket.destroy();
    for (const { server } of this.servers) await new Promise((resolve) => server.close(resolve));
  }

  /** Fails if the token, in any form, reached another origin than these. */
  assertTokenStays(token: string, origins: readonly string[]): void {
    const forms = [token, Buffer.from(`oauth2accesstoken:${token}`).toString('base64'), encodeURIComponent(token)];
    for (const request of this.requests) {
      const holdsToken = forms.some((form) => JSON.stringify(request).includes(form));
      assert.ok(!holdsToken || origins.includes(request.origin), `a token reached ${request.origin}${request.path}`);
    }
  }

  private takeConnections(): void {
    const [secure, plain] = this.servers.map(({ server }) => (server.address() as AddressInfo).port);
    const { connectTls: connect } = this;
    const takeTls = (options: tls.ConnectionOptions): tls.TLSSocket =>
      connect({
        ...options,
        ...SHARED_KEY,
        host: '127.0.0.1',
        port: secure,
        lookup: undefined,
        pskCallback: () => ({ psk: KEY, identity: 'client' }),
        checkServerIdentity: () => undefined,
      });
    Object.assign(tls, { connect: takeTls });
    http.Agent.prototype.createConnection = () => net.connect({ host: '127.0.0.1', port: plain ?? 0 });
  }
}
