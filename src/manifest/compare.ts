import type { ExportedFile } from '../contract/export-result';
import type { Findings } from '../verification/listing';
import { MAX_LISTED_MESSAGES } from '../verification/listing';
import { manifestDigest } from './digests';
import type { ExportManifest } from './statement';
import { filesOf } from './statement';
import { Messages, shownName } from '../verification/messages';
import { forEachInSlices } from '../verification/slices';

/**
 * Compares the files of a directory with a manifest.
 *
 * @param isOriginal whether the manifest was written for this directory, so that generations should be the same
 */
export async function compareWithManifest(
  manifest: ExportManifest,
  files: readonly ExportedFile[],
  isOriginal: boolean,
): Promise<Findings> {
  const recorded = await filesOf(manifest);
  const present = new Map<string, ExportedFile>();
  await forEachInSlices(files, (file) => present.set(file.path, file));
  const findings = new Messages('findings', MAX_LISTED_MESSAGES);
  const notes = new Messages('notes', MAX_LISTED_MESSAGES);
  for (const finding of await manifestFindings(manifest, recorded)) findings.add(finding);
  await forEachInSlices(recorded, (record) => {
    const file = present.get(record.path);
    const differences = file ? differencesOf(record, file) : ['is missing'];
    for (const difference of differences) findings.add(`${shownName(record.path)} ${difference}`);
    if (file && isOriginal && differences.length === 0 && file.generation !== record.generation) {
      notes.add(`${shownName(record.path)} was written again, with the same bytes`);
    }
    present.delete(record.path);
  });
  await forEachInSlices(present.keys(), (path) => {
    notes.add(`${shownName(path)} is not in the manifest`);
  });
  return { findings: findings.texts, notes: notes.texts };
}

/** Finds out whether the manifest itself was changed or damaged: its entries must have its digest. */
async function manifestFindings({ predicate }: ExportManifest, recorded: readonly ExportedFile[]): Promise<string[]> {
  const digest = await manifestDigest(recorded);
  if (digest === predicate.manifestSha256 && recorded.length === predicate.count) return [];
  return [`the manifest itself was changed: its entries have the digest ${digest}, not ${predicate.manifestSha256}`];
}

function differencesOf(record: ExportedFile, file: ExportedFile): string[] {
  if (file.bytes !== record.bytes) return [`has ${file.bytes} bytes, but ${record.bytes} are recorded`];
  return (['crc32c', 'md5'] as const).flatMap((name) => {
    const [now, then] = [file[name], record[name]];
    return now === undefined || then === undefined || now === then
      ? []
      : [`has the ${name} ${now}, but ${then} is recorded`];
  });
}
