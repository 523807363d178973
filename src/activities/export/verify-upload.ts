import type { StorageUri } from '../../contract/resource-names';
import type { VerifyExportRequest } from '../../contract/export-activities';
import { parseStorageUri } from '../../contract/resource-names';
import { hasStatus } from '../../google/api-error';
import type { StorageObject } from '../../google/storage';
import type { UploadedSource } from '../../verification/source';
import type { DirectoryReader } from '../../google/storage-directory';
import { asDirectory, exportedFile } from '../../google/storage-directory';
import { defined } from '../../internal/defined';

/** The format whose export is a copy of what was uploaded. */
const COPY = 'custom-trained';

/** What an export is compared with; a note explains why there is no source although there should be one. */
interface ListedUpload {
  readonly source?: UploadedSource;
  readonly notes: readonly string[];
}

/**
 * Lists what the Model was uploaded from, if the export should be a copy of it and the worker may read it.
 *
 * @param uploadBuckets buckets whose file names may be reported. Files of others are only counted: the worker may be
 * allowed to list a bucket that the person who starts the export may not list.
 */
export async function listUpload(
  reader: DirectoryReader,
  { exportFormatId, source, destinations }: VerifyExportRequest,
  uploadBuckets: readonly string[],
): Promise<ListedUpload> {
  const { artifactUri, createTime } = source;
  if (exportFormatId !== COPY || artifactUri === undefined) return { notes: [] };
  const place = parseStorageUri(artifactUri);
  const directory = place && asDirectory(place);
  const objects = directory && (await readableObjects(reader, directory));
  if (directory === undefined || objects === undefined || objects.length === 0) {
    const reason = objects?.length === 0 ? 'is empty' : "can't be read by the worker";
    return { notes: [`the Model's artifactUri ${artifactUri} ${reason}: the export was not compared with it`] };
  }
  const files = objects.map((object) => ({
    ...exportedFile(object, directory.path),
    ...defined({ timeCreated: object.timeCreated }),
  }));
  const exportBucket = parseStorageUri(destinations.outputUriPrefix ?? '')?.bucket;
  const mayNameFiles = directory.bucket === exportBucket || uploadBuckets.includes(directory.bucket);
  return { source: { uri: artifactUri, files, uploadedAt: createTime, mayNameFiles }, notes: [] };
}

/** `undefined` if the worker may not read the directory, or its bucket was deleted: both are common long after an upload. */
async function readableObjects(reader: DirectoryReader, directory: StorageUri): Promise<StorageObject[] | undefined> {
  try {
    return await reader.objects(directory);
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND', 'PERMISSION_DENIED')) return undefined;
    throw error;
  }
}
