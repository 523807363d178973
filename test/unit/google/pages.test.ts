import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleTransportError } from '../../../src/google/api-error';
import { checkToken, ListTooLongError, pagesOf } from '../../../src/google/pages';

/** Reads all pages of a list whose tokens come one after the other. */
async function read(tokens: readonly string[], limits: Parameters<typeof pagesOf>[2] = {}): Promise<string[]> {
  const asked: string[] = [];
  const pages = pagesOf(
    'GET list',
    (token) => {
      asked.push(token);
      return Promise.resolve({ nextPageToken: tokens[asked.length - 1] ?? '' });
    },
    limits,
  );
  for await (const page of pages) assert.ok(page);
  return asked;
}

suite('the pages of a list', () => {
  test('are read one after the other, until a page has no token', async () => {
    assert.deepEqual(await read([]), ['']);
    assert.deepEqual(await read(['a', 'b', 'c']), ['', 'a', 'b', 'c']);
  });

  test('are read from a token on, and that token must not repeat', async () => {
    assert.deepEqual(await read(['b'], { firstToken: 'a' }), ['a', 'b']);
    await assert.rejects(read(['b', 'a'], { firstToken: 'a' }), /repeats a page token/);
  });

  test('are not read again if a token repeats, directly or after others', async () => {
    for (const tokens of [
      ['a', 'a'],
      ['a', 'b', 'a'],
      ['a', 'b', 'c', 'b'],
    ]) {
      await assert.rejects(read(tokens), (error) => {
        assert.ok(error instanceof GoogleTransportError);
        assert.equal(error.request, 'GET list');
        return error.message.includes('repeats a page token');
      });
    }
  });

  test('are limited to 1,000, or to the given number', async () => {
    const tokens = Array.from({ length: 2_000 }, (_, page) => String(page));
    await assert.rejects(read(tokens), (error) => {
      assert.ok(error instanceof ListTooLongError && error instanceof GoogleTransportError);
      return error.message.startsWith('GET list: the list has more than 1000 pages');
    });
    assert.equal((await read(tokens.slice(0, 999))).length, 1_000);
    await assert.rejects(read(tokens, { maxPages: 3 }), ListTooLongError);
  });

  test('are not read after the reader stops', async () => {
    let reads = 0;
    const page = () => Promise.resolve({ nextPageToken: String((reads += 1)) });
    for await (const { nextPageToken } of pagesOf('GET list', page)) if (nextPageToken === '2') break;
    assert.equal(reads, 2);
  });

  test('have tokens of at most 4,096 characters', () => {
    checkToken('GET list', 'x'.repeat(4_096), new Set());
    assert.throws(() => {
      checkToken('GET list', 'x'.repeat(4_097), new Set());
    }, /too long/);
  });
});
