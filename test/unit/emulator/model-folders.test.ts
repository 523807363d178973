import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { foldersBelow } from '../../../emulator/vertex/model-folders';
import { temporaryFolder } from '../../support/models';

const outside = temporaryFolder('vertex-export-outside-');
const root = path.join(outside, 'root');
mkdirSync(path.join(root, 'a', 'b'), { recursive: true });
mkdirSync(path.join(outside, 'secret', 'a'), { recursive: true });
// A neighbour whose name starts with the name of the root.
mkdirSync(path.join(outside, 'root-neighbour'));
symlinkSync(outside, path.join(root, 'up'));
symlinkSync(path.join(outside, 'secret'), path.join(root, 'a', 'secret'));
symlinkSync(path.join(root, 'a', 'b'), path.join(root, 'inner'));

const segment = fc.constantFrom('', '.', '..', 'a', 'b', 'up', 'secret', 'inner', 'root', 'root-neighbour', '...', '~');
const place = fc
  .tuple(fc.constantFrom('', '/', `${outside}/`, `${root}/`, '../root/', '../root-neighbour/'), fc.array(segment))
  .map(([start, segments]) => `${start}${segments.join('/')}`);

suite('the folder of a models entry:', () => {
  for (const relativeOnly of [true, false]) {
    test(`a${relativeOnly ? ' posted' : ''} folder is rejected unless it is below the root after links are followed`, () => {
      const folders = foldersBelow(root, [root], { relativeOnly });
      const seen = new Set<string>();
      fc.assert(
        fc.property(place, (name) => {
          const choice = folders.choose(name);
          if ('problem' in choice) return;
          seen.add(choice.folder);
          const real = realpathSync(root);
          assert.ok(choice.folder === real || choice.folder.startsWith(`${real}${path.sep}`), choice.folder);
          assert.equal(choice.folder, realpathSync(choice.folder));
        }),
        { numRuns: 2_000 },
      );
      // The test is not vacuous: some folders are below the root.
      assert.ok(seen.size >= 3, [...seen].join('\n'));
    });
  }

  test('a folder outside of the root is rejected with the same message whether it exists or not', () => {
    const folders = foldersBelow(root, [root]);
    const messages = ['secret', 'nowhere'].map((name) => {
      const choice = folders.choose(`../${name}`);
      return 'problem' in choice ? choice.problem.replace(name, '') : '';
    });
    assert.equal(messages[0], messages[1]);
    assert.match(messages[0] ?? '', /is outside of/);
  });
});
