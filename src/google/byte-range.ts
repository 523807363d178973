import { GoogleTransportError } from './api-error';
import type { HttpAnswer } from './http';
import type { RestClient, RestRequest } from './rest';

/** A part of an object or a blob, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * Reads exactly the bytes of a range. A longer answer ends the connection at once.
 *
 * @throws RangeError if the range does not consist of whole, non-negative numbers
 * @throws GoogleTransportError if the answer has other bytes
 */
export async function readByteRange(
  rest: RestClient,
  request: Omit<RestRequest, 'method' | 'maxBodyBytes'>,
  { start, length }: ByteRange,
): Promise<Buffer> {
  const end = start + length - 1;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || length < 0) {
    throw new RangeError(`${request.resource}: ${length} bytes from ${start} are not a range`);
  }
  if (length === 0) return Buffer.alloc(0);
  const { body, headers } = await rest.bytes({
    ...request,
    method: 'GET',
    headers: { ...request.headers, accept: '*/*', range: `bytes=${start}-${end}` },
    maxBodyBytes: length,
  });
  const problem = body.length === length ? otherRange(headers, start, end) : `${body.length} bytes came, not ${length}`;
  if (problem === undefined) return body;
  const what = `GET ${request.resource} bytes ${start}-${end}`;
  throw new GoogleTransportError(`${what}: ${problem}`, what);
}

/** The problem of a `content-range` header that names other bytes than the requested ones; the header may be absent. */
function otherRange(headers: HttpAnswer['headers'], start: number, end: number): string | undefined {
  const range = headers['content-range'];
  if (range === undefined || range.startsWith(`bytes ${start}-${end}/`)) return undefined;
  return `the answer has another range: ${range}`;
}
