import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { useImageStore } from '../../../support/image-store';
import { REGISTRY_BEHAVIORS } from '../../../support/registry-behavior/all';

for (const [place, options] of [
  ['in memory', () => ({})],
  ['in a folder', (folder: string) => ({ dataFolder: folder })],
] as const) {
  suite(`a built-in registry ${place}`, () => {
    const registry = useImageStore(options);
    for (const { title, observe, expected } of REGISTRY_BEHAVIORS) {
      test(title, async () => {
        assert.deepEqual(await observe(registry()), expected);
      });
    }
  });
}
