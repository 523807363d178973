import type { ArtifactFile } from './artifact-file';
import type { FileKind } from './families';
import type { Inspection } from './inspection';
import { ExportFiles, inspectFile } from './inspection';

/** So many files are looked into; of an export with more the rest is named in a note. */
const MAX_FILES = 1_000;
/** Looks at the same time: each waits for its reads most of the time. */
const CONCURRENCY = 8;

/** Looks into the files whose kinds are known, in order of their paths. */
export async function inspectFiles(kinds: readonly FileKind[], files: readonly ArtifactFile[]): Promise<Inspection> {
  const exported = new ExportFiles(files);
  const looks = files.flatMap(({ path, bytes }) => {
    const kind = bytes > 0 && kinds.find(({ pattern }) => pattern.test(path));
    return kind ? [{ path, kind }] : [];
  });
  const inspections: Inspection[] = [];
  const queue = looks.slice(0, MAX_FILES).entries();
  const work = async (): Promise<void> => {
    for (const [index, { path, kind }] of queue) inspections[index] = await inspectFile(kind.inspect, path, exported);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
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
