import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { CheckedImage, ImageSource } from '../../../src/verification/image';
import { checkImage } from '../../../src/verification/image';

const digestOf = (content: string | Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

const MIB = 2 ** 20;
const CONFIG = '{"os":"linux","architecture":"amd64"}';

interface Part {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

const part = (content: string | Buffer, mediaType = 'part'): Part => ({
  mediaType,
  digest: digestOf(content),
  size: Buffer.byteLength(content),
});

type Manifest = NonNullable<Awaited<ReturnType<ImageSource['manifest']>>>;

interface Stored {
  /** Blobs that exist. */
  readonly blobs?: readonly (string | Buffer)[];
  /** Manifests that exist, by digest. */
  readonly manifests?: Readonly<Record<string, Manifest>>;
  readonly readsLayers?: boolean;
}

interface SeenImage extends CheckedImage {
  readonly reads: readonly { readonly start: number; readonly length: number }[];
}

async function check(manifest: Manifest['manifest'], stored: Stored = {}): Promise<SeenImage> {
  const blobs = new Map((stored.blobs ?? []).map((content) => [digestOf(content), Buffer.from(content)]));
  const reads: { start: number; length: number }[] = [];
  const source: ImageSource = {
    manifest: (digest) => Promise.resolve(stored.manifests?.[digest]),
    blob: ({ digest }) => {
      const bytes = blobs.get(digest);
      return Promise.resolve(
        bytes && {
          bytes: bytes.length,
          read: (start, length) => {
            reads.push({ start, length });
            return Promise.resolve(bytes.subarray(start, start + length));
          },
        },
      );
    },
  };
  return { ...(await checkImage({ size: 10, manifest }, source, stored.readsLayers ?? false)), reads };
}

const child = (digest: string, more: Partial<Part> = {}): Part => ({ mediaType: 'manifest', digest, size: 8, ...more });

suite('An image', () => {
  test('of one platform is checked by its manifest', async () => {
    const image = await check(
      { config: part(CONFIG), layers: [part('one'), part('three')] },
      { blobs: [CONFIG, 'one', 'three'] },
    );
    assert.deepEqual(image, {
      findings: [],
      notes: [],
      platforms: ['linux/amd64'],
      layers: 2,
      bytes: CONFIG.length + 8,
      reads: [{ start: 0, length: CONFIG.length }],
    });
  });

  test('whose manifest names nothing is refused', async () => {
    for (const manifest of [{}, { manifests: [] }]) {
      assert.deepEqual(await check(manifest), {
        findings: ['its manifest names neither a config nor other manifests'],
        ...{ notes: [], platforms: [], layers: 0, bytes: 0, reads: [] },
      });
    }
  });

  test('whose parts are missing is refused, and each part is named with its type', async () => {
    const { findings } = await check({ config: part(CONFIG, 'a config'), layers: [part('layer', 'a layer')] });
    assert.deepEqual([...findings].sort(), [
      `the config ${digestOf(CONFIG)} (a config) is missing`,
      `the layer ${digestOf('layer')} (a layer) is missing`,
    ]);
  });

  test('without layers is accepted', async () => {
    const { findings, layers } = await check({ config: part(CONFIG) }, { blobs: [CONFIG] });
    assert.deepEqual([findings, layers], [[], 0]);
  });

  test('of several platforms lists them in order, and counts a layer once', async () => {
    const arm = '{"variant":"v8","architecture":"arm64","os":"linux","history":[{"os":"none"}]}';
    const { findings, notes, platforms, layers, bytes } = await check(
      { manifests: [child('a'), child('b')] },
      {
        blobs: [CONFIG, arm, 'shared', 'layer'],
        manifests: {
          a: { size: 8, manifest: { config: part(arm), layers: [part('shared')] } },
          b: { size: 8, manifest: { config: part(CONFIG), layers: [part('shared'), part('layer')] } },
        },
      },
    );
    assert.deepEqual([findings, notes], [[], []]);
    assert.deepEqual(platforms, ['linux/amd64', 'linux/arm64/v8']);
    assert.equal(layers, 2);
    assert.equal(bytes, CONFIG.length + arm.length + 11);
  });

  test('whose index names a missing manifest or one of another size is refused, and the others are checked', async () => {
    const platform = { os: 'linux', architecture: 'arm64' };
    const { findings, platforms } = await check(
      { manifests: [child('gone', { platform }), child('longer'), child('good')] },
      {
        blobs: [CONFIG],
        manifests: {
          longer: { size: 9, manifest: { config: part('another') } },
          good: { size: 8, manifest: { config: part(CONFIG) } },
        },
      },
    );
    assert.deepEqual(findings, [
      'the manifest gone (linux/arm64) is missing',
      'the manifest longer (manifest) has 9 bytes, but 8 are recorded',
    ]);
    assert.deepEqual(platforms, ['linux/amd64']);
  });

  test('with a part that is a config and a layer has it checked once, as a config', async () => {
    const { bytes, findings } = await check({ config: part(CONFIG), layers: [part(CONFIG)] }, { blobs: [CONFIG] });
    assert.deepEqual([findings, bytes], [[], CONFIG.length]);
  });

  const unnamed: Record<string, string> = {
    'without an operating system': '{"architecture":"amd64"}',
    'without an architecture': '{"os":"linux"}',
    'whose operating system is a number': '{"os":1,"architecture":"amd64"}',
    'that is not JSON': 'config',
    'that is followed by text': `${CONFIG}x`,
    'whose values are nested too deep': `{"os":"linux","architecture":"amd64","x":${'['.repeat(1_200)}${']'.repeat(1_200)}}`,
  };
  for (const [title, config] of Object.entries(unnamed)) {
    test(`with a config ${title} is accepted with a note`, async () => {
      const { findings, notes, platforms } = await check({ config: part(config) }, { blobs: [config] });
      assert.deepEqual([findings, platforms], [[], []]);
      assert.deepEqual(notes, [`the config ${digestOf(config)} (part) names no platform`]);
    });
  }

  test('with a config of 4 MiB has it read, and with a larger one gets a note', async () => {
    const padded = (bytes: number): string => `${CONFIG}${' '.repeat(bytes - CONFIG.length)}`;
    const largest = padded(4 * MIB);
    assert.deepEqual((await check({ config: part(largest) }, { blobs: [largest] })).platforms, ['linux/amd64']);
    const larger = padded(4 * MIB + 1);
    const { findings, notes, reads } = await check({ config: part(larger) }, { blobs: [larger] });
    assert.deepEqual([findings, reads], [[], []]);
    assert.deepEqual(notes, [`the config ${digestOf(larger)} (part) was not inspected: it has ${4 * MIB + 1} bytes`]);
  });

  test('with a layer of more than 8 MiB has it read in parts, whose bytes are all compared', async () => {
    const layer = Buffer.alloc(8 * MIB + 5, 1);
    const image = { config: part(CONFIG), layers: [part(layer)] };
    const { findings, reads } = await check(image, { blobs: [CONFIG, layer], readsLayers: true });
    assert.deepEqual(findings, []);
    assert.deepEqual(
      reads.filter(({ length }) => length !== CONFIG.length),
      [
        { start: 0, length: 8 * MIB },
        { start: 8 * MIB, length: 5 },
      ],
    );
  });

  const parts = (count: number): Part[] => Array.from({ length: count }, (_, index) => part(`layer ${index}`));

  test('with up to 500 parts is checked whole, and with more a note reports the limit', async () => {
    const blobs = [CONFIG, ...Array.from({ length: 499 }, (_, index) => `layer ${index}`)];
    const most = await check({ config: part(CONFIG), layers: parts(499) }, { blobs });
    assert.deepEqual([most.findings, most.notes, most.layers], [[], [], 499]);
    // The last one does not exist, and is not requested.
    const more = await check({ config: part(CONFIG), layers: parts(500) }, { blobs });
    assert.deepEqual(more.findings, []);
    assert.deepEqual(more.notes, ['the image was not fully inspected: it has 501 parts, more than 500']);
  });

  test('whose index names more than 500 manifests gets a note, and 200 findings at most', async () => {
    const manifests = Array.from({ length: 501 }, (_, index) => child(`sha256:${index}`));
    const { findings, notes } = await check({ manifests });
    assert.deepEqual(notes, ['the image was not fully inspected: it has 501 manifests, more than 500']);
    assert.deepEqual([findings.length, findings.at(-1)], [201, 'and 300 more findings']);
  });

  test('of more than 200 platforms lists 200', async () => {
    const configs = Array.from({ length: 201 }, (_, index) => `{"os":"os-${index}","architecture":"x"}`);
    const manifests = Object.fromEntries(
      configs.map((config, index) => [String(index), { size: 8, manifest: { config: part(config) } }]),
    );
    const { platforms } = await check(
      { manifests: configs.map((_, index) => child(String(index))) },
      { blobs: configs, manifests },
    );
    assert.equal(platforms.length, 200);
  });

  test('has long and hostile names cut in its findings', async () => {
    const hostile = child(`sha256:${'a'.repeat(300)}`, { mediaType: `${'t'.repeat(150)}\n` });
    const [finding = ''] = (await check({ manifests: [hostile] })).findings;
    assert.match(finding, /^the manifest sha256:a+…a+ \(t{99}…\) is missing$/);
    const named = child('x', { platform: { os: 'o'.repeat(150), architecture: 'a' } });
    assert.match((await check({ manifests: [named] })).findings.join(), /^the manifest x \(o{99}…\) is missing$/);
  });
});
