import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import type { ArtifactFile, Inspection } from './artifact-file';
import { ChangedFileError, finding, joined } from './artifact-file';

/** A part that is read at once, in bytes: memory stays flat however large the file is. */
const PART_BYTES = 8 * 1024 * 1024;
/** So many files are read at the same time. */
const CONCURRENCY = 4;

/** Reads every byte of every file, and compares the checksums with those of the listing. */
export async function checkContent(files: readonly ArtifactFile[]): Promise<Inspection> {
  const waiting = [...files];
  const inspections: Inspection[] = [];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      inspections.push(await checkFile(file));
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return joined(inspections);
}

async function checkFile(file: ArtifactFile): Promise<Inspection> {
  const md5 = createHash('md5');
  let checksum = 0;
  try {
    for (let start = 0; start < file.bytes; start += PART_BYTES) {
      const part = await file.read(start, Math.min(PART_BYTES, file.bytes - start));
      md5.update(part);
      checksum = crc32c(part, checksum);
    }
  } catch (error) {
    if (error instanceof ChangedFileError) return finding(file.path, error.message);
    throw error;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  const found = { crc32c: bytes.toString('base64'), md5: md5.digest('base64') };
  const wrong = (['crc32c', 'md5'] as const).filter((name) => file[name] !== undefined && file[name] !== found[name]);
  const findings = wrong.map(
    (name) => `${file.path}: its bytes have the ${name} ${found[name]}, and ${file[name] ?? ''} is recorded`,
  );
  return { findings, notes: [], inspected: [] };
}
