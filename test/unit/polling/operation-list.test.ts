import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import type { ExportOperation, OperationPage } from '../../../src/google/vertex';
import type { FetchPage, ListPage } from '../../../src/polling/operation-list';
import { OperationList } from '../../../src/polling/operation-list';

const MODEL = 'projects/123/locations/us-central1/models/1';
const INTERVAL_MS = 5_000;
const BLOCKED_MS = 20 * 60_000;
const { signal } = new AbortController();

const operation = (id: number) => ({
  name: `${MODEL}/operations/${id}`,
  model: MODEL,
  pause: () => INTERVAL_MS,
  isListed: () => true,
});
type Operation = ReturnType<typeof operation>;

const answer = (id: number): ExportOperation => ({
  name: `${MODEL}/operations/${id}`,
  done: false,
  metadata: { genericMetadata: {}, outputInfo: {} },
});
const page = (ids: readonly number[], nextPageToken = ''): OperationPage => ({
  operations: ids.map(answer),
  nextPageToken,
});
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A list that expects the operations with the given numbers. */
function listOf(ids: readonly number[]) {
  const clock = { now: 1_000 };
  const list = new OperationList<Operation>(MODEL, () => clock.now);
  list.plan(ids.map(operation), INTERVAL_MS);
  const tokens: string[] = [];
  const read = async (fetchPage: FetchPage, abort = signal): Promise<ListPage<Operation>[]> => {
    const pages: ListPage<Operation>[] = [];
    tokens.length = 0;
    const recorded: FetchPage = (token) => {
      tokens.push(token);
      return fetchPage(token);
    };
    for await (const next of list.pages(recorded, abort)) pages.push(next);
    return pages;
  };
  return { clock, list, read, tokens };
}

/** A service whose list has these pages. */
const service =
  (...pages: readonly (readonly number[])[]): FetchPage =>
  (token) => {
    const index = Number(token);
    const next = index + 1 < pages.length ? String(index + 1) : '';
    return Promise.resolve(page(pages[index] ?? [], next));
  };

const foundIn = (pages: readonly ListPage<Operation>[]): string[][] =>
  pages.map(({ found }) => found.map(({ operation: { name } }) => name.slice(`${MODEL}/operations/`.length)));
const missingIn = (pages: readonly ListPage<Operation>[]): number[] => pages.map(({ missing }) => missing.length);

const refusal = new GoogleApiError('denied', 'PERMISSION_DENIED', 403, 'virtual');
const outage = new GoogleApiError('down', 'UNAVAILABLE', 503, 'virtual');
const rejecting = (error: Error) => (): Promise<never> => Promise.reject(error);

suite('OperationList.pages', () => {
  test('yields the expected operations of each page, and stops when all are found', async () => {
    const { read, tokens } = listOf([1, 2, 3, 4]);
    const pages = await read(service([9, 1, 2], [3, 8, 4], [7]));
    assert.deepEqual(foundIn(pages), [
      ['1', '2'],
      ['3', '4'],
    ]);
    assert.deepEqual(
      [missingIn(pages), tokens],
      [
        [0, 0],
        ['', '1'],
      ],
    );
  });

  test('reports missing operations with the last page', async () => {
    const { read } = listOf([1, 2, 3, 4]);
    const pages = await read(service([1], [2], []));
    assert.deepEqual(
      [foundIn(pages), missingIn(pages)],
      [
        [['1'], ['2'], []],
        [0, 0, 2],
      ],
    );
  });

  test('reports no operation as missing if the list has none of the expected ones', async () => {
    const { read } = listOf([1, 2, 3, 4]);
    assert.deepEqual(missingIn(await read(service([7], [8]))), [0, 0]);
  });

  test('stops after two pages in a row without an expected operation if few are wanted', async () => {
    const { read, tokens } = listOf([1, 2, 3, 4]);
    const pages = await read(service([9], [1], [9], [9], [2, 3, 4]));
    assert.deepEqual([tokens.length, missingIn(pages)], [4, [0, 0, 0, 3]]);
  });

  test('reads one page without an expected operation per two operations that are wanted', async () => {
    const { read, tokens } = listOf(numbers(10));
    await read(service(...numbers(10).map(() => [99])));
    assert.equal(tokens.length, 5);
  });

  test('stops after 20 pages in a row without an expected operation, even if many are wanted', async () => {
    const { read, tokens } = listOf(numbers(1_000));
    await read(service(...numbers(60).map(() => [5_000])));
    assert.equal(tokens.length, 20);
  });

  test('stops after 500 pages', async () => {
    const { read, tokens } = listOf(numbers(600));
    const pages = await read(service(...numbers(600).map((id) => [id])));
    assert.deepEqual([tokens.length, missingIn(pages).at(-1)], [500, 100]);
  });

  test('yields all waits for one operation, and an operation that a page repeats once', async () => {
    const { read } = listOf([1, 1, 2, 3]);
    assert.deepEqual(foundIn(await read(service([1, 1, 2]))), [['1', '1', '2']]);
  });

  test('yields what a page with a repeated token has, then ends and blocks the list', async () => {
    const { clock, list, read, tokens } = listOf([1, 2, 3, 4]);
    const pages = await read((token) => Promise.resolve(page(token === '' ? [1] : [2], 'same')));
    assert.deepEqual(
      [foundIn(pages), missingIn(pages)],
      [
        [['1'], ['2']],
        [0, 0],
      ],
    );
    assert.deepEqual([tokens, list.breaker.allows(clock.now)], [['', 'same'], false]);
  });

  test('reports that operations need no poll by name before the list after the next one', async () => {
    const { clock, read } = listOf([1, 2, 3, 4]);
    const [first] = await read(service([1, 2, 3, 4]));
    assert.equal(first?.coveredUntil, clock.now + 2 * INTERVAL_MS);
  });

  test('marks the list as running until its last page is read', async () => {
    const { clock, list } = listOf([1, 2]);
    const pages = list.pages(service([1], [2]), signal);
    await pages.next();
    assert.deepEqual([list.isRunning, list.nextAt], [true, clock.now + INTERVAL_MS]);
    await pages.next();
    await pages.next();
    assert.equal(list.isRunning, false);
  });

  test('marks the list as not running when its reader stops early', async () => {
    const { clock, list } = listOf([1, 2]);
    for await (const { found } of list.pages(service([1], [2]), signal)) if (found.length > 0) break;
    assert.deepEqual([list.isRunning, list.breaker.allows(clock.now)], [false, true]);
  });
});

