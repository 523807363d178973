import { setImmediate } from 'node:timers/promises';
import type { ContentWriter, ReceivedContent } from './contents';

/** Chunks that are read before other requests are answered, since content in memory never waits. */
const CHUNKS_PER_SLICE = 16;

/** Writes streams one after the other. Unfinished content is discarded. */
export async function receive(
  writer: ContentWriter,
  streams: Iterable<AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>>,
): Promise<ReceivedContent> {
  let chunks = 0;
  try {
    for (const stream of streams) {
      for await (const chunk of await stream) {
        if (chunk instanceof Uint8Array) await writer.write(chunk);
        chunks += 1;
        if (chunks % CHUNKS_PER_SLICE === 0) await setImmediate();
      }
    }
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}
