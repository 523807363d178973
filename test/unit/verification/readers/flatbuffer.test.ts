import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Order } from '../../../../src/verification/readers/flatbuffer';
import { identifierOf, rootTable } from '../../../../src/verification/readers/flatbuffer';
import { LoadedParts } from '../../../../src/verification/readers/loaded-parts';
import { MissingBytesError } from '../../../../src/verification/readers/missing-bytes';
import { SparseBytes } from '../../../../src/verification/readers/sparse-bytes';
import { WorkMeter } from '../../../../src/verification/readers/work';
import type { Fields } from '../../../support/flatbuffer';
import { flatBuffer } from '../../../support/flatbuffer';

const bytesOf = (file: Buffer): SparseBytes => new SparseBytes(LoadedParts.of('a.fb', file), new WorkMeter('a.fb'));

const rootOf = (fields: Fields) => rootTable(bytesOf(flatBuffer(fields, 'TEST')));

const beyond = (start: number, end: number, size: number) => ({
  path: 'a.fb',
  message: `is cut off or damaged: the bytes ${start} to ${end} belong to it, but the file has ${size}`,
});

suite('A table of a FlatBuffer', () => {
  test('has fields with values, and defaults for absent ones', () => {
    const table = rootOf({
      ...{ 0: { i8: -3 }, 1: { u32: 0xffff_fffe }, 2: { u64: 2 ** 40 }, 3: 'text', 4: Buffer.from([7, 8, 9]) },
      ...{ 5: { ints: [1, -2] }, 6: { table: { 0: { i8: 5 } } }, 7: { tables: [{}, {}] } },
    });
    assert.deepEqual(
      [table.i8(0), table.bool(0), table.i32(1), table.u32(1), table.u64(2), table.text(3), [...table.ints(5)]],
      [-3, true, -2, 0xffff_fffe, 2 ** 40, 'text', [1, -2]],
    );
    assert.deepEqual([table.data(4)?.length, table.table(6)?.i8(0), table.tables(7).length], [3, 5, 2]);
    assert.deepEqual(
      [table.i8(9), table.bool(9), table.i32(9), table.u32(9), table.u64(9), table.text(9), [...table.ints(9)]],
      [0, false, 0, 0, 0, undefined, []],
    );
    assert.deepEqual(
      [table.data(9), table.table(9), table.target(9), table.tables(9).length],
      [...[undefined, undefined, undefined, 0]],
    );
    assert.deepEqual([[...table.tables(9).entries()], table.has(0), table.has(9)], [[], true, false]);
  });

  test('may begin behind other bytes, and has an identifier', () => {
    const file = flatBuffer({ 0: 'text' }, 'TEST');
    const moved = bytesOf(Buffer.concat([Buffer.alloc(12), file]));
    assert.equal(rootTable(moved, 12).text(0), 'text');
    assert.deepEqual([identifierOf(moved, 12), identifierOf(bytesOf(file))], ['TEST', 'TEST']);
  });

  test('has texts that are cut to 1,000 bytes, and are in the file with a zero byte behind them', () => {
    assert.equal(rootOf({ 0: 'x'.repeat(1_000) }).text(0)?.length, 1_000);
    assert.equal(rootOf({ 0: 'x'.repeat(1_001) }).text(0)?.length, 1_000);
    const file = flatBuffer({ 0: 'abcd' }, 'TEST');
    const at = file.indexOf('abcd');
    const longer = Buffer.from(file);
    const rest = file.length - at;
    longer.writeUInt32LE(rest, at - 4);
    assert.throws(() => rootTable(bytesOf(longer)).text(0), beyond(at, file.length + 1, file.length));
    longer.writeUInt32LE(rest - 1, at - 4);
    assert.equal(rootTable(bytesOf(longer)).text(0)?.length, rest - 1);
  });

  test('has vectors that are in the file', () => {
    const file = flatBuffer({ 0: { ints: [1, 2] } }, 'TEST');
    const at = file.length - 8;
    assert.deepEqual([file.readInt32LE(at), file.readInt32LE(at + 4)], [1, 2]);
    file.writeUInt32LE(3, at - 4);
    assert.throws(() => [...rootTable(bytesOf(file)).ints(0)], beyond(at, at + 12, file.length));
  });

  test('registers its parts, of which the last one ends the FlatBuffer', () => {
    const file = Buffer.concat([flatBuffer({ 0: 'text', 1: { ints: [1] } }, 'TEST'), Buffer.alloc(50)]);
    const table = rootTable(bytesOf(file));
    const begin = table.end;
    table.text(0);
    const { end } = table;
    assert.ok(end > begin && end <= file.length - 50);
    table.part(0, 4);
    assert.equal(table.end, end);
    assert.deepEqual(table.part(file.length - 10, 10), { start: file.length - 10, length: 10 });
    assert.equal(table.end, file.length);
    for (const [start, length] of [
      [file.length - 10, 11],
      [-1, 1],
      [5, -1],
    ] as const) {
      assert.throws(() => table.part(start, length), beyond(start, start + length, file.length));
    }
  });

  test('has a description of its fields of at least four bytes, and of whole entries', () => {
    const file = flatBuffer({ 0: { i8: 1 } }, 'TEST');
    const root = file.readUInt32LE(0);
    const vtable = root - file.readInt32LE(root);
    const withLength = (length: number): SparseBytes => {
      const copy = Buffer.from(file);
      copy.writeUInt16LE(length, vtable);
      return bytesOf(copy);
    };
    assert.equal(rootTable(withLength(4)).i8(0), 0);
    for (const length of [0, 2, 3, 5, 7]) {
      assert.throws(() => rootTable(withLength(length)), {
        message: `is damaged: the table at ${root} has no description of its fields at ${vtable}`,
      });
    }
    assert.throws(() => rootTable(withLength(1_000)), beyond(vtable, vtable + 1_000, file.length));
    const long = Buffer.from(file);
    long.writeUInt16LE(1_000, vtable + 2);
    assert.throws(() => rootTable(bytesOf(long)), beyond(root, root + 1_000, file.length));
  });
});

