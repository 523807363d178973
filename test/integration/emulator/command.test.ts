import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { spawnTied } from '../../../src/testing/services/tied-process';
import { startEmulator } from '../../../emulator';
import { at, call } from '../../support/http';
import { addModel, modelEntry, MODELS, PARENT, temporaryFolder } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();
const COMMAND = ['--import', 'tsx', path.join(__dirname, '..', '..', '..', 'src', 'cli', 'main.ts'), 'emulator'];
const EXPORT = {
  outputConfig: { exportFormatId: 'tflite', artifactDestination: { outputUriPrefix: 'gs://exports/command' } },
};

function runCommand(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...COMMAND, ...args], { encoding: 'utf8' });
}

const commands: (() => Promise<void>)[] = [];
after(() => Promise.all(commands.map((stop) => stop())));

interface StartedCommand {
  readonly url: string;
  readonly storage: string;
  readonly registry: string;
  readonly stop: () => Promise<void>;
  readonly exited: Promise<number>;
}

/** Starts the command. Returns the URLs from the line that it prints. By default it writes to the stores of this file. */
async function startCommand(
  args: string[],
  env: Record<string, string> = services().environment,
): Promise<StartedCommand> {
  let print: (line: string) => void;
  const line = new Promise<string>((resolve) => (print = resolve));
  const { stop, exited } = await spawnTied(process.execPath, [...COMMAND, ...args], {
    env,
    onLine: (text, stream) => {
      if (stream === 'stdout') print(text);
    },
  });
  commands.push(stop);
  const urls = JSON.parse(await line) as Pick<StartedCommand, 'url' | 'storage' | 'registry'>;
  return { ...urls, stop, exited };
}

/** An environment without other stores. */
const BUILT_IN = { STORAGE_EMULATOR_HOST: '', REGISTRY_EMULATOR_HOST: '' };

function modelsFile(entries: unknown): string {
  const file = path.join(temporaryFolder('vertex-export-models-'), 'models.json');
  writeFileSync(file, typeof entries === 'string' ? entries : JSON.stringify(entries));
  return file;
}

