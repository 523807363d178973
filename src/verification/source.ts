import type { ExportedFile } from '../contract';
import type { Findings } from './listing';

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
export function compareWithSource(
  files: readonly ExportedFile[],
  source: readonly SourceFile[],
  uploadedAt: string | undefined,
): Findings {
  const exported = new Map(files.map((file) => [file.path, file]));
  const originals = source.filter(({ path }) => path !== '' && !path.endsWith('/'));
  if (!originals.some(({ path }) => exported.has(path))) {
    return { findings: [], notes: ["no path of the Model's artifactUri stands in the export: they were not compared"] };
  }
  const findings: string[] = [];
  const notes: string[] = [];
  for (const original of originals) {
    const difference = differenceOf(original, exported.get(original.path));
    if (difference === undefined) continue;
    const isNewer = uploadedAt !== undefined && Date.parse(original.timeCreated ?? '') > Date.parse(uploadedAt);
    if (isNewer) notes.push(`${difference}, which was written after the Model was made`);
    else findings.push(difference);
  }
  const uploaded = new Set(originals.map(({ path }) => path));
  const more = files.filter(({ path }) => !uploaded.has(path) && !path.endsWith('/'));
  notes.push(...more.map(({ path }) => `${path} is not at the Model's artifactUri`));
  return { findings, notes };
}

function differenceOf(original: SourceFile, file: ExportedFile | undefined): string | undefined {
  const theirs = "at the Model's artifactUri";
  if (file === undefined) return `${original.path} is missing, and stands ${theirs}`;
  if (file.bytes !== original.bytes) {
    return `${file.path} has ${file.bytes} bytes, and the one ${theirs} ${original.bytes}`;
  }
  if (file.crc32c === undefined || original.crc32c === undefined || file.crc32c === original.crc32c) return undefined;
  return `${file.path} has the crc32c ${file.crc32c}, and the one ${theirs} ${original.crc32c}`;
}
