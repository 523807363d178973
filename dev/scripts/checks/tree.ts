import { readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';

const SKIPPED = new Set(['node_modules', 'lib', '.git', '.cache', '.stryker-tmp', 'docs-api', 'reports']);

/** The files below `folder` of `root` that have one of these extensions, sorted, as paths from `root`. */
export function filesBelow(root: string, folder: string, extensions: readonly string[]): string[] {
  const isWanted = (entry: Dirent): boolean => entry.isFile() && extensions.includes(path.extname(entry.name));
  const walk = (relative: string): string[] =>
    entriesOf(path.join(root, relative)).flatMap((entry) => {
      const below = path.posix.join(relative, entry.name);
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : walk(below);
      return isWanted(entry) ? [below] : [];
    });
  return walk(folder).sort();
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
