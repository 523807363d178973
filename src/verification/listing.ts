import type { ExportedFile } from '../contract';
import type { Family } from './families';

/** What a look at an export gave: findings make it fail, notes do not. */
export interface Findings {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
}

const ANY_FILE: Family['required'] = [{ name: 'a file', pattern: /[^/]$/ }];

/** Checks a listing: the files that the family must have, none of those empty, every one with a checksum. */
export function checkListing(family: Family | undefined, files: readonly ExportedFile[]): Findings {
  if (files.length === 0) return { findings: ['there is no file in the directory'], notes: [] };
  const empty = new Set(files.filter(({ bytes }) => bytes === 0));
  const findings = (family?.required ?? ANY_FILE).flatMap(({ name, pattern }) => {
    const matching = files.filter(({ path }) => pattern.test(path));
    if (matching.length === 0) return [`${name} is missing`];
    // Of several files that fit, one with content is enough.
    if (matching.some((file) => !empty.has(file))) return [];
    for (const file of matching) empty.delete(file);
    return matching.map(({ path }) => `${path} is empty (0 bytes)`);
  });
  return {
    findings,
    notes: [
      // Empty files are no damage by themselves: markers, __init__.py, an empty protocol buffer message.
      ...[...empty].map(({ path }) => `${path} is empty (0 bytes)`),
      ...files.filter(({ crc32c }) => crc32c === undefined).map(({ path }) => `${path} has no crc32c`),
    ],
  };
}
