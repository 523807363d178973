import type { ExportedFile } from '../contract/export-result';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** Findings that are kept. */
const MAX_FINDINGS = 1_000;

/** What changed from one listing of a directory to the next, file by file. */
export async function changesBetween(
  before: readonly ExportedFile[],
  after: readonly ExportedFile[],
): Promise<string[]> {
  const first = new Map<string, string>();
  await forEachInSlices(before, ({ path, generation }) => first.set(path, generation));
  const second = new Map<string, string>();
  const changes = new Messages('findings', MAX_FINDINGS);
  const report = (path: string, what: string): void => {
    changes.add(`${shownName(path)} ${what} while it was verified`);
  };
  await forEachInSlices(after, ({ path, generation }) => {
    second.set(path, generation);
    if (!first.has(path)) report(path, 'appeared');
  });
  await forEachInSlices(first, ([path, generation]) => {
    const now = second.get(path);
    if (now === undefined) report(path, 'disappeared');
    else if (now !== generation) report(path, 'was replaced');
  });
  return changes.texts;
}