/** The next item; `undefined` after the last one. */
function nextOf<T>(items: Iterator<T, unknown>): T | undefined {
  const next = items.next();
  return next.done === true ? undefined : next.value;
}

suite('A vector of tables', () => {
  const COUNT = 50;
  const vector = rootOf({
    0: { tables: Array.from({ length: COUNT }, (_, index) => ({ 0: { u32: index + 1 } })) },
  }).tables(0);
  const visited = (order?: Order): [index: number, value: number][] =>
    [...vector.entries(order)].map(([index, table]) => [index, table.u32(0)]);
  const inOrder = Array.from({ length: COUNT }, (_, index): [number, number] => [index, index + 1]);

  test('is visited in its order, or from the end of the file on', () => {
    assert.deepEqual(visited(), inOrder);
    assert.deepEqual(visited({ batch: 7 }), inOrder);
    const positions = (found: readonly [number, number][]): number[] => found.map(([index]) => vector.position(index));
    for (const batch of [1, 7, COUNT, undefined]) {
      const found = visited({ lastFirst: true, ...(batch !== undefined && { batch }) });
      assert.deepEqual(
        [...found].sort(([a], [b]) => a - b),
        inOrder,
      );
      assert.deepEqual(
        positions(found),
        [...positions(found)].sort((a, b) => b - a),
      );
    }
  });

  test('of more than 16,384 tables is visited in its reverse order, from the last on', () => {
    const of = (times: number) => rootOf({ 0: { repeated: { 0: { u32: 1 } }, times } }).tables(0);
    for (const [times, expected] of [
      [16_385, 16_384],
      [16_384, 0],
    ] as const) {
      const first = nextOf(of(times).entries({ lastFirst: true, batch: 2 }))?.[0];
      // Tables at the same place keep their order if they are sorted.
      assert.equal(first, expected);
    }
    const entries = of(16_385).entries({ lastFirst: true, batch: 2 });
    const indexes = [nextOf(entries), nextOf(entries), nextOf(entries)].map((found) => found?.[0]);
    assert.deepEqual(indexes, [16_384, 16_383, 16_382]);
  });

  test('has its tables and the values of their fields loaded together', async () => {
    // Each table is far from the next one, and its text is far from it.
    const far = Array.from({ length: 6 }, (_, index) => ({
      0: `${index}${'x'.repeat(20_000)}`,
      1: Buffer.alloc(20_000),
    }));
    const padding = Buffer.alloc(1_200_000);
    const file = flatBuffer({ 0: { tables: far }, 1: padding }, 'TEST');
    const loads = async (order: Order): Promise<number> => {
      const parts = new LoadedParts({
        path: 'a.fb',
        bytes: file.length,
        read: (start, length) => Promise.resolve(file.subarray(start, start + length)),
      });
      const bytes = new SparseBytes(parts, new WorkMeter('a.fb'));
      let count = 0;
      const retry = async <T>(work: () => T): Promise<T> => {
        for (;;) {
          try {
            return work();
          } catch (error) {
            if (!(error instanceof MissingBytesError)) throw error;
            count += 1;
            await parts.load(error.ranges);
          }
        }
      };
      const entries = await retry(() => rootTable(bytes).tables(0).entries(order));
      const before = count;
      for (;;) {
        const found = await retry(() => nextOf(entries));
        if (found === undefined) break;
        await retry(() => found[1].text(0));
      }
      return count - before;
    };
    const together = await loads({ follow: [0] });
    const apart = await loads({ follow: [0], batch: 1 });
    const without = await loads({});
    assert.ok(together < apart, `${together} and ${apart} loads`);
    assert.ok(together < without, `${together} and ${without} loads`);
  });
});
