import type { ListedFile } from './artifact-file';
import { Messages, shownName } from './messages';
import { forEachInSlices } from './slices';

/** Findings that are kept. */
const MAX_FINDINGS = 1_000;

/** Names each file that differs between two listings of a directory. */
export async function changesBetween(before: readonly ListedFile[], after: readonly ListedFile[]): Promise<string[]> {
  const first = new Map<string, ListedFile>();
  await forEachInSlices(before, (file) => first.set(file.path, file));
  const second = new Map<string, ListedFile>();
  const changes = new Messages('findings', MAX_FINDINGS);
  const report = (path: string, change: string): void => {
    changes.add(`${shownName(path)} ${change} while it was verified`);
  };
  await forEachInSlices(after, (file) => {
    second.set(file.path, file);
    if (!first.has(file.path)) report(file.path, 'appeared');
  });
  await forEachInSlices(first, ([path, { generation }]) => {
    const now = second.get(path);
    if (now === undefined) report(path, 'disappeared');
    else if (now.generation !== generation) report(path, 'was replaced');
  });
  return changes.texts;
}
