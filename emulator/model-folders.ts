import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** A folder that an entry names, or what is wrong with it. */
export type FolderChoice = { readonly folder: string } | { readonly problem: string };

/** Which folders an entry of a model may name as its files. */
export interface ModelFolders {
  readonly choose: (place: string) => FolderChoice;
}

/** Any folder: for entries of code in this process. */
export function anyFolder(base: string): ModelFolders {
  return {
    choose: (place) => {
      const folder = path.resolve(base, place);
      return isFolder(folder) ? { folder } : { problem: `there is no folder ${place}` };
    },
  };
}

/**
 * Folders below a root only, after symbolic links are followed.
 *
 * @param base what relative paths are relative to
 * @param roots without any, no folder can be named
 * @param relativeOnly whether absolute paths and `..` are refused even where they lead to a root
 */
export function foldersBelow(
  base: string,
  roots: readonly string[],
  { relativeOnly = false }: { relativeOnly?: boolean } = {},
): ModelFolders {
  const where = roots.join(' or ');
  const hint = 'Name a folder below it, or start the emulator with --files-root (option filesRoot).';
  return {
    choose: (place) => {
      if (roots.length === 0) {
        return { problem: 'no folder can be named. Start the emulator with --files-root (option filesRoot).' };
      }
      if (place.includes('\0')) return { problem: 'a path has no NUL character' };
      if (relativeOnly && (path.isAbsolute(place) || place.split(/[\\/]/).includes('..'))) {
        return { problem: `${place} is not a relative path without "..". Name a folder below ${where} by one.` };
      }
      const folder = path.resolve(base, place);
      // Before anything is asked of the disk: what is outside can't be probed.
      if (![...roots, ...roots.map(realPath)].some((root) => root !== undefined && isBelow(root, folder))) {
        return { problem: `${place} is outside of ${where}. ${hint}` };
      }
      const real = realPath(folder);
      if (real === undefined || !isFolder(real)) return { problem: `there is no folder ${place}` };
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
