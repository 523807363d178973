import { Readable } from 'node:stream';
import type { StorageAnswer, StorageCall } from './call';
import { boundaryOf } from './multipart';
import { jsonText } from './send';
import { MAX_JSON_BYTES, readBody } from '../request-body';
import { invalid, notImplemented, StorageError } from './storage-error';

/** Most requests of a batch. Source: https://cloud.google.com/storage/docs/batch */
const MAX_REQUESTS = 100;

interface BatchedRequest {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Answerer = (call: StorageCall, pathname: string) => Promise<StorageAnswer>;

/** Answers the requests of a batch one after the other. */
export async function answerBatch(call: StorageCall, answer: Answerer): Promise<StorageAnswer> {
  const boundary = boundaryOf(call.headers['content-type']);
  const requests = requestsOf((await readBody(call.body, MAX_JSON_BYTES)).toString(), boundary);
  if (requests.length > MAX_REQUESTS) throw invalid(`The batch has more than ${MAX_REQUESTS} requests.`);
  const separator = `batch_${boundary.replaceAll(/[^A-Za-z0-9]/g, '')}`;
  const parts: string[] = [];
  for (const request of requests) {
    const { status, headers = {}, body } = await answerOne(call, request, answer);
    const lines = Object.entries({
      ...headers,
      ...(body.length > 0 && { 'content-type': 'application/json; charset=UTF-8' }),
      'content-length': String(body.length),
    }).map(([name, value]) => `${name}: ${value}`);
    parts.push(
      [
        `--${separator}`,
        'Content-Type: application/http',
        ...(request.id === '' ? [] : [`Content-ID: <response-${request.id}>`]),
        '',
        [`HTTP/1.1 ${status} ${status < 300 ? 'OK' : 'Error'}`, ...lines, '', body].join('\r\n'),
      ].join('\r\n'),
    );
  }
  const content = [...parts, `--${separator}--`, ''].join('\r\n');
  return {
    status: 200,
    headers: {
      'content-type': `multipart/mixed; boundary=${separator}`,
      'content-length': String(Buffer.byteLength(content)),
    },
    content: Readable.from([Buffer.from(content)]),
  };
}

interface BatchedAnswer extends Pick<StorageAnswer, 'status' | 'headers'> {
  readonly body: Buffer;
}

async function answerOne(call: StorageCall, request: BatchedRequest, answer: Answerer): Promise<BatchedAnswer> {
  try {
    const { pathname, searchParams: query } = targetOf(request.target, call.origin);
    if (!pathname.startsWith('/storage/v1/') || query.get('alt') === 'media') {
      throw notImplemented('An upload or a download in a batch');
    }
    const body = Readable.from(request.body === '' ? [] : [Buffer.from(request.body)]);
    const { method, headers } = request;
    const { json, ...answered } = await answer({ method, query, headers, origin: call.origin, body }, pathname);
    return { ...answered, body: json === undefined ? Buffer.alloc(0) : jsonText(answered.status, json, query) };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return { status: error.status, body: Buffer.from(JSON.stringify(error.body())) };
  }
}

function targetOf(target: string, origin: string): URL {
  try {
    return new URL(target, origin);
  } catch {
    throw invalid(`The target of a request in the batch is invalid: ${target.slice(0, 200)}`);
  }
}

function requestsOf(text: string, boundary: string): BatchedRequest[] {
  const parts = text.split(/\r?\n/).reduce<string[][]>((lists, line) => {
    if (line === `--${boundary}` || line === `--${boundary}--`) lists.push([]);
    else lists.at(-1)?.push(line);
    return lists;
  }, []);
  return parts.filter((lines) => lines.some((line) => line.trim() !== '')).map(requestOf);
}

/** A part: its headers, an empty line, a request line, the request's headers, an empty line, and its body. */
function requestOf(lines: readonly string[]): BatchedRequest {
  const start = lines.indexOf('') + 1;
  const outer = headersOf(lines.slice(0, Math.max(start - 1, 0)));
  const [line = '', ...rest] = lines.slice(start);
  const match = /^([A-Z]+) (\S+)(?: HTTP\/1\.[01])?$/.exec(line.trim());
  if (match === null) throw invalid(`A part of the batch does not begin with a request line: ${line.slice(0, 200)}`);
  const end = rest.includes('') ? rest.indexOf('') : rest.length;
  const [, method = '', target = ''] = match;
  const id = (outer['content-id'] ?? '').replaceAll(/^<|>$/g, '');
  return {
    id,
    method,
    target,
    headers: headersOf(rest.slice(0, end)),
    body: rest
      .slice(end + 1)
      .join('\n')
      .trim(),
  };
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const index = line.indexOf(':');
      return index < 1 ? [] : [[line.slice(0, index).trim().toLowerCase(), line.slice(index + 1).trim()]];
    }),
  );
}
