import type { ExportedFile } from '../contract';
import { isKnownFormat, requiredFiles } from './format-files';

/** What a look at an export gave: findings make it fail, notes do not. */
export interface Findings {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

/** Checks a listing: the files that the format must have, none of those empty, every one with a checksum. */
export function checkListing(exportFormatId: string, files: readonly ExportedFile[]): Findings {
  if (files.length === 0) return { findings: ['there is no file in the directory'], notes: [] };
  const required = requiredFiles(
    exportFormatId,
    files.map(({ path }) => path),
  );
  const findings = required.flatMap(({ name, pattern }) => {
    const matching = files.filter(({ path }) => pattern.test(path));
    if (matching.length === 0) return [`${name} is missing`];
    // Of several files that fit, one with content is enough.
    if (matching.some(({ bytes }) => bytes > 0)) return [];
    return matching.map(({ path }) => `${path} is empty (0 bytes)`);
  });
  return { findings, notes: notesOn(exportFormatId, files, required.length > 0 ? findings : []) };
}

function notesOn(exportFormatId: string, files: readonly ExportedFile[], findings: readonly string[]): string[] {
  // Empty files are no damage by themselves: markers, __init__.py, an empty protocol buffer message.
  const empty = files
    .filter(({ path, bytes }) => bytes === 0 && !findings.some((finding) => finding.startsWith(`${path} is empty`)))
    .map(({ path }) => `${path} is empty (0 bytes)`);
  const unchecked = files.filter(({ crc32c }) => crc32c === undefined).map(({ path }) => `${path} has no crc32c`);
  const unknown = isKnownFormat(exportFormatId)
    ? []
    : [`the files of format ${exportFormatId} are not known: only that there are some was checked`];
  return [...empty, ...unchecked, ...unknown];
}
