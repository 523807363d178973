import { GoogleTransportError } from './api-error';

/** A part of a list; the token is empty at the list's end. */
export interface Page {
  readonly nextPageToken: string;
}

/** A list of more pages is not read to its end. Listings of objects have 1,000 objects in a page. */
const MAX_PAGES = 1_000;
/** Google's tokens have at most about 2,000 characters; a longer one would not fit into a URL everywhere. */
export const MAX_PAGE_TOKEN_LENGTH = 4_096;

/** A list has more than this package reads. The same request gives the same list: a retry does not help. */
export class ListTooLongError extends GoogleTransportError {
  override readonly name: string = 'ListTooLongError';

  constructor(request: string, limit: string) {
    super(
      `${request}: the list has more than ${limit}. Export to a folder of its own, or remove what is not needed`,
      request,
    );
  }
}

/** A list can't be read to its end: it sends its reader back to a page that was read, or gives no usable token. */
export class EndlessListError extends GoogleTransportError {
  override readonly name: string = 'EndlessListError';
}

/**
 * Reads a list page by page, to its end. Every list of this package is read by it, so that none continues for ever: a
 * token that came before is an error, as is a page after the thousandth.
 *
 * @param request what is listed, for messages: `GET projects/p/locations/l/models`
 * @param read reads the page of a token, the first one where the token is empty
 * @param limits.firstToken where an earlier reading ended
 * @param limits.maxPages default 1,000
 * @throws EndlessListError where a token repeats
 * @throws ListTooLongError after the last page that is allowed
 */
export async function* pagesOf<P extends Page>(
  request: string,
  read: (pageToken: string) => Promise<P>,
  { firstToken = '', maxPages = MAX_PAGES }: { readonly firstToken?: string; readonly maxPages?: number } = {},
): AsyncGenerator<P, void, undefined> {
  const seen = new Set<string>();
  let token = firstToken;
  do {
    if (seen.size >= maxPages) throw new ListTooLongError(request, `${maxPages} pages`);
    seen.add(token);
    const page = await read(token);
    checkToken(request, page.nextPageToken, seen);
    yield page;
    token = page.nextPageToken;
  } while (token !== '');
}

/**
 * Checks the token of one page, also where the pages are read by different callers.
 *
 * @param earlier tokens that were sent before, at least the one of this page
 * @throws EndlessListError where the token repeats or is too long
 */
export function checkToken(request: string, nextPageToken: string, earlier: ReadonlySet<string>): void {
  if (nextPageToken === '') return;
  if (nextPageToken.length > MAX_PAGE_TOKEN_LENGTH) {
    throw new EndlessListError(`${request}: the answer has a page token that is too long`, request);
  }
  if (earlier.has(nextPageToken)) {
    throw new EndlessListError(`${request}: the answer repeats a page token, so the list would never end`, request);
  }
}
