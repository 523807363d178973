import { EMULATOR_OPTIONS_HELP, parseEmulatorCommand, runEmulatorCommand } from '../../../emulator/command-line';
import type { Output } from '../output';
import { UsageError } from '../usage-error';

export const EMULATOR_SUMMARY = 'Runs a local Vertex AI with an object store and a registry, for tests.';

export const EMULATOR_HELP = `Usage: temporal-vertex-export emulator [options]

${EMULATOR_SUMMARY}
When it is ready, it prints one line of JSON: {"url": "http://...", "storage": "http://...", "registry": "http://..."}.
Set VERTEX_EMULATOR_HOST, STORAGE_EMULATOR_HOST and REGISTRY_EMULATOR_HOST to these for a worker. It runs until SIGINT
(Ctrl-C) or SIGTERM.

${EMULATOR_OPTIONS_HELP}
Exit code: 0 if it was stopped, 2 if it could not start.
`;

/** Runs the command until it is stopped, and returns its exit code. */
export async function emulator(args: string[], output: Output): Promise<number> {
  const command = parseEmulatorCommand(args);
  if ('problems' in command) throw new UsageError(command.problems);
  const print = (urls: unknown): void => {
    output.json(urls);
  };
  try {
    await runEmulatorCommand(command, print, process.stdin);
  } catch (error) {
    // A models file can have many problems, each on a line.
    throw new UsageError((error instanceof Error ? error.message : String(error)).split('\n'));
  }
  return 0;
}
