import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Bucket } from './bucket';
import type { StorageAnswer, StorageCall } from './call';
import { without } from './call';
import type { Contents } from './contents';
import type { ObjectRecord } from './object-record';
import { objectEtag } from './object-resource';
import { rangeOf } from './ranges';
import { contentKey } from './records';
import { noObject } from './storage-error';

/** The content of a version, or a part of it. Source: https://cloud.google.com/storage/docs/json_api/v1/objects/get */
export async function contentAnswer(
  contents: Contents,
  call: StorageCall,
  bucket: Bucket,
  object: ObjectRecord,
): Promise<StorageAnswer> {
  const isDecompressed = object.contentEncoding === 'gzip' && !acceptsGzip(call) && !forbidsTransform(object);
  // The service ignores a range of content that it decompresses.
  const range = isDecompressed ? undefined : rangeOf(call.headers.range, object.size);
  const { start, end } = range ?? { start: 0, end: object.size };
  const content = await contents.open(contentKey(bucket.name, object), start, end).catch(() => {
    // It was deleted after it was found.
    throw noObject(bucket.name, object.name);
  });
  const headers = contentHeaders(object);
  if (isDecompressed) {
    // An error ends the connection, since the status was already sent.
    const decompressed = pipeline(content, createGunzip(), () => undefined);
    return {
      status: 200,
      headers: { ...without(headers, 'content-encoding'), warning: '214 UploadServer gunzipped' },
      content: decompressed,
    };
  }
  const length = { 'accept-ranges': 'bytes', 'content-length': String(end - start) };
  if (range === undefined) return { status: 200, headers: { ...headers, ...length }, content };
  const contentRange = `bytes ${start}-${end - 1}/${object.size}`;
  return { status: 206, headers: { ...headers, ...length, 'content-range': contentRange }, content };
}

/** Source: https://cloud.google.com/storage/docs/transcoding */
function acceptsGzip({ headers }: StorageCall): boolean {
  const accepted = [headers['accept-encoding'] ?? ''].flat().join(',');
  return accepted.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function forbidsTransform({ cacheControl = '' }: ObjectRecord): boolean {
  return cacheControl.toLowerCase().includes('no-transform');
}

function contentHeaders(object: ObjectRecord): Record<string, string> {
  const { md5Hash, contentEncoding } = object;
  const optional = {
    'content-encoding': contentEncoding,
    'content-language': object.contentLanguage,
    'x-goog-component-count': object.componentCount?.toString(),
  };
  return {
    'content-type': object.contentType ?? 'application/octet-stream',
    'content-disposition': object.contentDisposition ?? 'attachment',
    'cache-control': object.cacheControl ?? 'no-cache, no-store, max-age=0, must-revalidate',
    'last-modified': new Date(object.updated).toUTCString(),
    vary: 'Accept-Encoding',
    etag: objectEtag(object),
    'x-goog-generation': String(object.generation),
    'x-goog-metageneration': String(object.metageneration),
    'x-goog-storage-class': object.storageClass,
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.size),
    'x-goog-hash': [`crc32c=${object.crc32c}`, ...(md5Hash === undefined ? [] : [`md5=${md5Hash}`])].join(','),
    ...Object.fromEntries(Object.entries(optional).flatMap(([name, value]) => (value ? [[name, value]] : []))),
  };
}