suite('the emulator command', () => {
  test('prints one line of JSON, serves the models of its file, writes exports, and exits on SIGTERM', async () => {
    const entry = modelEntry();
    const command = await startCommand(['--port', '0', '--models', modelsFile([entry]), '--files-root', tmpdir()]);
    const { body } = await call('GET', `${command.url}/v1/${PARENT}/models`);
    assert.deepEqual(
      (at(body, 'models') as { name: string }[]).map(({ name }) => name),
      [entry.model.name],
    );
    const started = await call('POST', `${command.url}/v1/${entry.model.name}:export`, EXPORT);
    const ended = await call('POST', `${command.url}/v1/${String(at(started.body, 'name'))}:wait`);
    assert.ok(at(ended.body, 'response'));
    const objects = await call('GET', `${services().store.url}/storage/v1/b/exports/o?prefix=command/`);
    assert.equal((at(objects.body, 'items') as unknown[]).length, 1);
    await command.stop();
    assert.equal(await command.exited, 0);
  });

  test('names directories as users observed them with --layout observed, and enforces quotas with --quotas', async () => {
    const command = await startCommand(['--layout', 'observed', '--quotas', '1,600']);
    const started = await call('POST', `${command.url}/v1/${MODELS.flowers}:export`, EXPORT);
    assert.match(
      String(at(started.body, 'metadata', 'outputInfo', 'artifactOutputUri')),
      /^gs:\/\/exports\/command\/model-4401170000000000001\/tflite\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/,
    );
    const refused = await call('POST', `${command.url}/v1/${MODELS.flowers}:export`, EXPORT);
    assert.deepEqual([refused.status, at(refused.body, 'error', 'status')], [429, 'RESOURCE_EXHAUSTED']);
    await command.stop();
  });

  test('prints the URLs of its stores, creates the named buckets, and keeps their objects with --data', async () => {
    const args = [
      '--data',
      temporaryFolder('vertex-export-data-'),
      '--bucket',
      'mine',
      '--bucket',
      'european=europe-west4',
    ];
    const first = await startCommand(args, BUILT_IN);
    assert.deepEqual([first.storage, first.registry], [first.url, first.url]);
    const uploaded = `${first.url}/upload/storage/v1/b/european/o?uploadType=media&name=kept`;
    assert.equal((await call('POST', uploaded, 'content')).status, 200);
    await first.stop();
    const second = await startCommand(args, BUILT_IN);
    assert.equal((await call('GET', `${second.url}/storage/v1/b/european/o/kept?alt=media`)).body, 'content');
    const { body } = await call('GET', `${second.url}/storage/v1/b?project=demo-project`);
    const buckets = at(body, 'items') as { name: string; location: string }[];
    assert.deepEqual(
      buckets.map(({ name, location }) => [name, location]),
      [
        ['european', 'EUROPE-WEST4'],
        ['mine', 'US-CENTRAL1'],
      ],
    );
    await second.stop();
  });

  test('prints the URLs of the stores that its environment names', async () => {
    const hosts = { STORAGE_EMULATOR_HOST: '127.0.0.1:9', REGISTRY_EMULATOR_HOST: 'http://127.0.0.1:9/' };
    const command = await startCommand([], hosts);
    assert.deepEqual([command.storage, command.registry], ['http://127.0.0.1:9', 'http://127.0.0.1:9']);
    await command.stop();
  });

  test('stops with 0 when standard input closes, if --stop-with-stdin is given', () => {
    const options = { encoding: 'utf8', input: '', env: { ...process.env, ...BUILT_IN } } as const;
    const { status, stdout } = spawnSync(process.execPath, [...COMMAND, '--stop-with-stdin'], options);
    assert.equal(status, 0);
    assert.match(stdout, /^{"url":"http:[^\n]*}\n$/);
  });

  test('answers --help', () => {
    const { status, stdout } = runCommand('--help');
    assert.equal(status, 0);
    assert.match(stdout, /Usage: temporal-vertex-export emulator[^]*--models FILE\.json[^]*STORAGE_EMULATOR_HOST/);
  });

  const wrongs: [string, string[], RegExp[]][] = [
    [
      'wrong options, all at once',
      ['--port', '99999', '--layout', 'fancy', '--quotas', 'some', '--bucket', 'NO', '--data', ''],
      [/--port/, /--layout/, /--quotas/, /--bucket: NO/, /--data/],
    ],
    ['an unknown option', ['--prot', '1'], [/--prot/]],
    ['a missing models file', ['--models', '/no/such.json'], [/\/no\/such\.json/]],
  ];
  for (const [title, args, messages] of wrongs) {
    test(`exits with 2 and a clear message for ${title}`, () => {
      const { status, stdout, stderr } = runCommand(...args);
      for (const message of messages) assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^ {4}at /m);
      assert.deepEqual([status, stdout], [2, '']);
    });
  }

  test('lists every problem of a models file with its location', () => {
    const entry = modelEntry();
    const file = modelsFile([
      entry,
      entry,
      { model: { name: 'models/1' }, exports: {} },
      { model: { ...entry.model, name: `${PARENT}/models/1` }, exports: { onnx: { directory: '/no/such' } }, speed: 1 },
    ]);
    const { status, stderr } = runCommand('--models', file);
    assert.equal(status, 2);
    assert.match(stderr, /2\.model\.name: must be projects\/P\/locations\/L\/models\/M/);
    assert.match(stderr, /"speed"/);

    const second = runCommand(
      '--models',
      modelsFile([entry, entry, { ...entry, exports: { onnx: { directory: 'no' } } }]),
    );
    assert.match(second.stderr, /1\.model\.versionId: 1 of .* repeats entry 0/);
    assert.match(second.stderr, /2\.exports\.onnx: is not in the model's supportedExportFormats/);
    assert.match(second.stderr, /2\.exports\.onnx\.directory: the folder no.* does not exist/);
    assert.match(runCommand('--models', modelsFile('{')).stderr, /models\.json has 1 problem/);
  });
});

suite('the quotas of the emulator', () => {
  test('are 60 submissions and 600 requests per minute and region, with RetryInfo', async () => {
    const { store, registry } = services();
    const options = { quotas: 'service', storageUrl: store.url, registryUrl: registry.url } as const;
    const emulator = await startEmulator(options);
    try {
      const model = addModel(emulator, { durationMs: 0 });
      const statuses: number[] = [];
      for (let count = 0; count < 61; count++) {
        statuses.push((await call('POST', `${emulator.url}/v1/${model}:export`, EXPORT)).status);
      }
      assert.deepEqual([statuses.filter((status) => status === 200).length, statuses.at(-1)], [60, 429]);

      let refused = await call('GET', `${emulator.url}/v1/${model}`);
      for (let count = 62; count < 600 && refused.status === 200; count++) {
        refused = await call('GET', `${emulator.url}/v1/${model}`);
      }
      assert.equal(refused.status, 200, 'the 600th request is still answered');
      refused = await call('GET', `${emulator.url}/v1/${model}`);
      assert.equal(refused.status, 429);
      const details = at(refused.body, 'error', 'details') as { '@type': string; retryDelay?: string }[];
      const retryInfo = details.find((detail) => detail['@type'].endsWith('google.rpc.RetryInfo'));
      assert.match(retryInfo?.retryDelay ?? '', /^\d+\.\d+s$/);

      const elsewhere = addModel(emulator, { location: 'europe-west4' });
      assert.equal((await call('GET', `${emulator.url}/v1/${elsewhere}`)).status, 200);
    } finally {
      await emulator.stop();
    }
  });
});
