import type { RequestListener } from 'node:http';
import type { Row } from './calls';
import { json, object, objects, refused } from './calls';

/** Answers each token with another page, without an end. */
function endless(page: (token: string) => unknown): RequestListener {
  return (request, response) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('pageToken') ?? '';
    response.writeHead(200).end(JSON.stringify(page(token)));
  };
}
const next = (token: string) => String(Number(token) + 1);
const cycle = (token: string) => (token === 'a' ? 'b' : 'a');

/** Lists that never end. */
export const ENDLESS_LISTS: Readonly<Record<string, Row>> = {
  'a page token that repeats in a list of objects': {
    call: 'objects.list',
    reply: json({ ...objects(), nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of objects': {
    call: 'objects.list',
    reply: endless((token) => ({ ...objects(), nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of Models': {
    call: 'models.list',
    reply: json({ models: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of Models': {
    call: 'models.list',
    reply: endless((token) => ({ models: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of a Model’s operations': {
    call: 'operations.list of a Model',
    reply: json({ operations: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of a Model’s operations': {
    call: 'operations.list of a Model',
    reply: endless((token) => ({ operations: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'a page token that repeats in a list of a location’s operations': {
    call: 'operations.list of a location',
    reply: json({ operations: [], nextPageToken: 'a' }),
    ending: refused(/repeats a page token/),
  },
  'page tokens that alternate in a list of a location’s operations': {
    call: 'operations.list of a location',
    reply: endless((token) => ({ operations: [], nextPageToken: cycle(token) })),
    ending: refused(/repeats a page token/),
  },
  'empty pages of operations without an end': {
    call: 'operations.list of a location',
    reply: endless((token) => ({ operations: [], nextPageToken: next(token) })),
    ending: refused(/more than 1000 pages/),
  },
  'empty pages of objects without an end': {
    call: 'objects.list',
    reply: endless((token) => ({ ...objects(), nextPageToken: next(token) })),
    ending: refused(/more than 1000 pages/),
  },
  '2 million listed objects': {
    call: 'objects.list',
    reply: endless((token) => ({
      ...objects(...Array.from({ length: 1_000 }, (_, item) => object({ name: `run/${token}-${item}` }))),
      nextPageToken: next(token),
    })),
    ending: refused(/more than 200000 objects/),
  },
  'a page token of 100 KB': {
    call: 'objects.list',
    reply: json({ ...objects(), nextPageToken: 'x'.repeat(100_000) }),
    ending: refused(/nextPageToken/),
  },
};
