import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { Component, Release } from './components';

const run = promisify(execFile);

const PROBE_TIMEOUT_MS = 10_000;

export const NO_FILE = 'there is no executable file';

/** What a command that fails has written. */
const failedCommand = z.object({ stdout: z.string(), stderr: z.string() });

/** Runs a program to check that it is the right one. Returns the reason if it is not; undefined if it is. */
export async function programProblem(
  component: Component,
  file: string,
  release: Release | undefined,
): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
  } catch {
    return NO_FILE;
  }
  // Some programs write their help to stderr and exit with an error: the output counts, not the exit code.
  const { stdout, stderr } = await run(file, component.probe, { timeout: PROBE_TIMEOUT_MS }).catch((error: unknown) => {
    const written = failedCommand.safeParse(error);
    return written.success ? written.data : { stdout: '', stderr: String(error) };
  });
  const verdict = component.accepts(`${stdout}\n${stderr}`, release);
  return verdict === true ? undefined : verdict;
}

/** Compares a file with its SHA-256 without running it. Returns the reason if it differs; undefined if it is the same. */
export async function digestProblem(file: string, sha256: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch {
    return NO_FILE;
  }
  const actual = hash.digest('hex');
  return actual === sha256 ? undefined : `its SHA-256 is ${actual}, and ${sha256} is expected`;
}
