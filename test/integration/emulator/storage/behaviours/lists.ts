import assert from 'node:assert/strict';
import type { TestBucket } from '../../../../support/object-store';
import type { Behaviour } from './behaviour';
import { assertError, valueAt } from './behaviour';

const TREE = ['a.txt', 'dir/', 'dir/one.txt', 'dir/sub/two.txt', 'other/three.bin', 'z.bin'];

async function fill(bucket: TestBucket, names: readonly string[] = TREE): Promise<void> {
  for (const name of names) await bucket.put(name);
}

export const LISTS: readonly Behaviour[] = [
  {
    title: 'a list of an empty bucket has no items',
    check: async (bucket) => {
      const answer = await bucket.call('GET', '/storage/v1/b/{b}/o');
      assert.deepEqual([valueAt(answer, 'kind'), valueAt(answer, 'items')], ['storage#objects', undefined]);
    },
  },
  {
    title: 'a list is in the order of the UTF-8 bytes of names',
    check: async (bucket) => {
      const names = ['A', 'a', 'a-b', 'a/b', 'ab', 'z', 'ü', '\uFF5E', '😀'];
      await fill(bucket, names.toReversed());
      assert.deepEqual((await bucket.list()).items, names);
    },
  },
  {
    title: 'a prefix and a delimiter give the objects and the groups of one level',
    check: async (bucket) => {
      await fill(bucket);
      assert.deepEqual((await bucket.list('prefix=dir/')).items, ['dir/', 'dir/one.txt', 'dir/sub/two.txt']);
      const root = await bucket.list('delimiter=/');
      assert.deepEqual(
        [root.items, root.prefixes],
        [
          ['a.txt', 'z.bin'],
          ['dir/', 'other/'],
        ],
      );
      const below = await bucket.list('delimiter=/&prefix=dir/');
      assert.deepEqual([below.items, below.prefixes], [['dir/', 'dir/one.txt'], ['dir/sub/']]);
    },
  },
  {
    title: 'a delimiter can be any text',
    fakeGcsServer: 'a group ends after the first character of the delimiter',
    check: async (bucket) => {
      await fill(bucket, ['a--b', 'a--c', 'd-e']);
      const { items, prefixes } = await bucket.list('delimiter=--');
      assert.deepEqual([items, prefixes], [['d-e'], ['a--']]);
    },
  },
  {
    title: 'includeTrailingDelimiter also lists the object that is named like its group',
    check: async (bucket) => {
      await fill(bucket);
      const { items, prefixes } = await bucket.list('delimiter=/&includeTrailingDelimiter=true');
      assert.deepEqual(
        [items, prefixes],
        [
          ['a.txt', 'dir/', 'z.bin'],
          ['dir/', 'other/'],
        ],
      );
    },
  },
  {
    title: 'offsets limit a list to a range of names, with the start and without the end',
    check: async (bucket) => {
      await fill(bucket);
      const { items } = await bucket.list('startOffset=dir/one.txt&endOffset=z.bin');
      assert.deepEqual(items, ['dir/one.txt', 'dir/sub/two.txt', 'other/three.bin']);
    },
  },
  {
    title: 'pages of objects have every object once',
    check: async (bucket) => {
      await fill(bucket);
      const found: string[] = [];
      let pages = 0;
      for (let token: string | undefined = ''; token !== undefined; pages += 1) {
        const page = await bucket.list(`maxResults=2${token && `&pageToken=${encodeURIComponent(token)}`}`);
        found.push(...page.items);
        token = page.next === '' ? undefined : page.next;
      }
      assert.deepEqual([found, pages], [TREE, 3]);
    },
  },
  {
    title: 'pages with a delimiter have every object and every group once',
    fakeGcsServer: 'its pages do not count groups, and repeat them',
    check: async (bucket) => {
      await fill(bucket);
      const found: string[] = [];
      for (let token: string | undefined = ''; token !== undefined;) {
        const query = 'maxResults=1&delimiter=/&includeTrailingDelimiter=true';
        const page = await bucket.list(`${query}${token && `&pageToken=${token}`}`);
        assert.equal(page.items.length + page.prefixes.length, 1);
        found.push(...page.items, ...page.prefixes.map((name) => `${name}*`));
        token = page.next === '' ? undefined : page.next;
      }
      assert.deepEqual(found, ['a.txt', 'dir/', 'dir/*', 'other/*', 'z.bin']);
    },
  },
  {
    title: 'a glob pattern selects names',
    fakeGcsServer: 'it ignores matchGlob',
    check: async (bucket) => {
      await fill(bucket);
      for (const [glob, expected] of [
        ['*.txt', ['a.txt']],
        ['**.txt', ['a.txt', 'dir/one.txt', 'dir/sub/two.txt']],
        ['dir/*.txt', ['dir/one.txt']],
        ['?.{txt,bin}', ['a.txt', 'z.bin']],
        ['[a-c].txt', ['a.txt']],
      ] as const) {
        assert.deepEqual((await bucket.list(`matchGlob=${encodeURIComponent(glob)}`)).items, expected, glob);
      }
    },
  },
  {
    title: 'a glob pattern can negate a class and escape a character',
    fakeGcsServer: 'it ignores matchGlob',
    check: async (bucket) => {
      await fill(bucket, ['a1', 'a2', 'a*', 'b/{x}']);
      for (const [glob, expected] of [
        ['a[!1]', ['a*', 'a2']],
        ['a\\*', ['a*']],
        ['b/\\{x\\}', ['b/{x}']],
      ] as const) {
        assert.deepEqual((await bucket.list(`matchGlob=${encodeURIComponent(glob)}`)).items, expected, glob);
      }
      for (const glob of ['[', '{a']) {
        assertError(
          await bucket.call('GET', `/storage/v1/b/{b}/o?matchGlob=${encodeURIComponent(glob)}`),
          400,
          'invalid',
        );
      }
    },
  },
  {
    title: 'a bucket with versioning lists all versions, oldest first',
    fakeGcsServer: 'pages of versions repeat versions',
    check: async (bucket) => {
      await bucket.call('PATCH', '/storage/v1/b/{b}', { json: { versioning: { enabled: true } } });
      for (const content of ['one', 'two', 'three']) await bucket.put('a', content);
      await bucket.call('DELETE', bucket.object('a'));
      await bucket.put('b');
      assert.deepEqual((await bucket.list()).items, ['b']);
      const answer = await bucket.call('GET', '/storage/v1/b/{b}/o?versions=true');
      const items = valueAt(answer, 'items') as { name: string; generation: string; timeDeleted?: string }[];
      assert.deepEqual(
        items.map(({ name, timeDeleted }) => [name, timeDeleted !== undefined]),
        [...[1, 2, 3].map(() => ['a', true]), ['b', false]],
      );
      const first = await bucket.call('GET', bucket.object('a', `alt=media&generation=${items[0]?.generation ?? ''}`));
      assert.equal(first.body.toString(), 'one');
      const page = await bucket.list('versions=true&maxResults=2');
      const rest = await bucket.list(`versions=true&pageToken=${page.next}`);
      assert.deepEqual(
        [page.items, rest.items],
        [
          ['a', 'a'],
          ['a', 'b'],
        ],
      );
    },
  },
  {
    title: 'soft-deleted objects, a wrong page size and a wrong token are rejected',
    fakeGcsServer: 'it ignores softDeleted and unknown tokens',
    check: async (bucket) => {
      for (const query of ['softDeleted=true', 'maxResults=many', 'pageToken=%25nonsense']) {
        assertError(await bucket.call('GET', `/storage/v1/b/{b}/o?${query}`), 400, 'invalid');
      }
    },
  },
  {
    title: 'fields selects parts of an answer',
    fakeGcsServer: 'it ignores fields',
    check: async (bucket) => {
      await fill(bucket, ['a', 'b']);
      const { json } = await bucket.call('GET', '/storage/v1/b/{b}/o?maxResults=1&fields=kind,items(name,size)');
      assert.deepEqual(json, { kind: 'storage#objects', items: [{ name: 'a', size: '1' }] });
      const nested = await bucket.call('GET', '/storage/v1/b/{b}?fields=iamConfiguration/publicAccessPrevention,name');
      assert.deepEqual(nested.json, {
        name: bucket.name,
        iamConfiguration: { publicAccessPrevention: 'inherited' },
      });
      assertError(await bucket.call('DELETE', bucket.object('a', 'fields=name(')), 400, 'invalidParameter');
      assert.equal((await bucket.call('GET', bucket.object('a'))).status, 200);
    },
  },
  {
    title: 'prettyPrint decides whether JSON is indented',
    fakeGcsServer: 'it never indents JSON',
    check: async (bucket) => {
      const indented = (await bucket.call('GET', '/storage/v1/b/{b}')).body.toString();
      const compact = (await bucket.call('GET', '/storage/v1/b/{b}?prettyPrint=false')).body.toString();
      assert.match(indented, /^{\n {2}"/);
      assert.deepEqual(compact, JSON.stringify(JSON.parse(indented)));
    },
  },
];
