import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from './storage-error';

/** What a request of a resumable upload carries. */
export type ContentRange =
  /** Bytes from `start` on. */
  | {
      readonly kind: 'chunk';
      readonly start: number;
      /** Number of bytes; undefined if the chunk ends with the body. */
      readonly length: number | undefined;
      readonly isLast: boolean;
      /** Size of the whole object, if it is known. */
      readonly total: number | undefined;
    }
  /** No bytes: a question for the state, or the end of an upload whose size was unknown. */
  | { readonly kind: 'query'; readonly total: number | undefined };

/**
 * Reads `Content-Range`. A request without it carries the whole object.
 *
 * @param announced size of the whole object, if the client named it at the start
 */
export function contentRangeOf(headers: IncomingHttpHeaders, announced: number | undefined): ContentRange {
  const header = [headers['content-range'] ?? []].flat()[0];
  if (header === undefined) return { kind: 'chunk', start: 0, length: undefined, isLast: true, total: announced };
  const match = /^bytes\s+(?:(\d{1,15})-(\d{1,15}|\*)|\*)\/(\d{1,15}|\*)$/.exec(header.trim());
  if (match === null) throw invalid(`Failed to parse Content-Range header: ${header.slice(0, 200)}`);
  const [, first, last = '*', all = '*'] = match;
  const total = all === '*' ? undefined : Number(all);
  if (first === undefined) return { kind: 'query', total };
  const start = Number(first);
  if (last === '*') return { kind: 'chunk', start, length: undefined, isLast: true, total };
  const length = Number(last) - start + 1;
  if (length < 1 || (total !== undefined && start + length > total)) {
    throw invalid(`Failed to parse Content-Range header: ${header.slice(0, 200)}`);
  }
  return { kind: 'chunk', start, length, isLast: start + length === total, total };
}
