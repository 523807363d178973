import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import type { ArtifactFile } from './artifact-file';
import { ChangedFileError } from './artifact-file';
import { inParallel } from './in-parallel';

/** A part that is read at once, in bytes: memory stays flat however large the file is. */
const PART_BYTES = 8 * 1024 * 1024;
/** So many files are read at the same time. */
const CONCURRENCY = 4;

/** What reading every byte gave. */
export interface Content {
  readonly findings: readonly string[];
  /** SHA-256 of each file in hex, by path: the listing has none. */
  readonly sha256: ReadonlyMap<string, string>;
}

/** Reads every byte of every file, and compares the checksums with those of the listing. */
export async function checkContent(files: readonly ArtifactFile[]): Promise<Content> {
  const findings: string[] = [];
  const sha256 = new Map<string, string>();
  const check = async (file: ArtifactFile): Promise<void> => {
    try {
      const found = await digestsOf(file);
      sha256.set(file.path, found.sha256);
      findings.push(...differences(file, found));
    } catch (error) {
      if (!(error instanceof ChangedFileError)) throw error;
      findings.push(`${file.path}: ${error.message}`);
    }
  };
  await inParallel(files, check, CONCURRENCY);
  return { findings, sha256 };
}

interface Digests {
  /** As Cloud Storage gives them: base64. */
  readonly crc32c: string;
  /** Only where the object has one. */
  readonly md5: string | undefined;
  /** In hex, as in-toto has it. */
  readonly sha256: string;
}

async function digestsOf(file: ArtifactFile): Promise<Digests> {
  // Large objects have none, and it is the slowest of the three.
  const md5 = file.md5 === undefined ? undefined : createHash('md5');
  const sha256 = createHash('sha256');
  let checksum = 0;
  for (let start = 0; start < file.bytes; start += PART_BYTES) {
    const part = await file.read(start, Math.min(PART_BYTES, file.bytes - start));
    md5?.update(part);
    sha256.update(part);
    checksum = crc32c(part, checksum);
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return { crc32c: bytes.toString('base64'), md5: md5?.digest('base64'), sha256: sha256.digest('hex') };
}

function differences(file: ArtifactFile, found: Digests): string[] {
  return (['crc32c', 'md5'] as const)
    .filter((name) => file[name] !== undefined && file[name] !== found[name])
    .map(
      (name) => `${file.path}: its bytes have the ${name} ${found[name] ?? ''}, and ${file[name] ?? ''} is recorded`,
    );
}
