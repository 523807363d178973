import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { selectFields } from '../../../../emulator/storage/partial-response';
import { StorageError } from '../../../../emulator/storage/storage-error';

const LIST = {
  kind: 'list',
  items: [
    { name: 'a', size: '1', owner: { id: 'x', kind: 'user' } },
    { name: 'b', size: '2' },
  ],
  prefixes: ['p/'],
};

suite('a selection of fields', () => {
  for (const [fields, expected] of [
    ['kind', { kind: 'list' }],
    ['kind,prefixes', { kind: 'list', prefixes: ['p/'] }],
    ['items/name', { items: [{ name: 'a' }, { name: 'b' }] }],
    [
      'items(name,size)',
      {
        items: [
          { name: 'a', size: '1' },
          { name: 'b', size: '2' },
        ],
      },
    ],
    ['items(owner/id),kind', { items: [{ owner: { id: 'x' } }, {}], kind: 'list' }],
    ['items/owner(id),items/name', { items: [{ name: 'a', owner: { id: 'x' } }, { name: 'b' }] }],
    [' items ( name ) ', { items: [{ name: 'a' }, { name: 'b' }] }],
    ['*', LIST],
    ['items(*)', { items: LIST.items }],
    ['*/owner', { kind: 'list', items: [{ owner: { id: 'x', kind: 'user' } }, {}], prefixes: ['p/'] }],
    ['missing', {}],
  ] as const) {
    test(`${JSON.stringify(fields)} keeps the named fields`, () => {
      assert.deepEqual(selectFields(LIST, fields), expected);
    });
  }

  test('an invalid or too deep selection is rejected', () => {
    for (const fields of ['a(', 'a)', 'a,,b', ',', 'a/', 'a b', 'a(b', 'a(b))', '(', 'a/'.repeat(100_000)]) {
      assert.throws(() => selectFields({}, fields), StorageError, fields.slice(0, 20));
    }
  });
});
