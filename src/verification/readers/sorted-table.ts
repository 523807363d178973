import { crc32c } from '@node-rs/crc32';
import type { Bytes } from './proto-fields';
import { readVarint } from './proto-fields';
import { SnappyError, unpackedSize, unpackSnappy } from './snappy';
import type { MalformedFileError, SparseBytes } from './sparse-bytes';
import { attempt } from './sparse-bytes';
import type { Inspecting } from './work';
import type { LimitError } from './limit-error';

/** An entry of a table. */
export interface TableEntry {
  /** Valid until the next entry is asked for. */
  readonly key: Buffer;
  readonly value: Buffer;
}

const FOOTER_BYTES = 48;
const MAGIC = Buffer.from('57fb808b247547db', 'hex');
/** The type of a block, and its checksum. */
const TRAILER_BYTES = 5;
const PLAIN = 0;
const SNAPPY = 1;
const MASK_DELTA = 0xa282ead8;

/** Largest unpacked size of all blocks of a table, in bytes; real tables have a few hundred KiB. */
const MAX_UNPACKED_BYTES = 8 * 1024 * 1024;
/** Largest block, in bytes; TensorFlow begins a new one after 256 KiB. */
const MAX_BLOCK_BYTES = 4 * 1024 * 1024;
/** Largest packed block, in bytes. */
const MAX_PACKED_BYTES = 1024 * 1024;
/** Snappy packs at most 64 bytes into 3. */
const MAX_RATIO = 22;
/** Bytes that are checked or unpacked in a step. */
const BYTES_PER_STEP = 64;
/** Bytes that each block counts beside its content, so that a table can't have too many small blocks. */
const BLOCK_COST_BYTES = 64;
const MAX_KEY_BYTES = 4 * 1024;

/**
 * Visits the entries of TensorFlow's sorted table in the order of their keys, and checks the checksum of every block.
 *
 * Source: https://github.com/google/leveldb/blob/main/doc/table_format.md, with the magic number of
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/format.h
 *
 * @throws MalformedFileError if the file is not a whole table
 * @throws LimitError if it is too large to be inspected
 */
export function* visitEntries(bytes: SparseBytes, visit: (entry: TableEntry) => void): Inspecting {
  const blocks = new Blocks(bytes);
  const index = yield* attempt(bytes, () => readIndex(bytes, blocks));
  for (const { value } of entriesIn(index)) {
    if (bytes.meter.isDue) yield undefined;
    const data = blocks.read(readHandle(new Block(bytes, index.at, value), 0));
    for (const entry of entriesIn(data)) {
      visit(entry);
      bytes.meter.charge(4);
      if (bytes.meter.isDue) yield undefined;
    }
  }
}

/** Reads the block that names all other blocks. It loads the whole file. */
function readIndex(bytes: SparseBytes, blocks: Blocks): Block {
  if (bytes.size < FOOTER_BYTES) throw bytes.malformed(`has ${bytes.size} bytes, too few for a table`);
  bytes.needIndex(0, bytes.size);
  const footerAt = bytes.size - FOOTER_BYTES;
  const footer = new Block(bytes, footerAt, bytes.slice(footerAt, FOOTER_BYTES));
  const magic = footer.content.subarray(-MAGIC.length);
  if (!magic.equals(MAGIC)) {
    throw bytes.malformed(
      `is not a complete table: it ends with ${magic.toString('hex')}, not with ${MAGIC.toString('hex')}`,
    );
  }
  const metaIndex = readHandle(footer, 0);
  blocks.read(metaIndex);
  return blocks.read(readHandle(footer, metaIndex.end));
}

/** The position of a block in the file. */
interface Handle {
  readonly offset: number;
  readonly size: number;
  /** Where the handle itself ends. */
  readonly end: number;
}

function readHandle(block: Block, at: number): Handle {
  const offset = readVarint(block, at, block.size);
  const size = readVarint(block, offset.end, block.size);
  if (size.value < 0) throw block.malformed(`names a block of ${size.value} bytes`);
  return { offset: offset.value, size: size.value, end: size.end };
}

/** An unpacked block of a table. */
class Block implements Bytes {
  readonly size: number;

