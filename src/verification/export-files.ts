import type { ArtifactFile } from './artifact-file';
import { LoadedParts } from './readers/loaded-parts';
import { forEachInSlices } from './slices';

/** Bytes of inspected files that stay in memory, because an index may need them again. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;

/** The files of an export by their paths; parts of them are in memory. */
export class ExportFiles {
  /** Files that were opened, or that others refer to. */
  readonly used = new Set<string>();
  private readonly files = new Map<string, ArtifactFile>();
  /** Least recently used first. */
  private readonly opened = new Map<string, LoadedParts>();

  private constructor() {
    // Use `of`.
  }

  static async of(files: readonly ArtifactFile[]): Promise<ExportFiles> {
    const exported = new ExportFiles();
    await forEachInSlices(files, (file) => exported.files.set(file.path, file));
    return exported;
  }

  /** The size in bytes of a file that another file refers to; `undefined` if it does not exist. */
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

  /** Releases the loaded parts of the least recently used files. */
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

/** Matches a reference that leads out of the directory. */
const OUTSIDE = /^[/\\]|(^|[/\\])\.\.([/\\]|$)/;
/** Matches what may be a URL, or a name with a colon. */
const SCHEME = /^[a-z]+:/i;
/** Matches segments that name the directory itself. */
const SAME = /(^|\/)(\.\/)+/g;

/**
 * The path of a file that is named relative to another one; `undefined` if it leads out of the directory. Object names
 * are not paths: they are joined as text, and an empty segment stays.
 */
export function pathBeside(path: string, reference: string, files: Pick<ExportFiles, 'sizeOf'>): string | undefined {
  if (OUTSIDE.test(reference)) return undefined;
  const joined = `${path.slice(0, path.lastIndexOf('/') + 1)}${reference.replace(SAME, '$1')}`;
  return SCHEME.test(reference) && files.sizeOf(joined) === undefined ? undefined : joined;
}