suite('OperationList after a failure', () => {
  test('is tried again after 3 s, and after twice as long with each further outage, up to a minute', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    const pauses: number[] = [];
    for (let failed = 0; failed < 7; failed += 1) {
      assert.deepEqual(await read(rejecting(outage)), []);
      pauses.push((list.nextAt - clock.now) / 1_000);
    }
    assert.deepEqual(pauses, [3, 6, 12, 24, 48, 60, 60]);
    assert.equal(list.breaker.allows(clock.now), true, 'an outage does not block the list');
  });

  test('restarts the pauses from the shortest after a list that succeeds', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    for (let failed = 0; failed < 3; failed += 1) await read(rejecting(outage));
    await read(service([1, 2, 3, 4]));
    await read(rejecting(outage));
    assert.equal(list.nextAt - clock.now, 3_000);
  });

  for (const [title, error] of [
    ['refused', refusal],
    ['unimplemented', new GoogleApiError('no list', 'UNIMPLEMENTED', 501, 'virtual')],
  ] as const) {
    test(`is blocked for 20 minutes if it is ${title}`, async () => {
      const { clock, list, read } = listOf([1, 2, 3, 4]);
      await read(rejecting(error));
      assert.equal(list.breaker.allows(clock.now + BLOCKED_MS - 1), false);
      assert.equal(list.breaker.allows(clock.now + BLOCKED_MS), true);
    });
  }

  test('is blocked for the shortest time again if a list in between reduced requests', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    await read(rejecting(refusal));
    clock.now += BLOCKED_MS;
    await read(service([1, 2, 3, 4]));
    assert.equal(list.breaker.needsProbe, false);
    await read(rejecting(refusal));
    assert.equal(list.breaker.allows(clock.now + BLOCKED_MS), true);
  });

  test('is blocked for longer if the probe is refused, too', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    await read(rejecting(refusal));
    clock.now += BLOCKED_MS;
    await read(rejecting(refusal));
    assert.equal(list.breaker.allows(clock.now + 2 * BLOCKED_MS - 1), false);
  });

  test('is not blocked, and not delayed, if it was aborted', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    const controller = new AbortController();
    const aborted = read(() => {
      controller.abort();
      return Promise.reject(new DOMException('aborted', 'AbortError'));
    }, controller.signal);
    assert.deepEqual(await aborted, []);
    assert.deepEqual([list.breaker.allows(clock.now), list.nextAt], [true, clock.now + INTERVAL_MS]);
  });
});

suite('an OperationList that does not reduce requests', () => {
  test('is blocked after two lists in a row', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    await read(service([1]));
    assert.equal(list.breaker.allows(clock.now), true);
    await read(service([1]));
    assert.equal(list.breaker.allows(clock.now), false);
  });

  test('is not blocked if a list in between reduces requests', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    for (const ids of [[1], [1, 2], [1]]) await read(service(ids));
    assert.equal(list.breaker.allows(clock.now), true);
  });

  test('has to save two GETs per page of the latest list', async () => {
    const { list, read } = listOf([1, 2, 3, 4, 5, 6]);
    assert.deepEqual([list.paysFor(1), list.paysFor(2)], [false, true]);
    await read(service([1, 2], [3, 4], [5, 6]));
    assert.deepEqual([list.pagesPerList, list.paysFor(5), list.paysFor(6)], [3, false, true]);
  });

  test('is forgotten only when it is idle for a minute and not blocked', async () => {
    const { clock, list, read } = listOf([1, 2, 3, 4]);
    await read(service([1, 2, 3, 4]));
    clock.now = list.nextAt + 60_000;
    assert.equal(list.isForgettable(), false);
    clock.now += 1;
    assert.equal(list.isForgettable(), true);
    await read(rejecting(refusal));
    clock.now += 2 * 60_000;
    assert.equal(list.isForgettable(), false, 'the block would be lost');
  });
});
