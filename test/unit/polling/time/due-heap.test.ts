import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Due } from '../../../../src/polling/time/due-heap';
import { DueHeap } from '../../../../src/polling/time/due-heap';

/** Removes the entries in the order in which they are due. */
function drain(heap: DueHeap<Due>): number[] {
  const times: number[] = [];
  for (let { first } = heap; first !== undefined; first = heap.first) {
    times.push(first.dueAt);
    heap.remove(first);
  }
  return times;
}

suite('DueHeap', () => {
  test('returns entries in the order of their times after any additions, moves and removals', () => {
    const operations = fc.array(fc.record({ entry: fc.nat(12), at: fc.option(fc.nat(20), { nil: undefined }) }));
    fc.assert(
      fc.property(operations, (steps) => {
        const heap = new DueHeap<Due>();
        const entries = Array.from({ length: 13 }, () => ({ dueAt: 0, position: -1 }));
        for (const { entry: index, at } of steps) {
          const entry = entries[index];
          assert.ok(entry);
          if (at === undefined) heap.remove(entry);
          else heap.put(entry, at);
        }
        const expected = entries.filter(({ position }) => position >= 0).map(({ dueAt }) => dueAt);
        assert.equal(heap.size, expected.length);
        assert.deepEqual(
          drain(heap),
          expected.sort((a, b) => a - b),
        );
        assert.ok(entries.every(({ position }) => position === -1));
      }),
    );
  });
});
