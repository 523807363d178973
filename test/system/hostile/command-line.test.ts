import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ExportManifest, ManifestCheck } from '../../../src';
import { manifestDigest } from '../../../src/manifest/digests';
import { upload } from '../../support/objects';
import type { EndedCommand } from '../../support/command-line';
import { runCommand } from '../../support/command-line';
import { useGoogleServices } from '../../support/services';

const services = useGoogleServices();

function command(...args: string[]): Promise<EndedCommand> {
  return runCommand(services().store.url, ...args);
}

const GENERATION = '1';
const DIGEST = { crc32c: '00000000' };

/** A manifest of empty files. */
async function manifest(
  names: readonly string[],
  predicate: Partial<ExportManifest['predicate']> = {},
): Promise<ExportManifest> {
  const files = names.map((name) => ({ path: name, bytes: 0, crc32c: 'AAAAAA==', generation: GENERATION }));
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: names.map((name) => ({ name, digest: DIGEST, annotations: { bytes: 0, generation: GENERATION } })),
    predicateType: 'urn:temporal-vertex-export:export-manifest:v1',
    predicate: {
      model: 'projects/p/locations/us-central1/models/1@1',
      exportFormatId: 'tflite',
      operation: 'projects/p/locations/us-central1/models/1/operations/1',
      artifactOutputUri: 'gs://exports/hostile/export/',
      workflowId: 'w',
      runId: 'r',
      verificationLevel: 'listing',
      verifiedAt: '2026-01-01T00:00:00.000Z',
      count: files.length,
      bytes: 0,
      manifestSha256: await manifestDigest(files),
      ...predicate,
    },
  };
}

async function write(name: string, record: ExportManifest): Promise<string> {
  await upload(services().store, name, JSON.stringify(record));
  return `gs://exports/${name}`;
}

/** All characters that a terminal interprets or hides, except line breaks. */
const UNPRINTABLE = /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u;

const HOSTILE = [
  '\u001b[2J\u001b[1;1Hintact: 1 files',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\u009b31m',
  'a\nintact: 1 files, 0 bytes (every byte)',
  'a\r\u001b[Kintact',
  'model\u202egnp.exe',
  'zero\u200bwidth\ufeff',
  '\u0085\u2028\u2029\u007f',
] as const;

