import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { boundaryOf, relatedParts } from '../../../../emulator/storage/multipart';
import { StorageError } from '../../../../emulator/storage/storage-error';

async function* chunksOf(body: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (const size of sizes) {
    await Promise.resolve();
    yield body.subarray(at, at + size);
    at += size;
  }
  yield body.subarray(at);
}

async function parse(body: Buffer, sizes: readonly number[] = []) {
  const parts = await relatedParts('multipart/related; boundary="sep"', chunksOf(body, sizes));
  const content: Buffer[] = [];
  for await (const chunk of parts.content) content.push(chunk);
  return { ...parts, content: Buffer.concat(content) };
}

function related(metadata: string, content: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`--sep\r\nContent-Type: application/json\r\n\r\n${metadata}\r\n--sep\r\nContent-Type: a/b\r\n\r\n`),
    content,
    Buffer.from('\r\n--sep--\r\n'),
  ]);
}

suite('the multipart reader', () => {
  test('finds metadata and content, wherever the body is split', async () => {
    const pieces = fc.array(fc.constantFrom('\r\n', '--', 'sep', '--sepX', '\r\n--se', 'text', '\0', '{}'));
    await fc.assert(
      fc.asyncProperty(pieces, fc.array(fc.nat(40), { maxLength: 20 }), async (parts, sizes) => {
        const content = Buffer.from(parts.join('').replaceAll(/\r\n--sep(?!X)/g, ''));
        const found = await parse(related('{"name":"a"}', content), sizes);
        assert.deepEqual(
          [found.metadata.toString(), found.contentType, found.content.toString()],
          ['{"name":"a"}', 'a/b', content.toString()],
        );
      }),
    );
  });

  test('rejects a body that ends too early', async () => {
    const body = related('{}', Buffer.from('content'));
    for (let length = 0; length < body.length - 5; length += 1) {
      await assert.rejects(parse(body.subarray(0, length)), StorageError, String(length));
    }
  });

  test('rejects metadata without an end before it fills the memory', async () => {
    const body = related('x'.repeat(2_000_000), Buffer.alloc(0));
    await assert.rejects(parse(body), /a part has more than 1048576 bytes/);
  });

  test('takes the boundary from the header, with and without quotes', () => {
    for (const [header, boundary] of [
      ['multipart/related; boundary=abc', 'abc'],
      ['multipart/related; type="x"; boundary="a b"', 'a b'],
      ["multipart/related; boundary='a-b'; charset=x", 'a-b'],
    ] as const) {
      assert.equal(boundaryOf(header), boundary);
    }
    for (const header of [undefined, 'text/plain', 'multipart/related']) {
      assert.throws(() => boundaryOf(header), StorageError);
    }
  });
});
