import type { ExportedFile } from '../../contract/export-result';
import type { StorageUri } from '../../contract/resource-names';
import type { VerifyExportRequest } from '../../contract/export-activities';
import { parseStorageUri } from '../../contract/resource-names';
import { hasStatus } from '../../google/api-error';
import type { StorageObject } from '../../google/storage';
import type { DirectoryReader } from '../../google/storage-directory';
import { asDirectory, exportedFile } from '../../google/storage-directory';
import { defined } from '../../internal/defined';
import type { Findings } from '../../verification/listing';
import { compareWithSource } from '../../verification/source';

/** The format whose export is a copy of what was uploaded. */
const COPY = 'custom-trained';

/**
 * Compares a copying export with the files that the Model was uploaded from, if the worker may read them.
 *
 * @param uploadBuckets buckets whose file names may be reported. Differences in others are only counted: whoever starts an
 * export may lack the worker's right to list them
 */
export async function compareWithUpload(
  reader: DirectoryReader,
  { exportFormatId, source, destinations }: VerifyExportRequest,
  files: readonly ExportedFile[],
  uploadBuckets: readonly string[],
): Promise<Findings> {
  const { artifactUri, createTime } = source;
  if (exportFormatId !== COPY || artifactUri === undefined) return { findings: [], notes: [] };
  const place = parseStorageUri(artifactUri);
  const directory = place && asDirectory(place);
  const objects = directory && (await listUpload(reader, directory));
  if (directory === undefined || objects === undefined || objects.length === 0) {
    const reason = objects?.length === 0 ? 'is empty' : "can't be read by the worker";
    return {
      findings: [],
      notes: [`the Model's artifactUri ${artifactUri} ${reason}: the export was not compared with it`],
    };
  }
  const originals = objects.map((object) => ({
    ...exportedFile(object, directory.path),
    ...defined({ timeCreated: object.timeCreated }),
  }));
  const compared = await compareWithSource(files, originals, createTime);
  const exportBucket = parseStorageUri(destinations.outputUriPrefix ?? '')?.bucket;
  const mayName = directory.bucket === exportBucket || uploadBuckets.includes(directory.bucket);
  return mayName ? compared : withoutNames(compared, artifactUri);
}

function withoutNames({ findings, notes }: Findings, artifactUri: string): Findings {
  const counted = (count: number, what: string): string[] =>
    count === 0
      ? []
      : [
          `${count} ${what} the export with the Model's artifactUri ${artifactUri}; files in that bucket are named only if the worker's setting uploadBuckets lists it`,
        ];
  return {
    findings: counted(findings.length, 'differences were found when comparing'),
    notes: counted(notes.length, 'notes were made when comparing'),
  };
}

/** Lists the upload; `undefined` if the worker may not list it or the bucket no longer exists, as is usual after a while. */
async function listUpload(reader: DirectoryReader, directory: StorageUri): Promise<StorageObject[] | undefined> {
  try {
    return await reader.objects(directory);
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND', 'PERMISSION_DENIED')) return undefined;
    throw error;
  }
}
