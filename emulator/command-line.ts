import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { Emulator } from '.';
import { startEmulator } from '.';
import type { BucketOptions, EmulatorOptions } from './options';

/** Help on the options, for the command's help text. */
export const EMULATOR_OPTIONS_HELP = `Options:
  --port N                  Port on 127.0.0.1. Default: 0, any free port.
  --models FILE.json        Models file. Default: the models that ship with the package.
  --files-root DIR          Root for the folders of models. Models added over HTTP can only use folders below it.
                            Default: the folder of the models file.
  --layout NAME             How export directories are named: reference (as documented) or observed.
                            Default: reference.
  --quotas VALUE            Requests per minute: off, service (60 submissions, 600 requests), or
                            SUBMISSIONS,REQUESTS. Default: off.
  --data DIR                Keep the buckets, objects and images of the built-in stores in this folder. Models and
                            operations stay in memory. Default: everything stays in memory.
  --bucket NAME[=LOCATION]  Create a bucket at the start, unless it exists; repeatable. Default location: us-central1.
                            Default: the bucket exports, if the object store is the built-in one.
  --stop-with-stdin         Stop when standard input closes, so that the emulator ends with the program that started it.
  --help                    Print this help.

Environment:
  STORAGE_EMULATOR_HOST     Another object store that exports are written to. Default: the built-in one.
  REGISTRY_EMULATOR_HOST    Another OCI registry that images are pushed to. Default: the built-in one.
`;

/** Options of the command. */
export interface EmulatorCommand {
  readonly options: EmulatorOptions;
  readonly stopsWithStdin: boolean;
}

const LAYOUTS = ['reference', 'observed'] as const;

/** Parses the arguments of the command. Returns all problems with them if there are any. */
export function parseEmulatorCommand(args: string[]): EmulatorCommand | { readonly problems: readonly string[] } {
  const parsed = parse(args);
  if ('problems' in parsed) return parsed;
  const { values } = parsed;
  const problems: string[] = [];
  const port = Number(values.port ?? '0');
  if (!/^\d{1,5}$/.test(values.port ?? '0') || port > 65_535) problems.push('--port: must be a number from 0 to 65535');
  const layout = LAYOUTS.find((name) => name === (values.layout ?? 'reference'));
  if (layout === undefined) problems.push('--layout: must be reference or observed');
  const quotas = parseQuotas(values.quotas ?? 'off');
  if (quotas === undefined) problems.push('--quotas: must be off, service, or two numbers such as 60,600');
  if (values.data === '') problems.push('--data: must be a folder');
  const buckets = values.bucket?.map(parseBucket);
  for (const bucket of buckets ?? []) if (typeof bucket === 'string') problems.push(bucket);
  if (problems.length > 0) return { problems };
  return {
    options: {
      port,
      ...(layout !== undefined && { layout }),
      ...(quotas !== undefined && { quotas }),
      ...(values.models !== undefined && { models: values.models }),
      ...(values['files-root'] !== undefined && { filesRoot: values['files-root'] }),
      ...(values.data !== undefined && { dataFolder: values.data }),
      ...(buckets !== undefined && { buckets: buckets.filter((bucket) => typeof bucket !== 'string') }),
    },
    stopsWithStdin: values['stop-with-stdin'] ?? false,
  };
}

/**
 * Starts the emulator and runs it until SIGINT or SIGTERM.
 *
 * @param onReady called with the URLs when the emulator listens
 * @param stdin stops the emulator when it closes, if the command has `--stop-with-stdin`
 */
export async function runEmulatorCommand(
  { options, stopsWithStdin }: EmulatorCommand,
  onReady: (urls: Pick<Emulator, 'url' | 'storage' | 'registry'>) => void,
  stdin: Readable,
): Promise<void> {
  const emulator = await startEmulator(options);
  const ending = new AbortController();
  const { signal } = ending;
  const ended = [once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })];
  if (stopsWithStdin) ended.push(once(stdin.resume(), 'close', { signal }));
  const { url, storage, registry } = emulator;
  onReady({ url, storage, registry });
  try {
    await Promise.race(ended);
  } finally {
    for (const promise of ended) promise.catch(() => undefined);
    ending.abort();
    await emulator.stop();
  }
}

interface Values {
  readonly port?: string;
  readonly models?: string;
  readonly 'files-root'?: string;
  readonly layout?: string;
  readonly quotas?: string;
  readonly data?: string;
  readonly bucket?: string[];
  readonly 'stop-with-stdin'?: boolean;
}

function parse(args: string[]): { readonly values: Values } | { readonly problems: readonly string[] } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    port: text,
    models: text,
    'files-root': text,
    layout: text,
    quotas: text,
    data: text,
    bucket: { type: 'string', multiple: true },
    'stop-with-stdin': flag,
  } as const;
  try {
    return { values: parseArgs({ args, options }).values };
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function parseQuotas(value: string): EmulatorOptions['quotas'] {
  if (value === 'off' || value === 'service') return value;
  const [, submissions, requests] = /^(\d+),(\d+)$/.exec(value) ?? [];
  if (submissions === undefined || requests === undefined) return undefined;
  return { submissionsPerMinute: Number(submissions), requestsPerMinute: Number(requests) };
}

/** A bucket, or the problem with it. */
function parseBucket(value: string): BucketOptions | string {
  const [, name, location] = /^([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:=([A-Za-z0-9-]+))?$/.exec(value) ?? [];
  if (name === undefined) return `--bucket: ${value} must be a bucket's name or NAME=LOCATION`;
  return { name, ...(location !== undefined && { location }) };
}
