import { GoogleTransportError } from './api-error';
import type { HttpAnswer } from './http';
import type { RestClient, RestRequest } from './rest';

/** A part of an object or a blob, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/**
 * Reads a range: exactly its bytes, or an error. More than the range ends the connection at once.
 *
 * @throws RangeError where the range is not one of whole, non-negative numbers
 * @throws GoogleTransportError where other bytes came
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

/** A header that names other bytes than those that were asked for; one that is not there says nothing. */
function otherRange(headers: HttpAnswer['headers'], start: number, end: number): string | undefined {
  const range = headers['content-range'];
  if (range === undefined || range.startsWith(`bytes ${start}-${end}/`)) return undefined;
  return `the answer has another range: ${range}`;
}
