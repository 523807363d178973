import type { ExportedFile, ExportManifest } from '../contract';
import type { Findings } from './listing';
import { filesOf, manifestDigest } from './manifest';

/**
 * Compares what a place has with a manifest, file by file.
 *
 * @param isOriginal whether it is the place that the manifest was written for, so that generations should be the same
 */
export function compareWithManifest(
  manifest: ExportManifest,
  files: readonly ExportedFile[],
  isOriginal: boolean,
): Findings {
  const recorded = filesOf(manifest);
  const present = new Map(files.map((file) => [file.path, file]));
  const findings = [...ownFindings(manifest, recorded)];
  const notes: string[] = [];
  for (const record of recorded) {
    const file = present.get(record.path);
    const differences = file ? differencesOf(record, file) : [`${record.path} is missing`];
    findings.push(...differences);
    if (file && isOriginal && differences.length === 0 && file.generation !== record.generation) {
      notes.push(`${record.path} was written again, with the same bytes`);
    }
    present.delete(record.path);
  }
  return { findings, notes: [...notes, ...[...present.keys()].map((path) => `${path} is not in the manifest`)] };
}

/** A manifest that does not fit its own digest was changed or damaged. */
function ownFindings({ predicate }: ExportManifest, recorded: readonly ExportedFile[]): string[] {
  const digest = manifestDigest(recorded);
  if (digest === predicate.manifestSha256 && recorded.length === predicate.count) return [];
  return [`the manifest itself was changed: its entries have the digest ${digest}, not ${predicate.manifestSha256}`];
}

function differencesOf(record: ExportedFile, file: ExportedFile): string[] {
  if (file.bytes !== record.bytes) return [`${file.path} has ${file.bytes} bytes, and ${record.bytes} are recorded`];
  return (['crc32c', 'md5'] as const).flatMap((name) => {
    const [now, then] = [file[name], record[name]];
    return now === undefined || then === undefined || now === then
      ? []
      : [`${file.path} has the ${name} ${now}, and ${then} is recorded`];
  });
}
