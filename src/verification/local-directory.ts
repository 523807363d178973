import { open, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { inParallel } from '../internal/in-parallel';
import type { ArtifactFile } from './artifact-file';
import { ChangedFileError } from './artifact-file';

/**
 * Lists the files of a local directory and of its subdirectories, for {@link verifyDirectory}. Parts of a file are read
 * when the verification needs them. Local files have no recorded checksums. Symbolic links are followed; pipes, sockets
 * and devices are left out.
 *
 * @example
 * ```ts
 * const files = await localDirectory('./model');
 * console.log(files.map(({ path, bytes }) => `${path}: ${bytes} bytes`));
 * ```
 *
 * @param directory absolute, or relative to the working directory
 * @returns the files in order of their paths
 * @throws LinkOutsideError if a symbolic link leads out of the directory
 * @throws RangeError if the directory has more than 200,000 entries
 * @throws the file system's error if the directory or a file can't be read
 * @experimental
 */
export async function localDirectory(directory: string): Promise<ArtifactFile[]> {
  const root = await realpath(directory);
  const files: ArtifactFile[] = [];
  await inParallel(await filePaths(root), async (file) => {
    files.push(await localFile(root, file));
  });
  return files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/**
 * A symbolic link in a model directory leads out of it.
 *
 * @experimental
 */
export class LinkOutsideError extends Error {
  override readonly name = 'LinkOutsideError';

  constructor(link: string, target: string) {
    super(`${link} is a symbolic link to ${target}, outside of the directory. Replace it with the file itself.`);
  }
}

/** More entries are not listed: links to directories can make a small directory endless. */
const MAX_ENTRIES = 200_000;

/** Absolute paths of all regular files below a directory; links to directories are followed. */
async function filePaths(root: string): Promise<string[]> {
  const found: string[] = [];
  let entries = 0;
  const visit = async (directory: string, ancestors: readonly string[]): Promise<void> => {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      entries += 1;
      if (entries > MAX_ENTRIES) throw new RangeError(`${root} has more than ${MAX_ENTRIES} entries.`);
      const place = path.join(directory, entry.name);
      const target = entry.isSymbolicLink() ? await targetInside(root, place) : place;
      const kind = entry.isSymbolicLink() ? await stat(target) : entry;
      // A link to a directory that contains the link would repeat forever.
      if (kind.isDirectory() && !ancestors.includes(target)) await visit(place, [...ancestors, target]);
      if (kind.isFile()) found.push(place);
    }
  };
  await visit(root, [root]);
  return found;
}

async function targetInside(root: string, link: string): Promise<string> {
  const target = await realpath(link);
  if (target !== root && !target.startsWith(root.endsWith(path.sep) ? root : `${root}${path.sep}`)) {
    throw new LinkOutsideError(path.relative(root, link), target);
  }
  return target;
}

async function localFile(root: string, place: string): Promise<ArtifactFile> {
  const name = path.relative(root, place).split(path.sep).join('/');
  // The target is kept: a link that is replaced later must not lead the reads elsewhere.
  const target = await targetInside(root, place);
  const listed = await stat(target);
  return {
    path: name,
    bytes: listed.size,
    generation: String(listed.mtimeMs),
    read: (start, length) => readPart(name, target, listed, start, length),
  };
}

/** Of a file's state: what differs after it was changed. */
interface Version {
  readonly size: number;
  readonly mtimeMs: number;
}

async function readPart(name: string, target: string, listed: Version, start: number, length: number): Promise<Buffer> {
  const file = await open(target).catch((error: unknown) => {
    throw isNotFound(error) ? new ChangedFileError(name) : error;
  });
  try {
    const part = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await file.read(part, filled, length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    const { size, mtimeMs } = await file.stat();
    if (filled < length || size !== listed.size || mtimeMs !== listed.mtimeMs) throw new ChangedFileError(name);
    return part;
  } finally {
    await file.close();
  }
}

function isNotFound(error: unknown): boolean {
  // Jest runs tests in another realm, whose `Error` is not that of Node.js.
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
