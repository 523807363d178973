import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { InspectedFile } from '../../../src/verification/inspected';
import { boundedFindings, boundedVerification } from '../../../src/verification/bounded';

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const labels = (name: string): InspectedFile => ({ path: name, kind: 'labels', summary: { lines: 1 } });

const safetensors = (types: number): InspectedFile => ({
  path: 'a',
  kind: 'safetensors',
  summary: { tensors: 1, types: Array<string>(types).fill('F32') },
});

const filesOf = (paths: readonly string[]) => ({ truncated: false, entries: paths.map((path) => ({ path })) });

suite('The limits of what a verification reports', () => {
  test('leave out the parts that it does not have', () => {
    assert.deepEqual(boundedVerification({ notes: [] }, 2_000), { notes: [] });
    assert.deepEqual(boundedVerification({ notes: [], inspected: [] }, 0), { notes: [] });
  });

  test('keep 100 inspected files, and a note counts the others', () => {
    const inspected = Array.from({ length: 101 }, (_, index) => labels(`${index}`));
    assert.deepEqual(boundedVerification({ inspected: inspected.slice(1), notes: [] }, 1_000_000), {
      inspected: inspected.slice(1),
      notes: [],
    });
    assert.deepEqual(boundedVerification({ inspected, notes: ['a'] }, 1_000_000), {
      inspected: inspected.slice(0, 100),
      notes: ['a', '1 more inspected files were left out to keep the result small'],
    });
  });

  /** The limit that leaves this number of bytes for the inspected files. */
  const forInspected = (bytes: number): number => 1_024 + bytes * 2;

  test('shorten lists to 20, 10, 5, 2, 1 and no entries, as few as are needed', () => {
    for (const [limit, kept] of [
      [20, 20],
      [10, 10],
      [9, 5],
      [5, 5],
      [2, 2],
      [1, 1],
      [0, 0],
    ] as const) {
      const bounded = boundedVerification(
        { inspected: [safetensors(20)], notes: [] },
        forInspected(bytesOf([safetensors(limit)])),
      );
      assert.deepEqual(bounded.inspected, [safetensors(kept)], `${limit} entries fit`);
      assert.deepEqual(
        bounded.notes,
        kept === 20 ? [] : ['lists of 1 inspected files were shortened to keep the result small'],
      );
    }
  });

  test('leave out half of the inspected files until they fit', () => {
    const inspected = Array.from({ length: 9 }, (_, index) => labels(`${index}`));
    const kept = (bytes: number) => boundedVerification({ inspected, notes: [] }, forInspected(bytes));
    assert.deepEqual(kept(bytesOf(inspected)), { inspected, notes: [] });
    assert.deepEqual(kept(bytesOf(inspected) - 1), {
      inspected: inspected.slice(0, 4),
      notes: ['5 more inspected files were left out to keep the result small'],
    });
    assert.deepEqual(kept(bytesOf(inspected.slice(0, 4))).inspected, inspected.slice(0, 4));
    assert.deepEqual(kept(bytesOf(inspected.slice(0, 4)) - 1).inspected, inspected.slice(0, 2));
    assert.deepEqual(kept(1), { notes: ['9 more inspected files were left out to keep the result small'] });
  });

  test('give notes a quarter, and listed files what the others leave', () => {
    const note = 'n'.repeat(97);
    const { notes } = boundedVerification({ notes: Array<string>(50).fill(note) }, 1_024 + 4 * 1_000);
    // 9 notes of 100 bytes each, with room for the line that counts the others.
    assert.deepEqual([notes.length, notes.at(-1)], [10, 'and 41 more notes']);
    const inspected = [labels('a')];
    const paths = ['1', '2', '3'];
    const rest = bytesOf({ ...filesOf([]) }) + 3 * (bytesOf({ path: '1' }) + 1);
    const needed = 1_024 + bytesOf([note]) + bytesOf(inspected) + rest;
    const bound = (maxBytes: number) =>
      boundedVerification({ files: filesOf(paths), inspected, notes: [note] }, maxBytes).files;
    // A quarter for notes needs more: then the files have room to spare.
    assert.deepEqual(bound(1_024 + 4 * (bytesOf(note) + 40) + 400), filesOf(paths));
    assert.ok(needed > 0);
  });

  test('cut the listed files where they do not fit, and mark that', () => {
    const paths = ['1', '2', '3'];
    const exact = 1_024 + bytesOf([]) + bytesOf([]) + bytesOf(filesOf([])) + 3 * (bytesOf({ path: '1' }) + 1);
    const bound = (maxBytes: number) => boundedVerification({ files: filesOf(paths), notes: [] }, maxBytes).files;
    assert.deepEqual(bound(exact), filesOf(paths));
    assert.deepEqual(bound(exact - 1), { ...filesOf(paths.slice(0, 2)), truncated: true });
    assert.deepEqual(bound(0), { entries: [], truncated: true });
  });

  test('keep findings up to exactly the bytes that are allowed', () => {
    const counter = bytesOf(`and ${Number.MAX_SAFE_INTEGER} more findings`);
    assert.deepEqual(boundedFindings(['abc', 'def'], 10, counter + 12), ['abc', 'def']);
    assert.deepEqual(boundedFindings(['abc', 'def'], 10, counter + 11), ['abc', 'and 1 more findings']);
    assert.deepEqual(boundedFindings(['abc', 'def'], 1, 1_000), ['abc', 'and 1 more findings']);
    assert.deepEqual(boundedFindings(['and 7 more findings', 'abc'], 10, 1_000), ['abc', 'and 7 more findings']);
    assert.deepEqual(boundedFindings(['and 7 more findings.', 'so and 7 more notes'], 10, 1_000), [
      'and 7 more findings.',
      'so and 7 more notes',
    ]);
  });
});
