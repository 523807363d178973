import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { findCrane } from '../../support/crane';
import type { ServedStore } from '../../support/image-store';
import { serveImageStore } from '../../support/image-store';
import { missingReason } from '../../support/missing-program';
import { temporaryFolder } from '../../support/models';

const run = promisify(execFile);

suite('crane and the built-in registry', () => {
  let registry: ServedStore;
  let missing: string | undefined;
  let file = '';
  const layers: string[] = [];

  before(async () => {
    registry = await serveImageStore({ dataFolder: temporaryFolder('vertex-export-crane-') });
    missing = await missingReason(async () => {
      file = await findCrane();
    });
    for (const content of ['first', 'second']) {
      const folder = temporaryFolder('vertex-export-layer-');
      writeFileSync(path.join(folder, 'model.txt'), content.repeat(100_000));
      await run('tar', ['-cf', path.join(folder, 'layer.tar'), '-C', folder, 'model.txt']);
      layers.push(path.join(folder, 'layer.tar'));
    }
  });
  after(() => registry.stop());

  const crane = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(file, [...args], { maxBuffer: 1 << 26 });
    return stdout.trim();
  };
  const at = (name: string): string => `${new URL(registry.url).host}/${name}`;

  /** Pushes an image with one layer. */
  const push = (layer: number, name: string): Promise<string> =>
    crane('append', '--oci-empty-base', '--new_layer', layers[layer] ?? '', '--new_tag', at(name));

  /** A test that is skipped without crane. */
  const withCrane = (title: string, body: () => Promise<void>): void => {
    test(title, async (context: TestContext) => {
      if (missing !== undefined) context.skip(missing);
      else await body();
    });
  };

  withCrane('push and pull an image', async () => {
    await push(0, 'crane/image:v1');
    assert.match(await crane('validate', '--remote', at('crane/image:v1')), /PASS/);
    const target = path.join(temporaryFolder('vertex-export-pulled-'), 'image');
    await crane('pull', '--format', 'oci', at('crane/image:v1'), target);
    // Pushed from the pulled files, the image has the same digest.
    await crane('push', target, at('crane/again:v1'));
    assert.equal(await crane('digest', at('crane/again:v1')), await crane('digest', at('crane/image:v1')));
    const content = await run(file, ['export', at('crane/image:v1'), '-'], { encoding: 'buffer', maxBuffer: 1 << 26 });
    assert.ok(content.stdout.includes('firstfirst'));
  });

  withCrane('push and copy an index', async () => {
    await push(0, 'crane/index:first');
    await push(1, 'crane/index:second');
    const parts = ['first', 'second'].flatMap((tag) => ['--manifest', at(`crane/index:${tag}`)]);
    await crane('index', 'append', ...parts, '--tag', at('crane/index:all'));
    const index = JSON.parse(await crane('manifest', at('crane/index:all'))) as { manifests: unknown[] };
    assert.equal(index.manifests.length, 2);
    await crane('copy', at('crane/index:all'), at('crane/copied:all'));
    assert.match(await crane('validate', '--remote', at('crane/copied:all')), /PASS/);
    assert.equal(await crane('digest', at('crane/copied:all')), await crane('digest', at('crane/index:all')));
  });

  withCrane('list and delete tags', async () => {
    await push(0, 'crane/tags:v1');
    await crane('tag', at('crane/tags:v1'), 'latest');
    assert.deepEqual((await crane('ls', at('crane/tags'))).split('\n'), ['latest', 'v1']);
    assert.ok((await crane('catalog', new URL(registry.url).host)).split('\n').includes('crane/tags'));
    await crane('delete', at('crane/tags:latest'));
    assert.deepEqual((await crane('ls', at('crane/tags'))).split('\n'), ['v1']);
    await assert.rejects(crane('manifest', at('crane/tags:latest')), /MANIFEST_UNKNOWN/);
  });
});