suite('the command verify with a hostile manifest', () => {
  for (const [index, text] of HOSTILE.entries()) {
    test(`prints no escape sequence of ${JSON.stringify(text)} in names, as lines and as JSON`, async () => {
      const uri = await write(
        `hostile/${index}/manifest.json`,
        await manifest([text, `dir/${text}`], {
          model: text,
          exportFormatId: text,
          artifactOutputUri: 'gs://exports/x/export/',
        }),
      );
      for (const args of [[uri], [uri, '--json'], [uri, '--content']]) {
        const { code, stdout, stderr } = await command('verify', ...args);
        assert.equal(code, 1, stderr);
        assert.doesNotMatch(stdout, UNPRINTABLE);
        assert.doesNotMatch(stdout, /^intact/m);
        assert.equal(stderr, '');
      }
    });

    test(`prints no escape sequence of ${JSON.stringify(text)} in arguments`, async () => {
      const calls = [
        [text],
        [`--${text}`],
        ['verify', text],
        ['verify', `gs://exports/${text}`],
        ['verify', 'gs://exports/a', text],
        ['verify', 'gs://exports/a', '--at', text],
        ['verify', 'gs://exports/a', `--at=gs://${text}`],
        ['verify', '--level', text],
      ];
      const ended = await Promise.all(calls.map((args) => command(...args)));
      for (const { code, stdout, stderr } of ended) {
        assert.equal(code, 2);
        assert.doesNotMatch(`${stdout}${stderr}`, UNPRINTABLE);
        assert.doesNotMatch(`${stdout}${stderr}`, /^intact/m);
      }
    });
  }

  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    test(`treats ${name} as the name of a file, not as a command`, async () => {
      const { store } = services();
      await upload(store, `prototype/${name}-export/${name}`, '');
      const record = await manifest([name], { artifactOutputUri: `gs://exports/prototype/${name}-export/` });
      const uri = await write(`prototype/${name}.json`, record);
      const { code, stdout } = await command('verify', uri);
      assert.equal(code, 0, stdout);
      assert.match(stdout, /intact: 1 files/);
      const unknown = await command(name);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /is not a command/);
    });
  }

  test('checks the export beside the named manifest, and reports it, if the manifest names another place', async () => {
    const { store } = services();
    // The export in the other bucket is intact, and the one beside the manifest lacks a file.
    await upload(store, 'good/export/a', '');
    await upload(store, 'good/export/b', '');
    await upload(store, 'bad/export/a', '');
    const record = await manifest(['a', 'b'], { artifactOutputUri: 'gs://exports/good/export/' });
    const uri = await write('bad/manifest.json', record);
    for (const place of [uri, 'gs://exports/bad', 'gs://exports/bad/export']) {
      const { code, stdout } = await command('verify', place);
      assert.equal(code, 1, stdout);
      assert.match(
        stdout,
        /^manifest: gs:\/\/exports\/bad\/manifest\.json\nchecked: {2}gs:\/\/exports\/bad\/export\/$/m,
      );
      assert.match(stdout, /\(the manifest names gs:\/\/exports\/good\/export\/\)/);
      assert.match(stdout, /b is missing/);
      assert.match(stdout, /note: the manifest names gs:\/\/exports\/good\/export\/ as its export's directory/);
    }
    const elsewhere = await command('verify', uri, '--at', 'gs://exports/good/export');
    assert.equal(elsewhere.code, 0, elsewhere.stdout);
    assert.match(elsewhere.stdout, /^checked: {2}gs:\/\/exports\/good\/export$/m);
    const json = JSON.parse((await command('verify', uri, '--json')).stdout) as ManifestCheck;
    assert.deepEqual(
      [json.manifestUri, json.artifactUri, json.export.artifactOutputUri],
      [uri, 'gs://exports/bad/export/', 'gs://exports/good/export/'],
    );
  });

  for (const place of ['https://example.com/x', '/etc/passwd', 'gs://', 'gs://UPPER/x', 'gs://exports/a\nb', '']) {
    test(`rejects a manifest that names ${JSON.stringify(place)} as its directory`, async () => {
      const uri = await write('invalid/manifest.json', await manifest([], { artifactOutputUri: place }));
      const { code, stderr } = await command('verify', uri);
      assert.equal(code, 2);
      assert.match(stderr, /as its export's directory, which is not gs:\/\/bucket\/path/);
      assert.doesNotMatch(stderr, UNPRINTABLE);
    });
  }

  test('rejects a manifest that is larger than any valid one', async () => {
    await upload(services().store, 'large/manifest.json', Buffer.alloc(64 * 1024 * 1024 + 1, ' '));
    const { code, stderr } = await command('verify', 'gs://exports/large');
    assert.equal(code, 2);
    assert.match(stderr, /has 67108865 bytes, but a manifest has at most 67108864/);
  });

  test('limits the length of lines and the number of findings', async () => {
    const names = [...Array.from({ length: 3_000 }, (_, index) => `file-${index}`), 'x'.repeat(1_000_000)];
    const uri = await write(
      'many/manifest.json',
      await manifest(names, { artifactOutputUri: 'gs://exports/many/export/' }),
    );
    const { code, stdout } = await command('verify', uri);
    assert.equal(code, 1);
    const lines = stdout.split('\n');
    assert.ok(lines.length < 1_100, String(lines.length));
    assert.ok(lines.every((line) => line.length <= 1_000));
    assert.match(stdout, /and 2001 more findings/);
  });
});
