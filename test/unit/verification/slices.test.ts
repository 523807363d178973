import assert from 'node:assert/strict';
import { setImmediate as nextIteration } from 'node:timers/promises';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ExportedFile } from '../../../src/contract/export-result';
import { changesBetween } from '../../../src/verification/changes';
import { checkListing } from '../../../src/verification/listing';
import { manifestOf } from '../../../src/manifest/digests';
import { forEachInSlices, runInSlices } from '../../../src/verification/slices';
import { sortedInSlices } from '../../../src/verification/sorted';
import { compareWithSource } from '../../../src/verification/source';

/** Counts the iterations of the event loop while a function runs. */
async function iterationsDuring<T>(work: Promise<T>): Promise<{ iterations: number; result: T }> {
  let iterations = 0;
  const ended = new AbortController();
  const counting = (async () => {
    while (!ended.signal.aborted) {
      await nextIteration();
      iterations += 1;
    }
  })();
  const result = await work.finally(() => {
    ended.abort();
  });
  await counting;
  return { iterations, result };
}

const FILES: readonly ExportedFile[] = Array.from({ length: 200_000 }, (_, index) => ({
  path: `${(index * 7_919) % 200_000}/${'directory/'.repeat(5)}part.bin`,
  bytes: index % 2,
  generation: '1',
}));

const SOURCE = { uri: 'gs://uploaded/model', files: FILES.slice(1), uploadedAt: undefined, mayNameFiles: true };

suite('A computation in slices', () => {
  test('sorts like Array.sort, and is stable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(50), fc.nat()), { maxLength: 9_000, minLength: 0 }), async (items) => {
        const compare = (a: [number, number], b: [number, number]): number => a[0] - b[0];
        assert.deepEqual(await sortedInSlices(items, compare), [...items].sort(compare));
      }),
      { numRuns: 20 },
    );
  });

  test('receives the error of a promise that it awaits, and can continue', async () => {
    function* work(): Generator<string | undefined, string, void> {
      try {
        yield 'bytes';
      } catch (error) {
        yield undefined;
        return String(error);
      }
      return 'nothing';
    }
    assert.equal(await runInSlices(work(), () => Promise.reject(new Error('gone'))), 'Error: gone');
  });

  test('yields to the event loop while several pieces run at the same time', async () => {
    const spin = (): void => {
      const end = performance.now() + 0.1;
      while (performance.now() < end);
    };
    const pieces = Array.from({ length: 8 }, () => forEachInSlices(Array(512).fill(0), spin));
    const { iterations } = await iterationsDuring(Promise.all(pieces));
    // Each piece is at least two slices, and no two of these fit into one iteration.
    assert.ok(iterations >= 12, `${iterations} iterations`);
  });

  const whole: Record<string, () => Promise<unknown>> = {
    'the manifest': () => manifestOf(FILES),
    'the check of a listing': () => checkListing(undefined, FILES, true),
    'the comparison of two listings': () => changesBetween(FILES, FILES.slice(1)),
    'the comparison with a source': () => compareWithSource(FILES, SOURCE),
  };
  for (const [title, work] of Object.entries(whole)) {
    test(`yields to the event loop while it computes ${title} of 200,000 files`, async () => {
      const { iterations } = await iterationsDuring(work());
      assert.ok(iterations >= 4, `${iterations} iterations`);
    });
  }

  test('limits the number of notes about 100,000 empty files', async () => {
    const { notes } = await checkListing(undefined, FILES, true);
    assert.equal(notes.length, 1_001);
    assert.equal(notes.at(-1), 'and 299000 more notes');
  });
});
