import { z } from 'zod';
import { GoogleApiError, GoogleTransportError } from './api-error';
import type { RestClient, RestRequest } from './rest';

const bucketSchema = z.object({
  name: z.string(),
  /** Upper case, as Cloud Storage gives it: `US-CENTRAL1`, `US`. */
  location: z.string(),
});

const objectSchema = z.object({
  name: z.string(),
  size: z.coerce.number(),
  crc32c: z.string().exactOptional(),
  md5Hash: z.string().exactOptional(),
  generation: z.string(),
  /** When this generation was written. */
  timeCreated: z.string().exactOptional(),
});

const objectPageSchema = z.object({
  // An empty list has nothing else by which it is told from an answer of something else.
  kind: z.literal('storage#objects'),
  items: z.array(objectSchema).default([]),
  nextPageToken: z.string().default(''),
});

export type StorageBucket = z.output<typeof bucketSchema>;
/** An object's record; its content is not read. */
export type StorageObject = z.output<typeof objectSchema>;

/** The calls of Cloud Storage that an export needs. */
export interface StorageApi {
  getBucket(bucket: string, signal?: AbortSignal): Promise<StorageBucket>;
  /** Objects below a prefix, page by page, in order of their names. */
  listObjects(bucket: string, prefix: string, signal?: AbortSignal): AsyncIterable<StorageObject[]>;
  /**
   * Reads a part of this generation of an object.
   *
   * @throws GoogleApiError NOT_FOUND where another generation took its place
   */
  readRange(
    bucket: string,
    object: Pick<StorageObject, 'name' | 'generation'>,
    range: { readonly start: number; readonly length: number },
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /** Writes an object, over one that is there. */
  writeObject(
    bucket: string,
    name: string,
    content: string | Uint8Array,
    options: { readonly contentType: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Deletes this generation of an object; one that is gone already is no error. */
  deleteObject(bucket: string, object: StorageObject, signal?: AbortSignal): Promise<void>;
}

/** The most that Cloud Storage gives at once. */
const LIST_PAGE_SIZE = 1_000;

/**
 * Cloud Storage by its JSON API.
 *
 * Source: https://cloud.google.com/storage/docs/json_api/v1
 *
 * @param endpoint `https://storage.googleapis.com`, or an emulator's URL
 */
export function storageRest(rest: RestClient, endpoint: string): StorageApi {
  const bucketPath = (bucket: string) => `${endpoint}/storage/v1/b/${encodeURIComponent(bucket)}`;
  return {
    async getBucket(bucket, signal) {
      const request = { method: 'GET' as const, url: `${bucketPath(bucket)}?fields=name,location`, signal };
      const { data } = await rest.json(bucketSchema, { ...request, resource: `gs://${bucket}` });
      return data;
    },

    async *listObjects(bucket, prefix, signal) {
      let pageToken = '';
      do {
        const query = new URLSearchParams({
          prefix,
          maxResults: String(LIST_PAGE_SIZE),
          fields: 'kind,nextPageToken,items(name,size,crc32c,md5Hash,generation,timeCreated)',
          ...(pageToken ? { pageToken } : {}),
        });
        const { data } = await rest.json(objectPageSchema, {
          method: 'GET',
          url: `${bucketPath(bucket)}/o?${query.toString()}`,
          resource: `gs://${bucket}/${prefix}*`,
          signal,
        });
        yield data.items;
        pageToken = data.nextPageToken;
      } while (pageToken);
    },

    async readRange(bucket, { name, generation }, { start, length }, signal) {
      const query = new URLSearchParams({ alt: 'media', generation });
      const request: RestRequest = {
        method: 'GET',
        url: `${bucketPath(bucket)}/o/${encodeURIComponent(name)}?${query.toString()}`,
        resource: `gs://${bucket}/${name} bytes ${start}-${start + length - 1}`,
        headers: { accept: '*/*', range: `bytes=${start}-${start + length - 1}` },
        signal,
      };
      const { body } = await rest.bytes(request);
      if (body.length === length) return body;
      const what = `GET ${request.resource}`;
      throw new GoogleTransportError(`${what}: ${body.length} bytes came, not ${length}`, what);
    },

    async writeObject(bucket, name, content, { contentType }, signal) {
      const query = new URLSearchParams({ uploadType: 'media', name });
      await rest.json(objectSchema, {
        method: 'POST',
        url: `${endpoint}/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?${query.toString()}`,
        resource: `gs://${bucket}/${name}`,
        content,
        headers: { 'content-type': contentType },
        signal,
      });
    },

    async deleteObject(bucket, { name, generation }, signal) {
      const query = new URLSearchParams({ ifGenerationMatch: generation });
      try {
        const request: RestRequest = {
          method: 'DELETE',
          url: `${bucketPath(bucket)}/o/${encodeURIComponent(name)}?${query.toString()}`,
          resource: `gs://${bucket}/${name}`,
          signal,
        };
        await rest.empty(request);
      } catch (error) {
        // Gone already, or another generation took its place, which is not ours to delete.
        if (!(error instanceof GoogleApiError) || ![404, 412].includes(error.httpStatus)) throw error;
      }
    },
  };
}
