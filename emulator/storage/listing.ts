import { setImmediate } from 'node:timers/promises';
import type { Bucket } from './bucket';
import type { Catalog } from './catalog';
import type { PathNames, StorageAnswer, StorageCall } from './call';
import { isTrue } from './call';
import { globOf } from './glob';
import type { ObjectRecord } from './object-record';
import { objectResource } from './object-resource';
import type { PageToken } from './pages';
import { pageSizeOf, pageTokenOf, tokenOf } from './pages';
import { compareNames } from './sorted-names';
import { invalid } from './storage-error';

interface ListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly includesTrailing: boolean;
  readonly startOffset: string;
  /** Empty for no end. */
  readonly endOffset: string;
  readonly matches: (name: string) => boolean;
  readonly versions: boolean;
}

/** One entry of a page: a version of an object, or a group of names with the same beginning. */
type Entry = { readonly token: PageToken } & ({ readonly object: ObjectRecord } | { readonly group: string });

/** Names that are read before other requests are answered. */
const NAMES_PER_SLICE = 5_000;
/** Sorts after every name with the same beginning. */
const LAST_CHARACTER = '\u{10FFFF}';

/** `objects.list`. Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list */
export async function listObjects(catalog: Catalog, call: StorageCall, names: PathNames): Promise<StorageAnswer> {
  const bucket = catalog.bucket(names.bucket);
  const size = pageSizeOf(call.query);
  const entries: Entry[] = [];
  let isMore = false;
  for await (const entry of entriesOf(bucket, listRequestOf(call.query), tokenOf(call.query))) {
    isMore = entries.length === size;
    if (isMore) break;
    entries.push(entry);
  }
  const prefixes = [...new Set(entries.flatMap((entry) => ('group' in entry ? [entry.group] : [])))];
  const items = entries.flatMap((entry) =>
    'object' in entry ? [objectResource(call.origin, bucket.record, entry.object)] : [],
  );
  const last = entries.at(-1);
  return {
    status: 200,
    json: {
      kind: 'storage#objects',
      ...(isMore && last && { nextPageToken: pageTokenOf(last.token) }),
      ...(prefixes.length > 0 && { prefixes }),
      ...(items.length > 0 && { items }),
    },
  };
}

function listRequestOf(query: URLSearchParams): ListRequest {
  if (isTrue(query, 'softDeleted')) {
    throw invalid('This object store does not keep soft-deleted objects. Use the parameter versions.', 'softDeleted');
  }
  const glob = query.get('matchGlob');
  const delimiter = query.get('delimiter') ?? '';
  if (glob !== null && glob !== '' && delimiter !== '' && delimiter !== '/') {
    throw invalid('matchGlob can only be used with the delimiter "/".', 'matchGlob');
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter,
    includesTrailing: isTrue(query, 'includeTrailingDelimiter'),
    startOffset: query.get('startOffset') ?? '',
    endOffset: query.get('endOffset') ?? '',
    matches: glob === null || glob === '' ? () => true : globOf(glob),
    versions: isTrue(query, 'versions'),
  };
}

async function* entriesOf(bucket: Bucket, request: ListRequest, token: PageToken | undefined): AsyncGenerator<Entry> {
  let lastGroup = token?.isGroup === true ? token.name : undefined;
  let name = bucket.names.first(startOf(request, token));
  for (let read = 1; name !== undefined && isWithin(request, name); read += 1) {
    const objects = request.matches(name) ? visibleVersions(bucket, request, name) : [];
    const group = groupOf(request, name);
    if (group === undefined || (group === name && request.includesTrailing)) {
      for (const object of unlisted(objects, request, token)) {
        yield { object, token: { name, generation: object.generation } };
      }
    }
    if (group !== undefined && objects.length > 0) {
      if (group !== lastGroup) yield { group, token: { name: group, isGroup: true } };
      lastGroup = group;
      name = bucket.names.first(`${group}${LAST_CHARACTER}`);
    } else {
      name = bucket.names.after(name);
    }
    if (read % NAMES_PER_SLICE === 0) await setImmediate();
  }
}

function startOf({ prefix, startOffset }: ListRequest, token: PageToken | undefined): string {
  const afterToken = token?.isGroup === true ? `${token.name}${LAST_CHARACTER}` : (token?.name ?? '');
  return [prefix, startOffset, afterToken].reduce((one, other) => (compareNames(one, other) < 0 ? other : one));
}

function isWithin({ prefix, endOffset }: ListRequest, name: string): boolean {
  return name.startsWith(prefix) && (endOffset === '' || compareNames(name, endOffset) < 0);
}

/** The beginning of a name up to the first delimiter after the prefix; undefined if there is none. */
function groupOf({ prefix, delimiter }: ListRequest, name: string): string | undefined {
  const index = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
  return index < 0 ? undefined : name.slice(0, index + delimiter.length);
}

function visibleVersions(bucket: Bucket, { versions }: ListRequest, name: string): readonly ObjectRecord[] {
  if (versions) return bucket.versionsOf(name);
  const live = bucket.live(name);
  return live ? [live] : [];
}

/** The versions of a name that no earlier page has listed. */
function unlisted(objects: readonly ObjectRecord[], { versions }: ListRequest, token: PageToken | undefined) {
  const listed = token?.generation;
  if (listed === undefined || token?.name !== objects[0]?.name) return objects;
  return versions ? objects.filter(({ generation }) => generation > listed) : [];
}
