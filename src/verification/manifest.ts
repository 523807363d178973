import { createHash } from 'node:crypto';
import type { ExportedFile, ExportManifest, VerifiedFiles } from '../contract';

/** Name of the manifest's object: it stands beside the export's directory, not in it. */
export const MANIFEST_NAME = 'manifest.json';

/** So many entries stand in the result: it is part of workflow history, which has a limit of 2 MB a payload. */
const INLINE_ENTRIES = 500;

/** Sorts by code unit, so that the digest depends on no locale. */
function byPath(a: ExportedFile, b: ExportedFile): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** SHA-256 of the files in order of their paths: one line `path\tbytes\tcrc32c\tmd5\tgeneration` each. */
export function manifestDigest(files: readonly ExportedFile[]): string {
  const hash = createHash('sha256');
  for (const { path, bytes, crc32c = '', md5 = '', generation } of [...files].sort(byPath)) {
    hash.update(`${[path, bytes, crc32c, md5, generation].join('\t')}\n`);
  }
  return hash.digest('hex');
}

/** Totals of the files and the digest of their sorted manifest. */
export function manifestOf(files: readonly ExportedFile[]): VerifiedFiles {
  return {
    count: files.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    manifestSha256: manifestDigest(files),
    entries: [...files].sort(byPath).slice(0, INLINE_ENTRIES),
    truncated: files.length > INLINE_ENTRIES,
  };
}

/** The subjects of a manifest, in order of their paths; digests as in-toto has them: in hex. */
export function subjectsOf(
  files: readonly ExportedFile[],
  sha256: ReadonlyMap<string, string> = new Map(),
): ExportManifest['subject'] {
  return [...files].sort(byPath).map(({ path, bytes, crc32c, md5, generation }) => {
    const digest = sha256.get(path);
    return {
      name: path,
      digest: {
        ...(crc32c !== undefined && { crc32c: toHex(crc32c) }),
        ...(md5 !== undefined && { md5: toHex(md5) }),
        ...(digest !== undefined && { sha256: digest }),
      },
      annotations: { bytes, generation },
    };
  });
}

/** The files that a manifest names, as a listing has them. */
export function filesOf({ subject }: ExportManifest): ExportedFile[] {
  return subject.map(({ name, digest: { crc32c, md5 }, annotations: { bytes, generation } }) => ({
    path: name,
    bytes,
    ...(crc32c !== undefined && { crc32c: toBase64(crc32c) }),
    ...(md5 !== undefined && { md5: toBase64(md5) }),
    generation,
  }));
}

const toHex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
const toBase64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
