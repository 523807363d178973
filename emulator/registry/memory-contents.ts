import { Readable } from 'node:stream';
import type { Contents, Draft } from './contents';
import { MAX_MEMORY_BYTES } from './contents';
import { RegistryError } from './registry-error';

/** Number of bytes in memory. */
class Room {
  private used = 0;

  constructor(private readonly limit: number) {}

  take(bytes: number): void {
    if (this.used + bytes > this.limit) {
      throw new RegistryError(
        'SIZE_INVALID',
        `The registry holds at most ${this.limit / 1024 ** 2} MiB in memory. Delete images, or start it with a data folder.`,
        { status: 413 },
      );
    }
    this.used += bytes;
  }

  free(bytes: number): void {
    this.used -= bytes;
  }
}

class MemoryDraft implements Draft {
  parts: Buffer[] = [];
  size = 0;

  constructor(private readonly room: Room) {}

  append(part: Buffer): Promise<void> {
    this.room.take(part.length);
    this.parts.push(part);
    this.size += part.length;
    return Promise.resolve();
  }

  truncate(size: number): Promise<void> {
    while (this.size > size) {
      const last = this.parts.pop() ?? Buffer.alloc(0);
      const kept = last.subarray(0, Math.max(0, last.length - (this.size - size)));
      this.size -= last.length - kept.length;
      this.room.free(last.length - kept.length);
      if (kept.length > 0) this.parts.push(kept);
    }
    return Promise.resolve();
  }

  discard(): Promise<void> {
    return this.truncate(0);
  }
}

/** Contents in memory. */
export class MemoryContents implements Contents {
  private readonly byDigest = new Map<string, MemoryDraft>();
  private readonly room: Room;

  constructor(limit = MAX_MEMORY_BYTES) {
    this.room = new Room(limit);
  }

  begin(): Promise<Draft> {
    return Promise.resolve(new MemoryDraft(this.room));
  }

  async keep(draft: Draft, digest: string): Promise<void> {
    if (!(draft instanceof MemoryDraft)) throw new TypeError('the draft is of other contents');
    if (this.byDigest.has(digest)) await draft.discard();
    else this.byDigest.set(digest, draft);
  }

  size(digest: string): Promise<number | undefined> {
    return Promise.resolve(this.byDigest.get(digest)?.size);
  }

  read(digest: string, start: number, end: number): Readable {
    // The parts are taken now: the content can be removed while a client reads slowly.
    return Readable.from(slices([...(this.byDigest.get(digest)?.parts ?? [])], start, end), { objectMode: false });
  }

  async remove(digest: string): Promise<void> {
    await this.byDigest.get(digest)?.discard();
    this.byDigest.delete(digest);
  }
}

function* slices(parts: readonly Buffer[], start: number, end: number): Generator<Buffer> {
  let at = 0;
  for (const part of parts) {
    if (at > end) return;
    const slice = part.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at));
    if (slice.length > 0) yield slice;
    at += part.length;
  }
}
