import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from './answer';
import { json } from './answer';

/** Headers that belong to one connection or that fetch handles. */
const OWN_HEADERS = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Forwards a request to a service behind the emulator. Returns its answer. */
export async function forward(
  url: string,
  request: {
    readonly method: string;
    readonly target: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: Buffer;
  },
): Promise<Answer> {
  const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
    OWN_HEADERS.has(name) || value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  try {
    const response = await fetch(`${url}${request.target}`, {
      method: request.method,
      headers,
      redirect: 'manual',
      ...(request.body.length > 0 && { body: new Uint8Array(request.body) }),
    });
    // A HEAD request asks for the length of the omitted body.
    const isOwn = (name: string): boolean =>
      OWN_HEADERS.has(name) && !(request.method === 'HEAD' && name === 'content-length');
    // The server removes other headers, such as those that let web pages read answers.
    const answered = [...response.headers].filter(([name]) => !isOwn(name));
    const body = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: Object.fromEntries(answered), body };
  } catch (error) {
    return json(502, { error: { code: 502, message: `${url}: ${String(error)}` } });
  }
}
