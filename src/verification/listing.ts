import type { ExportedFile } from '../contract/export-result';
import type { Family } from './formats';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** What a check gave: findings make the verification fail, notes do not. */
export interface Findings {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

/** Findings, and notes, that are kept. */
export const MAX_LISTED_MESSAGES = 1_000;

const ANY_FILE: Family['required'] = [{ name: 'a file', pattern: /[^/]$/ }];

/** Checks a listing: the files that the family must have, none of those empty, every one with a checksum. */
export async function checkListing(family: Family | undefined, files: readonly ExportedFile[]): Promise<Findings> {
  if (files.length === 0) return { findings: ['there is no file in the directory'], notes: [] };
  const findings = new Messages('findings', MAX_LISTED_MESSAGES);
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  const required = (family?.required ?? ANY_FILE).map((row) => ({ ...row, isThere: false, hasContent: false }));
  await forEachInSlices(files, ({ path, bytes }) => {
    for (const row of required) {
      if (row.hasContent || !row.pattern.test(path)) continue;
      row.isThere = true;
      row.hasContent = bytes > 0;
    }
  });
  for (const { name, isThere } of required) if (!isThere) findings.add(`${name} is missing`);
  // Of several files that fit, one with content is enough.
  const lacking = required.filter(({ isThere, hasContent }) => isThere && !hasContent);
  const withoutChecksum = new Messages('notes', MAX_LISTED_MESSAGES);
  await forEachInSlices(files, ({ path, bytes, crc32c }) => {
    if (bytes === 0) {
      // Empty files are no damage by themselves: markers, __init__.py, an empty protocol buffer message.
      const isRequired = lacking.some(({ pattern }) => pattern.test(path));
      (isRequired ? findings : notes).add(`${shownName(path)} is empty (0 bytes)`);
    }
    if (crc32c === undefined) withoutChecksum.add(`${shownName(path)} has no crc32c`);
  });
  notes.addAll(withoutChecksum);
  return { findings: findings.texts, notes: notes.texts };
}

/** Notes about files that exports of the format do not have: somebody else's, perhaps. */
export async function unexpectedFiles(
  isExpected: (path: string) => boolean,
  files: readonly ExportedFile[],
): Promise<string[]> {
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  await forEachInSlices(files, ({ path }) => {
    if (!isExpected(path)) notes.add(`${shownName(path)} is not a file of this format`);
  });
  return notes.texts;
}
