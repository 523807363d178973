import { createHash } from 'node:crypto';
import { badRequest } from '../api-error';
import type { Parameters } from './request-parameters';

/** Largest page, in items. Larger sizes are reduced to it. */
const MAX_PAGE = 1_000;

/**
 * A page of a list. Page tokens are opaque to clients: an offset, and a digest of the list with its filter and order, since
 * a token is only valid for the same list. An empty list has no field.
 *
 * @param list identifies the list
 * @throws ApiError INVALID_ARGUMENT if the size is negative or the token is not of this list
 */
export function pageOf(
  field: string,
  items: readonly unknown[],
  parameters: Parameters,
  list: string,
): Readonly<Record<string, unknown>> & { nextPageToken?: string } {
  const size = parameters.integer('pageSize');
  if (size < 0) throw badRequest('page_size', 'page_size must not be negative.');
  const digest = createHash('sha256')
    .update(JSON.stringify([list, parameters.text('filter'), parameters.text('orderBy')]))
    .digest('hex')
    .slice(0, 16);
  const token = parameters.text('pageToken');
  const [, offset = '', of] = /^(\d{1,9})-([0-9a-f]{16})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (token !== '' && of !== digest) {
    throw badRequest('page_token', 'The page_token is invalid: it must come from a request with the same parameters.');
  }
  const begin = Number(offset);
  const end = begin + Math.min(size || MAX_PAGE, MAX_PAGE);
  const page = items.slice(begin, end);
  const nextPageToken = Buffer.from(`${end}-${digest}`).toString('base64url');
  return { ...(page.length > 0 && { [field]: page }), ...(end < items.length && { nextPageToken }) };
}
