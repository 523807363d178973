import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { MemoryContents } from '../../../../emulator/storage/memory-contents';

async function write(contents: MemoryContents, key: string, ...chunks: Buffer[]): Promise<void> {
  const writer = contents.writer();
  for (const chunk of chunks) await writer.write(chunk);
  await (await writer.finish()).keep(key);
}

suite('contents in memory', () => {
  test('every range of content has the bytes that were written', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 9_000, size: 'max' }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(30_000), fc.nat(30_000), async (parts, one, other) => {
        const contents = new MemoryContents();
        await write(contents, 'a', ...parts.map((part) => Buffer.from(part)));
        const all = Buffer.concat(parts);
        const [start, end] = [Math.min(one, other, all.length), Math.min(Math.max(one, other), all.length)];
        assert.deepEqual(await buffer(await contents.open('a', start, end)), all.subarray(start, end));
      }),
    );
  });

  test('content beyond the limit is rejected, and deleted content makes room', async () => {
    const contents = new MemoryContents(1024 * 1024);
    const half = Buffer.alloc(512 * 1024);
    await write(contents, 'a', half);
    await contents.copy('a', 'b');
    const writer = contents.writer();
    await assert.rejects(writer.write(Buffer.alloc(1)), /at most 1 MiB in memory.*with a folder/);
    await writer.discard();
    await contents.remove('a');
    const other = contents.writer();
    await other.write(half);
    await assert.rejects(write(contents, 'c', half), { status: 413, reason: 'uploadTooLarge' });
    await other.discard();
    await write(contents, 'd', half);
    assert.deepEqual(await buffer(await contents.open('d', 0, half.length)), half);
  });

  test('content that does not exist is neither opened nor copied', async () => {
    const contents = new MemoryContents();
    await assert.rejects(contents.open('a', 0, 1), /does not exist/);
    await assert.rejects(contents.copy('a', 'b'), /does not exist/);
  });
});
