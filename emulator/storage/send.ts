import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { protectedHeaders } from '../guard';
import type { StorageAnswer } from './call';
import { selectFields } from './partial-response';

/** Reason phrases that clients may print and that Node.js does not have. */
const PHRASES: Readonly<Partial<Record<number, string>>> = {
  308: 'Resume Incomplete',
  499: 'Client Closed Request',
};

/** Sends an answer. Content is streamed, at the speed of the client. */
export async function sendAnswer(
  response: ServerResponse,
  { status, headers = {}, json, content }: StorageAnswer,
  query: URLSearchParams,
  isHead: boolean,
): Promise<void> {
  const body = json === undefined ? undefined : jsonText(status, json, query);
  const length = {
    ...(body !== undefined && {
      'content-type': 'application/json; charset=UTF-8',
      'cache-control': 'no-cache, no-store, max-age=0, must-revalidate',
    }),
    // Without content, some clients wait for the end of the connection.
    ...(content === undefined && ![204, 304].includes(status) && { 'content-length': String(body?.length ?? 0) }),
  };
  const all = protectedHeaders({ ...length, ...headers });
  response.writeHead(
    status,
    PHRASES[status],
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, headerText(value)])),
  );
  if (content === undefined || isHead) {
    content?.destroy();
    response.end(isHead ? undefined : body);
    return;
  }
  await pipeline(content, response);
}

/** A body as JSON. Only successful answers are reduced to the requested fields. */
export function jsonText(status: number, value: unknown, query: URLSearchParams): Buffer {
  const fields = query.get('fields') ?? '';
  const selected = fields === '' || status >= 300 ? value : selectFields(value, fields);
  const isCompact = query.get('prettyPrint') === 'false' || query.get('prettyprint') === 'false';
  return Buffer.from(isCompact ? JSON.stringify(selected) : `${JSON.stringify(selected, undefined, 2)}\n`);
}

/** A header's value as UTF-8, without the characters that no header may have. */
function headerText(value: string): string {
  // eslint-disable-next-line no-control-regex
  return Buffer.from(value.replaceAll(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ')).toString('latin1');
}
