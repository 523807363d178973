import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { BlobRoutes } from './blob-routes';
import type { Contents } from './contents';
import { Exchange } from './exchange';
import { FolderContents } from './folder-contents';
import { ListRoutes } from './list-routes';
import { ManifestRoutes } from './manifest-routes';
import { MemoryContents } from './memory-contents';
import { parsePath } from './paths';
import { FolderRecords, NO_RECORDS } from './records';
import { Repositories } from './repositories';
import { Uploads } from './uploads';

export { isRegistryRequest } from './paths';

export interface ImageStoreOptions {
  /** Folder for all images. Default: they are in memory, at most 2 GiB. */
  readonly dataFolder?: string;
}

interface Parts {
  readonly repositories: Repositories;
  readonly uploads: Uploads;
  readonly blobs: BlobRoutes;
  readonly manifests: ManifestRoutes;
  readonly lists: ListRoutes;
}

/**
 * A container registry: pushes and pulls of images, indexes and other artifacts, their tags and their referrers. It has no
 * accounts.
 *
 * Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export class ImageStore {
  private readonly parts: Promise<Parts>;

  constructor({ dataFolder }: ImageStoreOptions) {
    this.parts = open(dataFolder);
    // Each request and `close` report the error.
    this.parts.catch(() => undefined);
  }

  /** Resolves when the images in the data folder are known. @throws Error if the folder can't be used */
  async ready(): Promise<void> {
    await this.parts;
  }

  /** Answers a request. A path before `/v2` in the target is kept in the locations of answers. */
  async handle(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
    const at = Math.max(0, target.pathname.indexOf('/v2'));
    const exchange = new Exchange(request, response, target, target.pathname.slice(0, at));
    try {
      await dispatch(await this.parts, exchange, target.pathname.slice(at));
    } catch (error) {
      exchange.fail(error);
    }
  }

  /** Stops the store. Images in a data folder stay there, unfinished uploads do not. */
  async close(): Promise<void> {
    const { repositories, uploads } = await this.parts;
    await uploads.close();
    await repositories.close();
  }
}

async function open(dataFolder: string | undefined): Promise<Parts> {
  const contents: Contents = dataFolder === undefined ? new MemoryContents() : await FolderContents.open(dataFolder);
  const records = dataFolder === undefined ? NO_RECORDS : new FolderRecords(path.join(dataFolder, 'repositories'));
  const repositories = await Repositories.open(records, contents);
  const uploads = new Uploads(contents);
  return {
    repositories,
    uploads,
    blobs: new BlobRoutes(repositories, contents, uploads),
    manifests: new ManifestRoutes(repositories, contents),
    lists: new ListRoutes(repositories),
  };
}

async function dispatch({ blobs, manifests, lists }: Parts, exchange: Exchange, pathname: string): Promise<void> {
  const resource = parsePath(pathname);
  switch (resource.kind) {
    case 'base':
      if (exchange.method !== 'GET' && exchange.method !== 'HEAD') throw exchange.unsupported('GET', 'HEAD');
      exchange.json(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
      return;
    case 'catalog':
      lists.catalog(exchange);
      return;
    case 'tags':
      lists.tags(exchange, resource.name);
      return;
    case 'referrers':
      lists.referrers(exchange, resource.name, resource.digest);
      return;
    case 'manifest':
      return manifests.manifest(exchange, resource.name, resource.reference);
    case 'blob':
      return blobs.blob(exchange, resource.name, resource.digest);
    case 'uploads':
      return blobs.begin(exchange, resource.name);
    case 'upload':
      return blobs.upload(exchange, resource.name, resource.id);
  }
}
