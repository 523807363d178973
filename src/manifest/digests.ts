import { createHash } from 'node:crypto';
import type { ExportedFile, VerifiedFiles } from '../contract/export-result';
import type { ExportManifest } from '../contract/manifest';
import { forEachInSlices } from '../verification/slices';
import { sortedInSlices } from '../verification/sorted';

/** Name of the manifest's object, which is beside the export's directory. */
export const MANIFEST_NAME = 'manifest.json';

/** Most entries in a result, which becomes part of workflow history. `boundedVerification` limits their bytes. */
const INLINE_ENTRIES = 500;

/** Compares by code unit, so that the digest does not depend on a locale. */
function byPath(a: ExportedFile, b: ExportedFile): number {
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

/** The subjects of a manifest in the order of their paths; digests are in hex, as in in-toto. */
export async function subjectsOf(
  files: readonly ExportedFile[],
  sha256: ReadonlyMap<string, string> = new Map(),
): Promise<ExportManifest['subject']> {
  const subjects: ExportManifest['subject'] = [];
  await forEachInSlices(await sortedInSlices(files, byPath), ({ path, bytes, crc32c, md5, generation }) => {
    const digest = sha256.get(path);
    subjects.push({
      name: path,
      digest: {
        ...(crc32c !== undefined && { crc32c: toHex(crc32c) }),
        ...(md5 !== undefined && { md5: toHex(md5) }),
        ...(digest !== undefined && { sha256: digest }),
      },
      annotations: { bytes, generation },
    });
  });
  return subjects;
}

/** The files that a manifest names, in the form of a listing. */
export async function filesOf({ subject }: ExportManifest): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  await forEachInSlices(subject, ({ name, digest: { crc32c, md5 }, annotations: { bytes, generation } }) => {
    files.push({
      path: name,
      bytes,
      ...(crc32c !== undefined && { crc32c: toBase64(crc32c) }),
      ...(md5 !== undefined && { md5: toBase64(md5) }),
      generation,
    });
  });
  return files;
}

const toHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
