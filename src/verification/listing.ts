import type { ListedFile } from './artifact-file';
import type { Family } from './formats';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** The result of a check: findings fail the verification, notes do not. */
export interface Findings {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

/** Findings, and notes, that are kept. */
export const MAX_LISTED_MESSAGES = 1_000;

const ANY_FILE: Family['required'] = [{ name: 'a file', pattern: /[^/]$/ }];

/**
 * Checks a listing: each required file exists and is not empty. Other empty files are noted.
 *
 * @param expectsChecksums whether a note names each file without a recorded crc32c
 */
export async function checkListing(
  family: Family | undefined,
  files: readonly ListedFile[],
  expectsChecksums: boolean,
): Promise<Findings> {
  if (files.length === 0) return { findings: ['there is no file in the directory'], notes: [] };
  const findings = new Messages('findings', MAX_LISTED_MESSAGES);
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  const required = (family?.required ?? ANY_FILE).map((row) => ({ ...row, exists: false, hasContent: false }));
  await forEachInSlices(files, ({ path, bytes }) => {
    for (const row of required) {
      if (row.hasContent || !row.pattern.test(path)) continue;
      row.exists = true;
      row.hasContent = bytes > 0;
    }
  });
  for (const { name, exists } of required) if (!exists) findings.add(`${name} is missing`);
  // Of several files that match, one with content is enough.
  const empty = required.filter(({ exists, hasContent }) => exists && !hasContent);
  const withoutChecksum = new Messages('notes', MAX_LISTED_MESSAGES);
  await forEachInSlices(files, ({ path, bytes, crc32c }) => {
    if (bytes === 0) {
      // Good exports have empty files, too: markers, __init__.py, an empty protocol buffer message.
      const isRequired = empty.some(({ pattern }) => pattern.test(path));
      (isRequired ? findings : notes).add(`${shownName(path)} is empty (0 bytes)`);
    }
    if (expectsChecksums && crc32c === undefined) withoutChecksum.add(`${shownName(path)} has no crc32c`);
  });
  notes.addAll(withoutChecksum);
  return { findings: findings.texts, notes: notes.texts };
}

/** Notes on files that exports of the format do not have. */
export async function unexpectedFiles(
  isExpected: (path: string) => boolean,
  files: readonly ListedFile[],
): Promise<string[]> {
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  await forEachInSlices(files, ({ path }) => {
    if (!isExpected(path)) notes.add(`${shownName(path)} is not a file of this format`);
  });
  return notes.texts;
}
