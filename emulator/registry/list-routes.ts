import { algorithmOf } from './digest';
import type { Exchange } from './exchange';
import { OCI_INDEX } from './manifest';
import { unknownName } from './manifest-routes';
import { RegistryError } from './registry-error';
import type { Repositories } from './repositories';

/** Largest answer of a list of referrers, in bytes: clients read it like a manifest. */
const MAX_REFERRERS_BYTES = 4_000_000;

/** Answers requests for lists. */
export class ListRoutes {
  constructor(private readonly repositories: Repositories) {}

  catalog(exchange: Exchange): void {
    onlyReads(exchange);
    const { items, headers } = page(this.repositories.names(), exchange, '_catalog');
    exchange.json(200, { repositories: items }, headers);
  }

  tags(exchange: Exchange, name: string): void {
    onlyReads(exchange);
    const repository = this.repositories.get(name);
    if (repository === undefined) throw unknownName(name);
    const { items, headers } = page([...repository.tags.keys()].sort(), exchange, `${name}/tags/list`);
    exchange.json(200, { name, tags: items }, headers);
  }

  /** Lists the manifests with a subject. A repository that does not exist has none. */
  referrers(exchange: Exchange, name: string, subject: string): void {
    onlyReads(exchange);
    algorithmOf(subject);
    const artifactType = exchange.query('artifactType');
    const last = exchange.query('last') ?? '';
    const found = [...(this.repositories.get(name)?.manifests ?? [])]
      .filter(
        ([digest, record]) =>
          record.subject === subject &&
          digest > last &&
          (artifactType === undefined || record.artifactType === artifactType),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const manifests: unknown[] = [];
    let bytes = 0;
    let next: string | undefined;
    for (const [digest, { mediaType, size, artifactType: type, annotations }] of found) {
      const descriptor = { mediaType, digest, size, artifactType: type, annotations };
      bytes += JSON.stringify(descriptor).length;
      if (bytes > MAX_REFERRERS_BYTES && manifests.length > 0) break;
      manifests.push(descriptor);
      next = digest;
    }
    const query = new URLSearchParams({ ...(artifactType !== undefined && { artifactType }), last: next ?? '' });
    exchange.json(
      200,
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests },
      {
        'content-type': OCI_INDEX,
        ...(artifactType !== undefined && { 'oci-filters-applied': 'artifactType' }),
        ...(manifests.length < found.length && link(exchange, `${name}/referrers/${subject}`, query)),
      },
    );
  }
}

function onlyReads(exchange: Exchange): void {
  if (exchange.method !== 'GET' && exchange.method !== 'HEAD') throw exchange.unsupported('GET', 'HEAD');
}

/** The items after `last`, at most `n` of them, and the link to the next page. */
function page(
  items: readonly string[],
  exchange: Exchange,
  below: string,
): { items: string[]; headers: Record<string, string> } {
  const last = exchange.query('last') ?? '';
  const asked = exchange.query('n');
  if (asked !== undefined && !/^\d{1,9}$/.test(asked)) {
    throw new RegistryError('UNSUPPORTED', `n=${asked.slice(0, 100)} is not valid. Send a number of at least 0.`, {
      status: 400,
    });
  }
  const after = items.filter((item) => item > last);
  const limit = asked === undefined ? after.length : Number(asked);
  const shown = after.slice(0, limit);
  const end = shown.at(-1);
  const isLast = end === undefined || shown.length === after.length;
  return {
    items: shown,
    headers: isLast ? {} : link(exchange, below, new URLSearchParams({ n: String(limit), last: end })),
  };
}

function link(exchange: Exchange, below: string, query: URLSearchParams): { link: string } {
  return { link: `<${exchange.location(below)}?${query.toString()}>; rel="next"` };
}
