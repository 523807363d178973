import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { withPublicAddress, withPublicLinks } from '../../../dev/scripts/public-address';

const ADDRESS = { url: 'https://github.com/owner/name', tag: 'v1.2.3' };
const BLOB = `${ADDRESS.url}/blob/v1.2.3`;
const RAW = `${ADDRESS.url}/raw/v1.2.3`;

const CASES: readonly [before: string, after: string][] = [
  ['See [the guide](docs/guide.md#start).', `See [the guide](${BLOB}/docs/guide.md#start).`],
  ['See [the guide](./docs/guide.md "Title").', `See [the guide](${BLOB}/docs/guide.md "Title").`],
  ['![A picture](docs/a.png)', `![A picture](${RAW}/docs/a.png)`],
  ['[![A picture](docs/a.png)](docs/guide.md)', `[![A picture](${RAW}/docs/a.png)](${BLOB}/docs/guide.md)`],
  ['[guide]: docs/guide.md', `[guide]: ${BLOB}/docs/guide.md`],
  ['<img alt="A" src="docs/a.png">', `<img alt="A" src="${RAW}/docs/a.png">`],
  ['[a](b.md) and [c](d.md)', `[a](${BLOB}/b.md) and [c](${BLOB}/d.md)`],
  ['[the web](https://example.com/a.md), [here](#here), <https://example.com>', ''],
  ['```md\n[not a link](a.md)\n```', ''],
];

suite('a release with a public address', () => {
  for (const [before, after] of CASES) {
    test(after === '' ? `keeps ${before}` : `makes the links absolute in ${before}`, () => {
      assert.equal(withPublicLinks(before, ADDRESS), after === '' ? before : after);
    });
  }

  test('writes the public address to package.json', () => {
    assert.deepEqual(withPublicAddress({ name: 'a' }, ADDRESS.url), {
      name: 'a',
      repository: { type: 'git', url: 'git+https://github.com/owner/name.git' },
      homepage: 'https://github.com/owner/name#readme',
      bugs: { url: 'https://github.com/owner/name/issues' },
    });
  });
});
