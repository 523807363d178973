import { execFile } from 'node:child_process';
import path from 'node:path';

const MAIN = path.join(__dirname, '..', '..', 'src', 'cli', 'main.ts');

/** The outcome of a command. */
export interface EndedCommand {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `temporal-vertex-export` in a separate process, as a person does.
 *
 * @param storageHost value of `STORAGE_EMULATOR_HOST`
 */
export function runCommand(storageHost: string, ...args: string[]): Promise<EndedCommand> {
  const env = { ...process.env, STORAGE_EMULATOR_HOST: storageHost };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', MAIN, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}
