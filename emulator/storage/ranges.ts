import { StorageError } from './storage-error';

/** Bytes from `start` up to `end`, without `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The requested part of an object; undefined if the whole object is requested, or if the header is not one range of bytes,
 * which the service ignores.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc9110#section-14.1.2
 *
 * @throws StorageError 416 if the object does not have any of these bytes
 */
export function rangeOf(header: string | undefined, size: number): Range | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '');
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) return undefined;
  if (first === '') return satisfiable({ start: Math.max(size - Number(last), 0), end: size }, size);
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return satisfiable({ start: Number(first), end: last === '' ? size : Math.min(Number(last) + 1, size) }, size);
}

function satisfiable(range: Range, size: number): Range {
  if (range.start < range.end) return range;
  const message = 'The requested range cannot be satisfied.';
  throw new StorageError(416, 'requestedRangeNotSatisfiable', message, undefined, {
    'content-range': `bytes */${size}`,
  });
}
