import { BodyError, readBody } from '../request-body';
import type { Contents } from './contents';
import { algorithmOf, digestOf, isDigest } from './digest';
import type { Exchange } from './exchange';
import { checkReferences, isAccepted, parseManifest } from './manifest';
import { isTag } from './paths';
import { RegistryError } from './registry-error';
import type { Repositories } from './repositories';

/** Largest manifest, in bytes. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
/** Maximum number of `tag` parameters of a request. */
const MAX_TAGS = 100;

/** Answers requests for manifests. */
export class ManifestRoutes {
  constructor(
    private readonly repositories: Repositories,
    private readonly contents: Contents,
  ) {}

  async manifest(exchange: Exchange, name: string, reference: string): Promise<void> {
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
        return this.read(exchange, name, reference);
      case 'PUT':
        return this.put(exchange, name, reference);
      case 'DELETE':
        return this.remove(exchange, name, reference);
      default:
        throw exchange.unsupported('GET', 'HEAD', 'PUT', 'DELETE');
    }
  }

  private async read(exchange: Exchange, name: string, reference: string): Promise<void> {
    const repository = this.repositories.get(name);
    if (repository === undefined) throw unknownName(name);
    const digest = isTag(reference) ? repository.tags.get(reference) : reference;
    const record = digest === undefined ? undefined : repository.manifests.get(digest);
    if (digest === undefined || record === undefined) throw unknownManifest(name, reference);
    const { mediaType, size } = record;
    if (!isAccepted(mediaType, exchange.request.headers.accept)) {
      throw new RegistryError(
        'MANIFEST_UNKNOWN',
        `The manifest ${reference} is ${mediaType}, which the Accept header does not allow. Add this type to it.`,
      );
    }
    const headers = {
      'content-type': mediaType,
      'content-length': size,
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    };
    await exchange.stream(200, headers, () => this.contents.read(digest, 0, size - 1));
  }

  private async put(exchange: Exchange, name: string, reference: string): Promise<void> {
    const content = await readManifest(exchange);
    const digest = digestOf(content, isDigest(reference) ? algorithmOf(reference) : 'sha256');
    const tags = isDigest(reference) ? exchange.target.searchParams.getAll('tag') : [reference];
    if (isDigest(reference) && reference !== digest) {
      throw new RegistryError('DIGEST_INVALID', `The manifest has the digest ${digest}, not ${reference}.`);
    }
    for (const tag of tags) {
      if (isTag(tag)) continue;
      throw new RegistryError(
        'MANIFEST_INVALID',
        `${tag.slice(0, 200)} is neither a digest nor a tag. A tag has at most 128 letters, digits and characters of "_.-".`,
      );
    }
    if (tags.length > MAX_TAGS) {
      throw new RegistryError('MANIFEST_INVALID', `The request has ${tags.length} tags. Send at most ${MAX_TAGS}.`, {
        status: 414,
      });
    }
    const manifest = parseManifest(content, exchange.request.headers['content-type']);
    checkReferences(manifest, this.repositories.get(name));
    await this.repositories.addManifest(name, digest, content, manifest.record, tags);
    const { subject } = manifest.record;
    exchange.empty(201, {
      location: exchange.location(`${name}/manifests/${digest}`),
      'docker-content-digest': digest,
      ...(subject !== undefined && { 'oci-subject': subject }),
      ...(isDigest(reference) && tags.length > 0 && { 'oci-tag': tags }),
    });
  }

  private async remove(exchange: Exchange, name: string, reference: string): Promise<void> {
    if (this.repositories.get(name) === undefined) throw unknownName(name);
    const isRemoved = isTag(reference)
      ? await this.repositories.removeTag(name, reference)
      : await this.repositories.removeManifest(name, reference);
    if (!isRemoved) throw unknownManifest(name, reference);
    exchange.empty(202);
  }
}

async function readManifest({ request }: Exchange): Promise<Buffer> {
  try {
    return await readBody(request, MAX_MANIFEST_BYTES);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new RegistryError('SIZE_INVALID', error.message, { status: error.status });
  }
}

export function unknownName(name: string): RegistryError {
  return new RegistryError('NAME_UNKNOWN', `The repository ${name} does not exist.`);
}

function unknownManifest(name: string, reference: string): RegistryError {
  return new RegistryError('MANIFEST_UNKNOWN', `The repository ${name} has no manifest ${reference.slice(0, 200)}.`);
}
