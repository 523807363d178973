import type { InspectedFile } from './inspected';
import type { ArtifactFile } from './artifact-file';
import { ExportFiles } from './export-files';
import type { FileKind } from './formats';
import { inParallel } from '../internal/in-parallel';
import type { FileInspection, Inspection } from './inspection';
import { inspectFile } from './inspection';
import { Messages } from './messages';
import { forEachInSlices } from './slices';

/** Most files that are inspected; a note counts the others. */
const MAX_FILES = 1_000;
/** Findings, and notes, that are kept in all. */
const MAX_MESSAGES = 1_000;

/**
 * Inspects the files whose kinds are known, in the order of the listing. Any content leads to a result; the promise
 * rejects only if a file can't be read.
 */
export async function inspectFiles(kinds: readonly FileKind[], files: readonly ArtifactFile[]): Promise<Inspection> {
  const exported = await ExportFiles.of(files);
  const chosen: { path: string; kind: FileKind }[] = [];
  let more = 0;
  await forEachInSlices(files, ({ path, bytes }) => {
    const kind = bytes > 0 ? kinds.find(({ pattern }) => pattern.test(path)) : undefined;
    if (kind === undefined) return;
    if (chosen.length < MAX_FILES) chosen.push({ path, kind });
    else more += 1;
  });
  const inspections: FileInspection[] = [];
  await inParallel(chosen.entries(), async ([index, { path, kind }]) => {
    inspections[index] = await inspectFile(kind.inspect, path, exported);
  });
  const findings = new Messages('findings', MAX_MESSAGES);
  const notes = new Messages('notes', MAX_MESSAGES);
  const inspected: InspectedFile[] = [];
  for (const inspection of inspections) {
    findings.addAll(inspection.findings);
    notes.addAll(inspection.notes);
    inspected.push(...inspection.inspected);
  }
  if (more > 0) notes.add(`${more} more files were not inspected`);
  return { findings: findings.texts, notes: notes.texts, inspected, used: [...exported.used] };
}
