import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** The folder of an entry, or its problem. */
export type FolderChoice = { readonly folder: string } | { readonly problem: string };

/** Resolves the folders that entries of Models can use. */
export interface ModelFolders {
  readonly choose: (place: string) => FolderChoice;
}

/** Allows any folder, for entries from code in this process. */
export function anyFolder(base: string): ModelFolders {
  return {
    choose: (place) => {
      const folder = path.resolve(base, place);
      return isFolder(folder) ? { folder } : { problem: `the folder ${place} does not exist` };
    },
  };
}

/**
 * Allows folders below a root only. Symbolic links are followed first.
 *
 * @param base base of relative paths
 * @param roots allowed roots; if there are none, no folder is allowed
 * @param relativeOnly whether absolute paths and `..` are rejected even if they lead to a root
 */
export function foldersBelow(
  base: string,
  roots: readonly string[],
  { relativeOnly = false }: { relativeOnly?: boolean } = {},
): ModelFolders {
  const where = roots.join(' or ');
  const hint = 'Use a folder below it, or start the emulator with --files-root (option filesRoot).';
  return {
    choose: (place) => {
      if (roots.length === 0) {
        return { problem: 'no folder is allowed. Start the emulator with --files-root (option filesRoot).' };
      }
      if (place.includes('\0')) return { problem: 'a path must not have a NUL character' };
      if (relativeOnly && (path.isAbsolute(place) || place.split(/[\\/]/).includes('..'))) {
        return {
          problem: `${place} is not a relative path without "..". Use a relative path to a folder below ${where}.`,
        };
      }
      const folder = path.resolve(base, place);
      // Checked before any access to the disk, so that paths outside can't be probed.
      if (![...roots, ...roots.map(realPath)].some((root) => root !== undefined && isBelow(root, folder))) {
        return { problem: `${place} is outside of ${where}. ${hint}` };
      }
      const real = realPath(folder);
      if (real === undefined || !isFolder(real)) return { problem: `the folder ${place} does not exist` };
      return roots.map(realPath).some((root) => root !== undefined && isBelow(root, real))
        ? { folder: real }
        : { problem: `${place} leads outside of ${where} by a symbolic link. ${hint}` };
    },
  };
}

export function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isBelow(root: string, place: string): boolean {
  const relative = path.relative(root, place);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function realPath(place: string): string | undefined {
  try {
    return realpathSync(place);
  } catch {
    return undefined;
  }
}
