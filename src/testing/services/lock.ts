import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { withProgress } from './progress';

const POLL_MS = 200;
/** How long a lock may exist before its owner has written its pid, in milliseconds. */
const NEWBORN_MS = 5_000;

/** Runs `work` while no other process on this machine holds the lock; a lock of a dead process is taken over. */
export async function withLock<T>(
  folder: string,
  waiting: string,
  log: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(folder), { recursive: true });
  await withProgress(waiting, log, async () => {
    while (!(await take(folder))) await sleep(POLL_MS);
  });
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function take(folder: string): Promise<boolean> {
  try {
    // Making a folder is atomic: exactly one process succeeds.
    await mkdir(folder);
  } catch (error) {
    // Jest runs tests in another realm, whose `Error` is not that of Node.js.
    if (!isNativeError(error) || !('code' in error) || error.code !== 'EEXIST') throw error;
    if (await isAbandoned(folder)) await rm(folder, { recursive: true, force: true });
    return false;
  }
  await writeFile(path.join(folder, 'pid'), String(process.pid));
  return true;
}

async function isAbandoned(folder: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(path.join(folder, 'pid'), 'utf8'));
    if (pid > 0) return !isAlive(pid);
  } catch {
    // No pid yet.
  }
  const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > NEWBORN_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isNativeError(error) && 'code' in error && error.code === 'EPERM';
  }
}
