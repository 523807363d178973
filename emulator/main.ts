import { parseArgs } from 'node:util';
import { startEmulator } from '.';
import type { EmulatorOptions } from './options';

const HELP = `Usage: npm run emulator -- [options]

A local Vertex AI for model exports. Prints one line of JSON, {"url": ...}, when it listens.

  --port N              port on 127.0.0.1; 0 (default) takes a free one
  --models FILE.json    models that it has; default: the set that ships with the package
  --files-root DIR      entries may name folders below it, too; posted entries name only those.
                        Default: the folder of the models file
  --layout NAME         names of created directories: reference (default) or observed
  --quotas VALUE        off (default), service (60 submissions and 600 requests a minute), or SUBMISSIONS,REQUESTS
  --help

Environment: STORAGE_EMULATOR_HOST (object store that exports are written to),
REGISTRY_EMULATOR_HOST (OCI registry that images are pushed to).
`;

/** Options of the command line, or every problem with it. */
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
  // A models file may have anything in its names: a terminal gets it as text.
  process.stderr.write(`${message.replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, '?')}\n`);
  process.exitCode = 2;
});
