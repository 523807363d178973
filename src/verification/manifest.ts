import { createHash } from 'node:crypto';
import type { ExportedFile, VerifiedFiles } from '../contract';

/** So many entries stand in the result: it is part of workflow history, which has a limit of 2 MB a payload. */
const INLINE_ENTRIES = 500;

/** Sorts by code unit, so that the digest depends on no locale. */
function byPath(a: ExportedFile, b: ExportedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Totals of the files and the digest of their sorted manifest. */
export function manifestOf(files: readonly ExportedFile[]): VerifiedFiles {
  const sorted = [...files].sort(byPath);
  const hash = createHash('sha256');
  for (const { path, bytes, crc32c = '', md5 = '', generation } of sorted) {
    hash.update(`${[path, bytes, crc32c, md5, generation].join('\t')}\n`);
  }
  return {
    count: sorted.length,
    bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
    manifestSha256: hash.digest('hex'),
    entries: sorted.slice(0, INLINE_ENTRIES),
    truncated: sorted.length > INLINE_ENTRIES,
  };
}
