import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/testing/services/find-component';
import { withLock } from '../../src/testing/services/lock';
import { withProgress } from '../../src/testing/services/progress';

const run = promisify(execFile);

export type Log = (line: string) => void;

export const toStderr: Log = (line) => {
  process.stderr.write(`${line}\n`);
};

export type Command = readonly [program: string, ...args: string[]];

/** Time limit of a download or an unpacking, in milliseconds. */
const COMMAND_TIMEOUT_MS = 5 * 60_000;

/** Runs a command, and returns what it prints. */
export async function execute([program, ...args]: Command, cwd?: string): Promise<string> {
  return (await run(program, args, { timeout: COMMAND_TIMEOUT_MS, ...(cwd !== undefined && { cwd }) })).stdout;
}

/** Attempts of a download. A registry may be slow or refuse once. */
const DOWNLOAD_ATTEMPTS = 3;

/** Runs a download again if it fails. */
export async function downloaded(download: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await download();
      return;
    } catch (error) {
      if (attempt === DOWNLOAD_ATTEMPTS) throw error;
    }
  }
}

/**
 * Absolute path of a folder in the cache. `fill` creates its content in another folder, at most once.
 *
 * @param name path below the cache folder, which changes with the content
 * @throws Error that names what could not be installed
 */
export async function installed(
  name: string,
  title: string,
  fill: (folder: string) => Promise<void>,
  log: Log = toStderr,
): Promise<string> {
  const target = path.join(cacheFolder(), name);
  if (existsSync(target)) return target;
  return withLock(`${target}.lock`, `downloading ${title}, by another process`, log, async () => {
    // Another process may have installed it while this one waited.
    if (existsSync(target)) return target;
    const folder = await mkdtemp(path.join(path.dirname(target), 'download-'));
    try {
      await withProgress(`downloading ${title}`, log, () => fill(folder));
      // All of it or nothing: an interrupted run does not leave a part of a package behind.
      await rename(folder, target);
    } catch (error) {
      throw new Error(`${title} could not be downloaded: ${String(error)}`, { cause: error });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return target;
  });
}
