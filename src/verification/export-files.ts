import type { ArtifactFile } from './artifact-file';
import { LoadedParts } from './readers/loaded-parts';
import { forEachInSlices } from './slices';

/** What is kept in memory of files that were inspected, since an index may need them again, in bytes. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** The files of an export by their paths, of which parts are in memory. */
export class ExportFiles {
  /** Files that were opened, or that others refer to. */
  readonly used = new Set<string>();
  private readonly files = new Map<string, ArtifactFile>();
  /** Least recently used first. */
  private readonly opened = new Map<string, LoadedParts>();

  private constructor() {
    // Made by `of`.
  }

  static async of(files: readonly ArtifactFile[]): Promise<ExportFiles> {
    const exported = new ExportFiles();
    await forEachInSlices(files, (file) => exported.files.set(file.path, file));
    return exported;
  }

  /** The size of a file that another one refers to, in bytes; `undefined` where there is none. */
  sizeOf(path: string): number | undefined {
    const file = this.files.get(path);
    if (file) this.used.add(file.path);
    return file?.bytes;
  }

  open(path: string): LoadedParts | undefined {
    const file = this.files.get(path);
    if (file === undefined) return undefined;
    this.used.add(file.path);
    const parts = this.opened.get(path) ?? new LoadedParts(file);
    this.opened.delete(path);
    this.opened.set(path, parts);
    return parts;
  }

  /** Forgets what was read of the files that were used least recently. */
  trim(): void {
    let kept = 0;
    for (const { bytes } of this.opened.values()) kept += bytes;
    for (const [name, { bytes }] of this.opened) {
      if (bytes > 0 && kept <= MAX_KEPT_BYTES) return;
      this.opened.delete(name);
      kept -= bytes;
    }
  }
}

/** A reference that leads out of the directory. A name with a colon may be a URL, or only a name. */
const OUTSIDE = /^[/\\]|(^|[/\\])\.\.([/\\]|$)/;
const SCHEME = /^[a-z]+:/i;
/** Segments that name the directory itself. */
const SAME = /(^|\/)(\.\/)+/g;

/**
 * The path of a file that is named relative to another one; `undefined` where that leads out of its directory. Object
 * names are no paths: they are joined as text, and an empty segment stays.
 */
export function pathBeside(path: string, reference: string, files: Pick<ExportFiles, 'sizeOf'>): string | undefined {
  if (OUTSIDE.test(reference)) return undefined;
  const joined = `${path.slice(0, path.lastIndexOf('/') + 1)}${reference.replace(SAME, '$1')}`;
  return SCHEME.test(reference) && files.sizeOf(joined) === undefined ? undefined : joined;
}
