import type { ListedFile } from './artifact-file';
import type { Findings } from './listing';
import { MAX_LISTED_MESSAGES } from './listing';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** A file in the directory that a Model was uploaded from. */
export interface SourceFile extends ListedFile {
  /** ISO 8601. */
  readonly timeCreated?: string;
}

/** The directory that a Model was uploaded from. */
export interface UploadedSource {
  /** `gs://…`, for messages. */
  readonly uri: string;
  readonly files: readonly SourceFile[];
  /** When the Model was created, in ISO 8601. */
  readonly uploadedAt: string | undefined;
  /** Whether messages may name the files; if not, they only count them. */
  readonly mayNameFiles: boolean;
}

/** Compares path, size and crc32c of each exported file with those of the uploaded one. */
export async function compareWithSource(files: readonly ListedFile[], source: UploadedSource): Promise<Findings> {
  const { findings, notes } = await differences(files, source);
  if (source.mayNameFiles) return { findings, notes };
  const counted = (count: number, what: string): string[] =>
    count === 0
      ? []
      : [
          `${count} ${what} the export with the Model's artifactUri ${source.uri}; files in that bucket are named only if the worker's setting uploadBuckets lists it`,
        ];
  return {
    findings: counted(findings.length, 'differences were found when comparing'),
    notes: counted(notes.length, 'notes were made when comparing'),
  };
}

/** A file that was written after the Model was created is not what was uploaded: it is only noted. */
async function differences(
  files: readonly ListedFile[],
  { files: source, uploadedAt }: UploadedSource,
): Promise<Findings> {
  const exported = new Map<string, ListedFile>();
  await forEachInSlices(files, (file) => exported.set(file.path, file));
  const uploaded = new Set<string>();
  const findings = new Messages('findings', MAX_LISTED_MESSAGES);
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  const paths = { areShared: false };
  await forEachInSlices(source, (original) => {
    if (original.path === '' || original.path.endsWith('/')) return;
    uploaded.add(original.path);
    const file = exported.get(original.path);
    if (file) paths.areShared = true;
    const difference = differenceOf(original, file);
    if (difference === undefined) return;
    const text = `${shownName(original.path)} ${difference}`;
    const isNewer = uploadedAt !== undefined && Date.parse(original.timeCreated ?? '') > Date.parse(uploadedAt);
    if (isNewer) notes.add(`${text}; the file at the artifactUri was written after the Model was created`);
    else findings.add(text);
  });
  if (!paths.areShared) {
    return { findings: [], notes: ["the export has no path of the Model's artifactUri: they were not compared"] };
  }
  await forEachInSlices(files, ({ path }) => {
    if (!uploaded.has(path) && !path.endsWith('/')) notes.add(`${shownName(path)} is not at the Model's artifactUri`);
  });
  return { findings: findings.texts, notes: notes.texts };
}

function differenceOf(original: SourceFile, file: ListedFile | undefined): string | undefined {
  const place = "at the Model's artifactUri";
  if (file === undefined) return `is missing, but exists ${place}`;
  if (file.bytes !== original.bytes) return `has ${file.bytes} bytes, but the file ${place} has ${original.bytes}`;
  if (file.crc32c === undefined || original.crc32c === undefined || file.crc32c === original.crc32c) return undefined;
  return `has the crc32c ${file.crc32c}, but the file ${place} has ${original.crc32c}`;
}
