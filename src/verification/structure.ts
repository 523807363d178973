import type { ArtifactFile } from './artifact-file';
import type { FileKind } from './families';
import { inParallel } from './in-parallel';
import type { Inspection } from './inspection';
import { ExportFiles, inspectFile } from './inspection';

/** So many files are looked into; of an export with more the rest is named in a note. */
const MAX_FILES = 1_000;

/** Looks into the files whose kinds are known, in order of their paths. */
export async function inspectFiles(kinds: readonly FileKind[], files: readonly ArtifactFile[]): Promise<Inspection> {
  const exported = new ExportFiles(files);
  const looks = files.flatMap(({ path, bytes }) => {
    const kind = bytes > 0 && kinds.find(({ pattern }) => pattern.test(path));
    return kind ? [{ path, kind }] : [];
  });
  const inspections: Inspection[] = [];
  await inParallel(looks.slice(0, MAX_FILES).entries(), async ([index, { path, kind }]) => {
    inspections[index] = await inspectFile(kind.inspect, path, exported);
  });
  const all = joined(inspections);
  const more = looks.length - MAX_FILES;
  return more > 0 ? { ...all, notes: [...all.notes, `${more} more files were not looked into`] } : all;
}

/** Joins what several looks gave. */
export function joined(inspections: readonly Inspection[]): Inspection {
  return {
    findings: inspections.flatMap(({ findings }) => findings),
    notes: inspections.flatMap(({ notes }) => notes),
    inspected: inspections.flatMap(({ inspected }) => inspected),
    used: inspections.flatMap(({ used }) => used),
  };
}
