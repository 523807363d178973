import { once } from 'node:events';
import { z } from 'zod';
import type { BucketOptions, EmulatorOptions } from '../../../emulator/options';
import { startEmulator } from '../../../emulator';
import { defined } from '../../internal/defined';
import { flag, list, noArguments, parseArguments, portNumber, value } from '../options';
import { startingServices } from '../command-error';
import type { Output } from '../output';

export const EMULATOR_SUMMARY = 'Runs a local Vertex AI with an object store and a registry, for tests.';

export const EMULATOR_HELP = `Usage: temporal-vertex-export emulator [options]

${EMULATOR_SUMMARY}
When it is ready, it prints one line of JSON: {"url": "http://...", "storage": "http://...", "registry": "http://..."}.
Set VERTEX_EMULATOR_HOST, STORAGE_EMULATOR_HOST and REGISTRY_EMULATOR_HOST to these for a worker. It runs until SIGINT
(Ctrl-C) or SIGTERM.

Options:
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

Exit code: 0 if it was stopped, 2 if it could not start.
`;

const quotas = z
  .string()
  .regex(/^(off|service|\d+,\d+)$/, 'must be off, service, or two numbers such as 60,600')
  .transform((text): NonNullable<EmulatorOptions['quotas']> => {
    if (text === 'off' || text === 'service') return text;
    const [submissionsPerMinute = 0, requestsPerMinute = 0] = text.split(',').map(Number);
    return { submissionsPerMinute, requestsPerMinute };
  });

const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](=[A-Za-z0-9-]+)?$/, {
    error: ({ input }) => `${String(input)} must be the name of a bucket or NAME=LOCATION`,
  })
  .transform((text): BucketOptions => {
    const [name = '', location] = text.split('=');
    return { name, ...defined({ location }) };
  });

const OPTIONS = {
  port: value(portNumber(0).exactOptional()),
  models: value(z.string().exactOptional()),
  'files-root': value(z.string().exactOptional()),
  layout: value(z.enum(['reference', 'observed'], 'must be reference or observed').exactOptional()),
  quotas: value(quotas.exactOptional()),
  data: value(z.string().min(1, 'must be a folder').exactOptional()),
  bucket: list(z.array(bucket).exactOptional()),
  'stop-with-stdin': flag(),
};

/** Runs the command until it is stopped, and returns its exit code. */
export async function emulator(args: string[], output: Output): Promise<number> {
  const { options } = parseArguments(args, OPTIONS, noArguments('emulator'));
  const { port, models, layout, 'files-root': filesRoot, data: dataFolder, bucket: buckets } = options;
  const running = await startingServices(() =>
    startEmulator(defined({ port, models, layout, filesRoot, dataFolder, buckets, quotas: options.quotas })),
  );
  const ending = new AbortController();
  const { signal } = ending;
  const ended = [once(process, 'SIGINT', { signal }), once(process, 'SIGTERM', { signal })];
  if (options['stop-with-stdin']) ended.push(once(process.stdin.resume(), 'close', { signal }));
  const { url, storage, registry } = running;
  output.json({ url, storage, registry });
  try {
    await Promise.race(ended);
  } finally {
    for (const promise of ended) promise.catch(() => undefined);
    ending.abort();
    await running.stop();
  }
  return 0;
}
