import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { checkImage } from '../../../src/verification/image';

const digestOf = (content: string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const CONFIG = '{"os":"linux","architecture":"amd64"}';
const LAYER = 'layer content';
const CHILD_DIGEST = digestOf('manifest');

/** Checks an image of one config and one layer whose stored bytes differ from the recorded ones. */
function check({ config = CONFIG, layer = LAYER, readsLayers = false, childSize = 8 } = {}) {
  const part = (content: string) => ({ mediaType: 'part', digest: digestOf(content), size: content.length });
  const manifest = { config: part(CONFIG), layers: [part(LAYER)] };
  const stored = new Map([
    [digestOf(CONFIG), config],
    [digestOf(LAYER), layer],
  ]);
  return checkImage(
    { size: 1, manifest: { manifests: [{ mediaType: 'manifest', digest: CHILD_DIGEST, size: 8 }] } },
    {
      manifest: () => Promise.resolve({ size: childSize, manifest }),
      blob: ({ digest }) => {
        const bytes = Buffer.from(stored.get(digest) ?? '');
        const read = (start: number, length: number) => Promise.resolve(bytes.subarray(start, start + length));
        return Promise.resolve({ bytes: bytes.length, read });
      },
    },
    readsLayers,
  );
}

suite('checkImage', () => {
  test('accepts an image whose parts have the recorded sizes and digests', async () => {
    const { findings, platforms, layers, bytes } = await check({ readsLayers: true });
    assert.deepEqual(findings, []);
    assert.deepEqual(
      { platforms, layers, bytes },
      { platforms: ['linux/amd64'], layers: 1, bytes: CONFIG.length + 13 },
    );
  });

  test('reports a manifest of another size than its index records', async () => {
    assert.match((await check({ childSize: 9 })).findings.join(), /^the manifest .* has 9 bytes, but 8 are recorded$/);
  });

  test('reports a layer of another size', async () => {
    assert.match((await check({ layer: 'x' })).findings.join(), /^the layer .* has 1 bytes, but 13 are recorded$/);
  });

  test('reports a layer with other bytes of the same size only if it reads layers', async () => {
    const layer = LAYER.toUpperCase();
    assert.deepEqual((await check({ layer })).findings, []);
    const { findings } = await check({ layer, readsLayers: true });
    assert.match(findings.join(), /^the bytes of the layer .* have another digest$/);
  });

  test('reports a config with other bytes of the same size', async () => {
    const { findings, platforms } = await check({ config: CONFIG.replace('amd64', 'arm64') });
    assert.match(findings.join(), /^the bytes of the config .* have the digest sha256:/);
    assert.deepEqual(platforms, []);
  });
});
