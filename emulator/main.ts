import { parseArgs } from 'node:util';
import { startEmulator } from '.';
import type { EmulatorOptions } from './options';

const HELP = `Usage: npm run emulator -- [options]

Starts a local emulator of Vertex AI model exports. When it is ready, it prints one line of JSON: {"url": "http://..."}.

Options:
  --port N              Port on 127.0.0.1. Default: 0, any free port.
  --models FILE.json    Models file. Default: the models that ship with the package.
  --files-root DIR      Root for the folders of models. Models added over HTTP can only use folders below it.
                        Default: the folder of the models file.
  --layout NAME         How export directories are named: reference (as documented) or observed. Default: reference.
  --quotas VALUE        Requests per minute: off, service (60 submissions, 600 requests), or SUBMISSIONS,REQUESTS.
                        Default: off.
  --help                Print this help.

Environment:
  STORAGE_EMULATOR_HOST   Object store that exports are written to.
  REGISTRY_EMULATOR_HOST  OCI registry that images are pushed to.
`;

/** The options of the command line, or all problems with them. */
function parseCommandLine(args: string[]): EmulatorOptions | { problems: string[] } | 'help' {
  const { values, problems } = parse(args);
  if (values.help) return 'help';
  const port = Number(values.port ?? '0');
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push('--port: must be a number from 0 to 65535');
  const layout = values.layout ?? 'reference';
  if (layout !== 'reference' && layout !== 'observed') problems.push('--layout: must be reference or observed');
  const quotas = parseQuotas(values.quotas ?? 'off');
  if (quotas === undefined) problems.push('--quotas: must be off, service, or two numbers such as 60,600');
  if (problems.length > 0) return { problems };
  return {
    port,
    layout: layout === 'observed' ? 'observed' : 'reference',
    ...(quotas !== undefined && { quotas }),
    ...(values.models !== undefined && { models: values.models }),
    ...(values['files-root'] !== undefined && { filesRoot: values['files-root'] }),
  };
}

interface Values {
  port?: string | undefined;
  models?: string | undefined;
  'files-root'?: string | undefined;
  layout?: string | undefined;
  quotas?: string | undefined;
  help?: boolean | undefined;
}

function parse(args: string[]): { values: Values; problems: string[] } {
  try {
    const text = { type: 'string' } as const;
    const options = {
      port: text,
      models: text,
      'files-root': text,
      layout: text,
      quotas: text,
      help: { type: 'boolean' },
    } as const;
    return { values: parseArgs({ args, options }).values, problems: [] };
  } catch (error) {
    return { values: {}, problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function parseQuotas(value: string): EmulatorOptions['quotas'] {
  if (value === 'off' || value === 'service') return value;
  const [, submissions, requests] = /^(\d+),(\d+)$/.exec(value) ?? [];
  if (submissions === undefined || requests === undefined) return undefined;
  return { submissionsPerMinute: Number(submissions), requestsPerMinute: Number(requests) };
}

async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  if ('problems' in options) throw new Error(`${options.problems.join('\n')}\nSee --help.`);
  const emulator = await startEmulator(options);
  process.stdout.write(`${JSON.stringify({ url: emulator.url })}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void emulator.stop();
    });
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  // The names in a models file can have any characters: control characters must not reach the terminal.
  process.stderr.write(`${message.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')}\n`);
  process.exitCode = 2;
});
