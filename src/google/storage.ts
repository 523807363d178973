import { z } from 'zod';
import { defined } from '../internal/defined';
import { GoogleTransportError, hasHttpStatus } from './api-error';
import type { ByteRange } from './byte-range';
import { readByteRange } from './byte-range';
import { ListTooLongError, MAX_PAGE_TOKEN_LENGTH, pagesOf } from './pages';
import { boundedList, exactText, optionalField, optionalTime } from './reply-fields';
import { storageUrl } from './resource-url';
import type { RestClient, RestRequest } from './rest';

const bucketSchema = z.object({
  name: exactText(222),
  /** In upper case: `US-CENTRAL1`, `US`. */
  location: exactText(100),
});

/** Numbers of 64 bits are strings in JSON; sizes that a number can't hold exactly don't exist. */
const sizeSchema = z
  .union([
    z
      .string()
      .regex(/^\d{1,16}$/)
      .transform(Number),
    z.int(),
  ])
  .refine((size) => Number.isSafeInteger(size) && size >= 0);

const objectSchema = z
  .object({
    name: exactText(1_024),
    size: sizeSchema,
    /** Big-endian, in base64. */
    crc32c: optionalField(z.string().regex(/^[A-Za-z0-9+/]{6}==$/)),
    /** Absent for an object that was composed of others. */
    md5Hash: optionalField(z.string().regex(/^[A-Za-z0-9+/]{22}==$/)),
    generation: z.string().regex(/^\d{1,20}$/),
    /** When this generation was written. */
    timeCreated: optionalTime,
  })
  .transform((object) => defined(object));

/** Most objects of a page; Cloud Storage sends fewer. */
const MAX_PAGE_ITEMS = 5_000;
/** Most objects of a listing, which is kept in memory. An export has at most thousands. */
const MAX_OBJECTS = 200_000;

const objectPageSchema = z.object({
  // Only this field distinguishes an empty list from the answer of another service.
  kind: z.literal('storage#objects'),
  items: boundedList(objectSchema, MAX_PAGE_ITEMS).default([]),
  nextPageToken: exactText(MAX_PAGE_TOKEN_LENGTH).default(''),
});

export type StorageBucket = z.output<typeof bucketSchema>;
/** An object's record; its content is not read. */
export type StorageObject = z.output<typeof objectSchema>;

/** The calls of Cloud Storage that an export needs. */
export interface StorageApi {
  getBucket(bucket: string, signal?: AbortSignal): Promise<StorageBucket>;
  /**
   * Objects below a prefix, page by page, in order of their names.
   *
   * @throws ListTooLongError if there are more than 200,000
   */
  listObjects(bucket: string, prefix: string, signal?: AbortSignal): AsyncIterable<StorageObject[]>;
  /**
   * Reads a part of this generation of an object.
   *
   * @throws GoogleApiError NOT_FOUND if another generation has replaced it
   */
  readRange(
    bucket: string,
    object: Pick<StorageObject, 'name' | 'generation'>,
    range: ByteRange,
    signal?: AbortSignal,
  ): Promise<Buffer>;
  /**
   * Writes an object.
   *
   * @param options.ifGeneration the generation that may be replaced; `0` for none. Default: any
   * @throws GoogleApiError with the HTTP status 412 if another generation exists
   */
  writeObject(
    bucket: string,
    name: string,
    content: string | Uint8Array,
    options: { readonly contentType: string; readonly ifGeneration?: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Deletes this generation of an object. */
  deleteObject(bucket: string, object: StorageObject, signal?: AbortSignal): Promise<DeleteOutcome>;
}

/** The result of a delete. `replaced` means that another generation exists, which is not deleted. */
export type DeleteOutcome = 'deleted' | 'already gone' | 'replaced';

/** Largest page that Cloud Storage offers. */
const LIST_PAGE_SIZE = 1_000;

/**
 * Cloud Storage by its JSON API.
 *
 * Source: https://cloud.google.com/storage/docs/json_api/v1
 *
 * @param endpoint `https://storage.googleapis.com`, or an emulator's URL
 */
export function storageRest(rest: RestClient, endpoint: string): StorageApi {
  return {
    async getBucket(bucket, signal) {
      const url = storageUrl(endpoint, { kind: 'bucket', bucket }, { fields: 'name,location' });
      const request: RestRequest = { method: 'GET', url, resource: `gs://${bucket}`, signal };
      const { data } = await rest.json(bucketSchema, request);
      if (data.name !== bucket) throw otherResource(request, data.name);
      return data;
    },

    async *listObjects(bucket, prefix, signal) {
      const resource = `gs://${bucket}/${prefix}*`;
      const readPage = async (pageToken: string) => {
        const query = {
          maxResults: String(LIST_PAGE_SIZE),
          fields: 'kind,nextPageToken,items(name,size,crc32c,md5Hash,generation,timeCreated)',
          ...(pageToken && { pageToken }),
        };
        const url = storageUrl(endpoint, { kind: 'objects', bucket, prefix }, query);
        const request: RestRequest = { method: 'GET', url, resource, signal };
        const { data } = await rest.json(objectPageSchema, request);
        const other = data.items.find(({ name }) => !name.startsWith(prefix));
        if (other) throw otherResource(request, other.name);
        return data;
      };
      let listed = 0;
      for await (const { items } of pagesOf(`GET ${resource}`, readPage)) {
        listed += items.length;
        if (listed > MAX_OBJECTS) throw new ListTooLongError(`GET ${resource}`, `${MAX_OBJECTS} objects`);
        yield items;
      }
    },

    async readRange(bucket, { name, generation }, range, signal) {
      const url = storageUrl(endpoint, { kind: 'object', bucket, name }, { alt: 'media', generation });
      // Without this header, the service decompresses objects that were stored with gzip, and ignores the range.
      const headers = { 'accept-encoding': 'gzip' };
      return readByteRange(rest, { url, resource: `gs://${bucket}/${name}`, headers, signal }, range);
    },

    async writeObject(bucket, name, content, { contentType, ifGeneration }, signal) {
      const condition = defined({ ifGenerationMatch: ifGeneration });
      const request: RestRequest = {
        method: 'POST',
        url: storageUrl(endpoint, { kind: 'upload', bucket, name }, { uploadType: 'media', ...condition }),
        resource: `gs://${bucket}/${name}`,
        content,
        headers: { 'content-type': contentType },
        signal,
      };
      const { data } = await rest.json(objectSchema, request);
      if (data.name !== name) throw otherResource(request, data.name);
    },

    async deleteObject(bucket, { name, generation }, signal) {
      const url = storageUrl(endpoint, { kind: 'object', bucket, name }, { ifGenerationMatch: generation });
      try {
        await rest.empty({ method: 'DELETE', url, resource: `gs://${bucket}/${name}`, signal });
        return 'deleted';
      } catch (error) {
        if (hasHttpStatus(error, 404)) return 'already gone';
        // Another generation has replaced it, which must not be deleted.
        if (hasHttpStatus(error, 412)) return 'replaced';
        throw error;
      }
    },
  };
}

function otherResource({ method, resource }: RestRequest, name: string): GoogleTransportError {
  const what = `${method} ${resource}`;
  return new GoogleTransportError(`${what}: the answer names another resource: ${name}`, what);
}
