import { createHash } from 'node:crypto';
import type { ExportedFile, VerifiedFiles } from '../contract/export-result';
import { forEachInSlices } from '../verification/slices';
import { sortedInSlices } from '../verification/sorted';

/** Name of the manifest's object, which is beside the export's directory. */
export const MANIFEST_NAME = 'manifest.json';

/** Most entries in a result, which becomes part of workflow history. `boundedVerification` limits their bytes. */
const INLINE_ENTRIES = 500;

/** Compares by code unit, so that the digest does not depend on a locale. */
export function byPath(a: ExportedFile, b: ExportedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** SHA-256 of one line `path\tbytes\tcrc32c\tmd5\tgeneration` for each file, in the order of their paths. */
export async function manifestDigest(files: readonly ExportedFile[]): Promise<string> {
  return digestOf(await sortedInSlices(files, byPath));
}

async function digestOf(sorted: readonly ExportedFile[]): Promise<string> {
  const hash = createHash('sha256');
  await forEachInSlices(sorted, ({ path, bytes, crc32c = '', md5 = '', generation }) => {
    hash.update(`${[path, bytes, crc32c, md5, generation].join('\t')}\n`);
  });
  return hash.digest('hex');
}

/** Totals of the files, and the digest of their sorted list. */
export async function manifestOf(files: readonly ExportedFile[]): Promise<VerifiedFiles> {
  const sorted = await sortedInSlices(files, byPath);
  let total = 0;
  await forEachInSlices(sorted, ({ bytes }) => {
    total += bytes;
  });
  return {
    count: files.length,
    bytes: total,
    manifestSha256: await digestOf(sorted),
    entries: sorted.slice(0, INLINE_ENTRIES),
    truncated: files.length > INLINE_ENTRIES,
  };
}
