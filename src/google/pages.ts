import { GoogleTransportError } from './api-error';

/** A part of a list; the token is empty at the list's end. */
export interface Page {
  readonly nextPageToken: string;
}

/** Most pages of a list. A listing of objects has 1,000 objects in a page. */
const MAX_PAGES = 1_000;
/** Longest page token, in characters: Google's have at most about 2,000, and URLs have limits. */
export const MAX_PAGE_TOKEN_LENGTH = 4_096;

/** A list is longer than this package reads. A retry does not help, since the same request returns the same list. */
export class ListTooLongError extends GoogleTransportError {
  override readonly name: string = 'ListTooLongError';

  constructor(request: string, limit: string) {
    super(
      `${request}: the list has more than ${limit}. Export to a separate folder, or delete objects that are not needed`,
      request,
    );
  }
}

/** A list can't be read completely: a page token repeats or is not usable. */
export class EndlessListError extends GoogleTransportError {
  override readonly name: string = 'EndlessListError';
}

/**
 * Reads a list page by page. Every list of this package is read with it, so that none is endless.
 *
 * @param request the request, for messages: `GET projects/p/locations/l/models`
 * @param read reads the page of a token; an empty token means the first page
 * @param limits.firstToken token of the first page to read. Default: the beginning of the list
 * @param limits.maxPages default 1,000
 * @throws EndlessListError if a token repeats
 * @throws ListTooLongError if there are more pages
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
 * Checks the token of the next page.
 *
 * @param earlier tokens that were sent before, at least the one of this page
 * @throws EndlessListError if the token repeats or is too long
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
