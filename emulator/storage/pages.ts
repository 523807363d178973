import { z } from 'zod';
import { invalid } from './storage-error';

const MAX_PAGE_SIZE = 1_000;

const tokenSchema = z.object({
  /** Name of the last item, or its prefix if the last item is a group of names. */
  name: z.string(),
  isGroup: z.boolean().optional(),
  /** The last version of the name, in a list of all versions. */
  generation: z.int().optional(),
});

/** Where a list continues. */
export type PageToken = z.output<typeof tokenSchema>;

export function pageTokenOf(token: PageToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

/** The token of a request; undefined for the first page. */
export function tokenOf(query: URLSearchParams): PageToken | undefined {
  const text = query.get('pageToken');
  if (text === null || text === '') return undefined;
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw invalid('Invalid argument.', 'pageToken');
  }
}

/** Most items of a page. Larger values are lowered, as the service does. */
export function pageSizeOf(query: URLSearchParams): number {
  const text = query.get('maxResults');
  if (text === null || text === '') return MAX_PAGE_SIZE;
  if (!/^\d{1,9}$/.test(text)) throw invalid(`Invalid unsigned integer value: '${text.slice(0, 50)}'.`, 'maxResults');
  // The service treats 0 as the default.
  return Math.min(Number(text) || MAX_PAGE_SIZE, MAX_PAGE_SIZE);
}
