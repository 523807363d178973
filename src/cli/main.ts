#!/usr/bin/env node
import { ApplicationFailure } from '@temporalio/common';
import { ExportFailureType } from '../contract';
import { UsageError } from './usage-error';
import { verify, VERIFY_HELP, VERIFY_SUMMARY } from './verify';

interface Command {
  readonly summary: string;
  readonly help: string;
  /** Gives the exit code. */
  readonly run: (args: string[]) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  verify: { summary: VERIFY_SUMMARY, help: VERIFY_HELP, run: verify },
};

const HELP = `Usage: temporal-vertex-export COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`)
  .join('\n')}

temporal-vertex-export COMMAND --help tells the options of a command.
`;

/** The call was wrong, or could not be carried out. */
const FAILED = 2;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(HELP);
    return name === undefined ? FAILED : 0;
  }
  const command = COMMANDS[name];
  if (command === undefined) throw new UsageError(`${name} is no command; there ${commandNames()}.`);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(command.help);
    return 0;
  }
  return command.run(args);
}

/** What a worker does about an outage, a command does not. */
function messageOf(error: unknown): string {
  const isOutage = error instanceof ApplicationFailure && error.type === ExportFailureType.Unavailable;
  if (isOutage && error.cause) return error.cause.message;
  return error instanceof Error ? error.message : String(error);
}

function commandNames(): string {
  const names = Object.keys(COMMANDS);
  return names.length === 1 ? `is only ${names.join()}` : `are ${names.join(', ')}`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    if (error instanceof UsageError) process.stderr.write('See temporal-vertex-export --help.\n');
    process.exitCode = FAILED;
  },
);
