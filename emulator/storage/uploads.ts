import type { Catalog } from './catalog';
import type { PathNames, StorageAnswer, StorageCall } from './call';
import { jsonObject } from './call';
import { finishInsert, insertOf } from './insert';
import { relatedParts } from './multipart';
import { receive } from './receive';
import type { ResumableUploads } from './resumable';
import { invalid, invalidParameter } from './storage-error';

/** `objects.insert` in one of three ways. Source: https://cloud.google.com/storage/docs/uploads-downloads#uploads */
export async function insertObject(
  catalog: Catalog,
  resumable: ResumableUploads,
  call: StorageCall,
  { bucket }: PathNames,
): Promise<StorageAnswer> {
  const uploadType = call.query.get('uploadType') ?? '';
  if (uploadType === 'media') return insertMedia(catalog, call, bucket);
  if (uploadType === 'multipart') return insertMultipart(catalog, call, bucket);
  if (uploadType === 'resumable') return resumable.start(call, bucket);
  throw invalidParameter('uploadType', `Invalid value for parameter uploadType: ${uploadType.slice(0, 100)}`);
}

async function insertMedia(catalog: Catalog, call: StorageCall, bucket: string): Promise<StorageAnswer> {
  const insert = insertOf(catalog, call, bucket, {});
  const content = await receive(catalog.contents.writer(), [call.body]);
  return finishInsert(call, insert, content, call.headers['content-type'] ?? 'application/octet-stream');
}

async function insertMultipart(catalog: Catalog, call: StorageCall, bucket: string): Promise<StorageAnswer> {
  const { metadata, contentType, content } = await relatedParts(call.headers['content-type'], call.body);
  const insert = insertOf(catalog, call, bucket, jsonObject(metadata));
  checkContentType(insert.resource['contentType'], contentType);
  const received = await receive(catalog.contents.writer(), [content]);
  return finishInsert(call, insert, received, contentType ?? 'application/octet-stream');
}

/** The service does not choose between two content types. */
function checkContentType(ofResource: unknown, ofContent: string | undefined): void {
  if (typeof ofResource !== 'string' || ofContent === undefined || ofResource === ofContent) return;
  throw invalid(
    `Content-Type specified in the upload (${ofContent}) does not match Content-Type specified in metadata (${ofResource}).`,
  );
}
