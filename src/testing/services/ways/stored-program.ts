import { mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from '../lock';
import { withProgress } from '../progress';
import type { Found, Search } from './way';

/** How a way makes a file for the cache. */
export interface Making {
  /** What is done, for progress lines. */
  readonly what: string;
  /** Path that the program has in the cache. */
  readonly target: string;
  /** Checks the program at `target`. Returns what is wrong with it; undefined if it can be used. */
  readonly problem: () => Promise<string | undefined>;
  /** Makes the program in an empty folder, and resolves with its path, or with the reason why it can't be made. */
  readonly make: (folder: string) => Promise<Found>;
}

/** Makes a program and moves it into the cache. Only one process of the machine makes the same program at a time. */
export async function storeProgram({ log }: Search, { what, target, problem, make }: Making): Promise<Found> {
  return withLock(`${target}.lock`, `waiting for another process: ${what}`, log, async () => {
    // Another process may have made it while this one waited.
    if ((await problem()) === undefined) return { path: target };
    const folder = await mkdtemp(path.join(path.dirname(target), 'new-'));
    try {
      const made = await withProgress(what, log, () => make(folder));
      if ('reason' in made) return made;
      // A rename is atomic: the cache never contains half a program.
      await rename(made.path, target);
      const wrong = await problem();
      return wrong === undefined ? { path: target } : { reason: wrong };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
