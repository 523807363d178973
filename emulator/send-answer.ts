import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from './answer';
import { html, json } from './answer';
import type { FaultRule } from './faults';
import { protectedHeaders, refused } from './guard';

/** Applies a fault to an answer and sends it. Returns the status for the log; 0 if no answer is sent. */
export function spoil(response: ServerResponse, { fault }: FaultRule, answer: Answer): number {
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

/** Sends an answer with the headers that protect it from web pages. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, protectedHeaders(headers)).end(body);
}

/** Answers requests that are not HTTP or have too long headers. Otherwise the connection would close without an answer. */
export function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
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

/** The answer to a request that is not valid. */
export function invalid({ status, message }: { readonly status: number; readonly message: string }): Answer {
  return refused({ status, name: 'INVALID_ARGUMENT', message });
}

/** Reads a body that has no effect. A client can send its whole body before it reads the answer. */
export async function drain(request: IncomingMessage): Promise<void> {
  request.resume();
  await once(request, 'end');
}

/** Logs the status of an answer when it was sent; 0 if the client left before it began. */
export function logOnce(response: ServerResponse, log: (status: number) => void): void {
  let isLogged = false;
  const logAnswer = (): void => {
    if (!isLogged) log(response.headersSent ? response.statusCode : 0);
    isLogged = true;
  };
  response.once('finish', logAnswer).once('close', logAnswer);
}
