import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import type { ArtifactFile } from './artifact-file';
import { ChangedFileError } from './artifact-file';
import { inParallel } from '../internal/in-parallel';
import { messageAbout, Messages } from './messages';
import { inSlice } from './slices';

/** Bytes per read: memory use does not depend on the size of the file. */
const PART_BYTES = 8 * 1024 * 1024;
/** Bytes whose checksums are computed without an interruption: a few milliseconds. */
const PIECE_BYTES = 1024 * 1024;
/** Findings that are kept. */
const MAX_FINDINGS = 1_000;
/** Files that are read at the same time. */
const CONCURRENCY = 4;

/** The result of reading every byte. */
export interface Content {
  readonly findings: readonly string[];
  /** SHA-256 of each file in hex, by path. */
  readonly sha256: ReadonlyMap<string, string>;
}

/** Reads every byte of every file and compares the checksums with the recorded ones. */
export async function checkContent(files: readonly ArtifactFile[]): Promise<Content> {
  const findings = new Messages('findings', MAX_FINDINGS);
  const sha256 = new Map<string, string>();
  const check = async (file: ArtifactFile): Promise<void> => {
    try {
      const found = await digestsOf(file);
      sha256.set(file.path, found.sha256);
      for (const difference of differences(file, found)) findings.add(messageAbout(file.path, difference));
    } catch (error) {
      if (!(error instanceof ChangedFileError)) throw error;
      findings.add(messageAbout(file.path, error.message));
    }
  };
  await inParallel(files, check, CONCURRENCY);
  return { findings: findings.texts, sha256 };
}

interface Digests {
  /** In base64, as Cloud Storage records it. */
  readonly crc32c: string;
  /** In base64; `undefined` if none is recorded. */
  readonly md5: string | undefined;
  /** In hex, as in in-toto. */
  readonly sha256: string;
}

async function digestsOf(file: ArtifactFile): Promise<Digests> {
  // MD5 is the slowest of the three, and composed objects have none.
  const md5 = file.md5 === undefined ? undefined : createHash('md5');
  const sha256 = createHash('sha256');
  let checksum = 0;
  for (let start = 0; start < file.bytes; start += PART_BYTES) {
    const part = await file.read(start, Math.min(PART_BYTES, file.bytes - start));
    for (let from = 0; from < part.length; from += PIECE_BYTES) {
      const piece = part.subarray(from, from + PIECE_BYTES);
      await inSlice(() => {
        md5?.update(piece);
        sha256.update(piece);
        checksum = crc32c(piece, checksum);
      });
    }
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return { crc32c: bytes.toString('base64'), md5: md5?.digest('base64'), sha256: sha256.digest('hex') };
}

function differences(file: ArtifactFile, found: Digests): string[] {
  return (['crc32c', 'md5'] as const)
    .filter((name) => file[name] !== undefined && file[name] !== found[name])
    .map((name) => `its bytes have the ${name} ${found[name] ?? ''}, but ${file[name] ?? ''} is recorded`);
}
