#!/usr/bin/env node
import { redact } from '../internal/redact';
import { Output } from './output';
import { CommandError, UsageError } from './command-error';
import { dev, DEV_HELP, DEV_SUMMARY } from './commands/dev';
import { emulator, EMULATOR_HELP, EMULATOR_SUMMARY } from './commands/emulator';
import { verify, VERIFY_HELP, VERIFY_SUMMARY } from './commands/verify';

interface Command {
  readonly summary: string;
  readonly help: string;
  /** Returns the exit code. */
  readonly run: (args: string[], output: Output) => Promise<number>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['dev', { summary: DEV_SUMMARY, help: DEV_HELP, run: dev }],
  ['emulator', { summary: EMULATOR_SUMMARY, help: EMULATOR_HELP, run: emulator }],
  ['verify', { summary: VERIFY_SUMMARY, help: VERIFY_HELP, run: verify }],
]);

const stdout = new Output(process.stdout);
const stderr = new Output(process.stderr);

const HELP = `Usage: temporal-vertex-export COMMAND [options]

${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

temporal-vertex-export COMMAND --help shows the options of a command.
`;

/** Exit code if the arguments are wrong or the command failed. */
const FAILED = 2;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    stdout.help(HELP);
    return name === undefined ? FAILED : 0;
  }
  const command = COMMANDS.get(name);
  if (command === undefined)
    throw new UsageError([`${name} is not a command. Commands: ${[...COMMANDS.keys()].join(', ')}.`]);
  if (args.includes('--help') || args.includes('-h')) {
    stdout.help(command.help);
    return 0;
  }
  return command.run(args, stdout);
}

/** The command of the arguments, if there is one, and a space. */
function commandName(): string {
  const [, , name = ''] = process.argv;
  return COMMANDS.has(name) ? `${name} ` : '';
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const reasons =
      error instanceof CommandError ? error.reasons : [error instanceof Error ? error.message : String(error)];
    for (const reason of reasons) stderr.line(redact(reason));
    if (error instanceof UsageError) stderr.line(`See temporal-vertex-export ${commandName()}--help.`);
    process.exitCode = FAILED;
  },
);