  constructor(
    readonly file: SparseBytes,
    /** Where it begins in the file. */
    readonly at: number,
    readonly content: Buffer,
  ) {
    this.size = content.length;
  }

  u8(at: number): number {
    const byte = this.content[at];
    if (byte === undefined) throw this.malformed('has a block that is cut off');
    return byte;
  }

  slice(start: number, length: number): Buffer {
    if (length < 0 || start + length > this.size) throw this.malformed('has an entry that reaches beyond its block');
    return this.content.subarray(start, start + length);
  }

  malformed(text: string): MalformedFileError {
    return this.file.malformed(`${text}, in its block at byte ${this.at}`);
  }
}

/** Reads the blocks of a file, and limits what is unpacked. */
class Blocks {
  private left = MAX_UNPACKED_BYTES;

  constructor(private readonly file: SparseBytes) {}

  read({ offset, size }: Handle): Block {
    const sealed = this.file.slice(offset, size + TRAILER_BYTES);
    if (size > MAX_BLOCK_BYTES) throw this.tooLarge(size, offset);
    this.file.meter.charge(size / BYTES_PER_STEP);
    const content = this.unpack(sealed, offset);
    this.left -= content.length + BLOCK_COST_BYTES;
    this.file.meter.charge(content.length / BYTES_PER_STEP);
    if (this.left < 0) throw this.file.limited(`it has more than ${MAX_UNPACKED_BYTES} bytes of entries`);
    return new Block(this.file, offset, content);
  }

  private tooLarge(size: number, offset: number): LimitError {
    return this.file.limited(`its block at byte ${offset} has ${size} bytes`);
  }

  private unpack(block: Buffer, offset: number): Buffer {
    const end = block.length - TRAILER_BYTES;
    const stored = block.readUInt32LE(end + 1);
    if (stored !== masked(crc32c(block.subarray(0, end + 1)))) {
      throw this.file.malformed(`is damaged: the checksum of its block at byte ${offset} is wrong`);
    }
    const type = block.readUInt8(end);
    const packed = block.subarray(0, end);
    if (type === PLAIN) return packed;
    if (type !== SNAPPY) throw this.file.malformed(`has a block of the unknown type ${type} at byte ${offset}`);
    try {
      if (packed.length > MAX_PACKED_BYTES) throw this.tooLarge(packed.length, offset);
      const size = unpackedSize(packed);
      if (size > MAX_BLOCK_BYTES && size <= packed.length * MAX_RATIO) throw this.tooLarge(size, offset);
      return unpackSnappy(packed, MAX_BLOCK_BYTES);
    } catch (error) {
      if (error instanceof SnappyError)
        throw this.file.malformed(`its block at byte ${offset} is damaged: ${error.message}`);
      throw error;
    }
  }
}

/** The stored form of a checksum, which makes checksums of data that contains checksums safe. */
function masked(checksum: number): number {
  return (((checksum >>> 15) | (checksum << 17)) + MASK_DELTA) >>> 0;
}

/** The entries of a block. Each key states how many bytes it shares with the previous key. */
function* entriesIn(block: Block): Generator<TableEntry, void, void> {
  if (block.size < 4) throw block.malformed('has a block of less than 4 bytes');
  const limit = block.size - 4 - 4 * block.content.readUInt32LE(block.size - 4);
  if (limit < 0) throw block.malformed('has a block with more restart points than bytes');
  const key = Buffer.alloc(MAX_KEY_BYTES);
  let keyBytes = 0;
  for (let at = 0; at < limit;) {
    const shared = readVarint(block, at, limit);
    const added = readVarint(block, shared.end, limit);
    const length = readVarint(block, added.end, limit);
    if (shared.value < 0 || shared.value > keyBytes) throw block.malformed('has a key that shares more than there is');
    const delta = block.slice(length.end, added.value);
    if (shared.value + delta.length > MAX_KEY_BYTES) {
      throw block.file.limited(`it has a name of more than ${MAX_KEY_BYTES} bytes`);
    }
    delta.copy(key, shared.value);
    keyBytes = shared.value + delta.length;
    const value = block.slice(length.end + added.value, length.value);
    at = length.end + added.value + length.value;
    if (at > limit) throw block.malformed('has an entry that reaches beyond its block');
    yield { key: key.subarray(0, keyBytes), value };
  }
}
