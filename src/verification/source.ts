import type { ExportedFile } from '../contract/export-result';
import type { Findings } from './listing';
import { MAX_LISTED_MESSAGES } from './listing';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** A file at the place that a Model was uploaded from. */
export interface SourceFile extends ExportedFile {
  /** ISO 8601. */
  readonly timeCreated?: string;
}

/**
 * Compares an export with what was uploaded, file by file: path, size, crc32c. What was written after the Model was
 * made is not what was uploaded, and only noted.
 *
 * @param uploadedAt when the Model was made, ISO 8601
 */
export async function compareWithSource(
  files: readonly ExportedFile[],
  source: readonly SourceFile[],
  uploadedAt: string | undefined,
): Promise<Findings> {
  const exported = new Map<string, ExportedFile>();
  await forEachInSlices(files, (file) => exported.set(file.path, file));
  const uploaded = new Set<string>();
  const findings = new Messages('findings', MAX_LISTED_MESSAGES);
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  const seen = { sharedPath: false };
  await forEachInSlices(source, (original) => {
    if (original.path === '' || original.path.endsWith('/')) return;
    uploaded.add(original.path);
    const file = exported.get(original.path);
    if (file) seen.sharedPath = true;
    const difference = differenceOf(original, file);
    if (difference === undefined) return;
    const text = `${shownName(original.path)} ${difference}`;
    const isNewer = uploadedAt !== undefined && Date.parse(original.timeCreated ?? '') > Date.parse(uploadedAt);
    if (isNewer) notes.add(`${text}, which was written after the Model was made`);
    else findings.add(text);
  });
  if (!seen.sharedPath) {
    return { findings: [], notes: ["no path of the Model's artifactUri stands in the export: they were not compared"] };
  }
  await forEachInSlices(files, ({ path }) => {
    if (!uploaded.has(path) && !path.endsWith('/')) notes.add(`${shownName(path)} is not at the Model's artifactUri`);
  });
  return { findings: findings.texts, notes: notes.texts };
}

function differenceOf(original: SourceFile, file: ExportedFile | undefined): string | undefined {
  const theirs = "at the Model's artifactUri";
  if (file === undefined) return `is missing, and stands ${theirs}`;
  if (file.bytes !== original.bytes) return `has ${file.bytes} bytes, and the one ${theirs} ${original.bytes}`;
  if (file.crc32c === undefined || original.crc32c === undefined || file.crc32c === original.crc32c) return undefined;
  return `has the crc32c ${file.crc32c}, and the one ${theirs} ${original.crc32c}`;
}
