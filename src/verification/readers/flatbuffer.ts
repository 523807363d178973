import { ByteBuffer } from 'flatbuffers';
import type { ByteRange, SparseBytes } from './sparse-bytes';

/** Longest part of a text that is read, in bytes. */
const MAX_TEXT_BYTES = 1_000;
/** Tables of a vector that are loaded together. */
const BATCH = 1_024;
/** The tables of a longer vector are not sorted by position. */
const MAX_SORTED = 16_384;
/** Part of a vector's offsets that is loaded at once, in bytes. */
const MAX_OFFSETS_BYTES = 512 * 1024;
/** Bytes that are loaded for each table: most tables are shorter, and often their values follow them. */
const NEAR_BYTES = 64;
const OFFSET_BYTES = 4;
const INT_BYTES = 4;
/** A table's first field in its vtable, and the length of an entry there. */
const VTABLE = { headerBytes: 4, entryBytes: 2 };

/** A FlatBuffer in a file that is partly in memory. {@link SparseBytes} checks all bounds. */
class SparseByteBuffer extends ByteBuffer {
  /** The end of the last part that was read so far. */
  end = 0;

  constructor(readonly file: SparseBytes) {
    super(new Uint8Array());
  }

  override readUint8(at: number): number {
    return this.file.u8(at);
  }

  override readUint16(at: number): number {
    return this.file.u16(at);
  }

  override readInt32(at: number): number {
    return this.file.i32(at);
  }

  override capacity(): number {
    return this.file.size;
  }

  /** Registers a part that belongs to the FlatBuffer. @throws MalformedFileError if it is not in the file */
  part(start: number, length: number): ByteRange {
    const end = start + length;
    if (start < 0 || length < 0 || end > this.file.size) {
      throw this.file.malformed(
        `is cut off or damaged: the bytes ${start} to ${end} belong to it, but the file has ${this.file.size}`,
      );
    }
    this.end = Math.max(this.end, end);
    return { start, length };
  }
}

/**
 * The root table of the FlatBuffer at a position of a file.
 *
 * Source: https://flatbuffers.dev/internals/
 */
export function rootTable(bytes: SparseBytes, start = 0): Table {
  const buffer = new SparseByteBuffer(bytes);
  return new Table(buffer, buffer.__indirect(start));
}

/** The four characters that identify the schema of a FlatBuffer. */
export function identifierOf(bytes: SparseBytes, start = 0): string {
  return bytes.slice(start + 4, 4).toString('latin1');
}

/**
 * A table of a FlatBuffer. Its fields are read by their numbers in the schema (a union has two, the first for its
 * type). An absent field has its default.
 */
export class Table {
  private readonly file: SparseBytes;

  /** @throws MalformedFileError if its vtable or its fields are not in the file */
  constructor(
    private readonly buffer: SparseByteBuffer,
    /** Position in bytes from the file's start. */
    readonly at: number,
  ) {
    this.file = buffer.file;
    const vtable = at - buffer.readInt32(at);
    const vtableBytes = buffer.readUint16(vtable);
    if (vtableBytes < VTABLE.headerBytes || vtableBytes % VTABLE.entryBytes !== 0) {
      throw this.file.malformed(`is damaged: the table at ${at} has no description of its fields at ${vtable}`);
    }
    buffer.part(vtable, vtableBytes);
    buffer.part(at, buffer.readUint16(vtable + VTABLE.entryBytes));
  }

  /** The end of the FlatBuffer's parts that were read so far, in bytes from the file's start. */
  get end(): number {
    return this.buffer.end;
  }

  has(field: number): boolean {
    return this.place(field) !== undefined;
  }

  bool(field: number): boolean {
    return this.i8(field) !== 0;
  }

  i8(field: number): number {
    const place = this.place(field);
    return place === undefined ? 0 : this.buffer.readInt8(place);
  }

  i32(field: number): number {
    const place = this.place(field);
    return place === undefined ? 0 : this.buffer.readInt32(place);
  }

  u32(field: number): number {
    return this.i32(field) >>> 0;
  }

  u64(field: number): number {
    const place = this.place(field);
    return place === undefined ? 0 : this.file.u64(place);
  }

  /** The position of a field's value outside of the table. */
  target(field: number): number | undefined {
    const place = this.place(field);
    return place === undefined ? undefined : this.buffer.__indirect(place);
  }

  /** A text, cut to 1,000 bytes; all of it must be in the file. */
  text(field: number): string | undefined {
    const range = this.data(field);
    if (range === undefined) return undefined;
    // A zero byte follows the text; its length does not count it.
    this.part(range.start, range.length + 1);
    // A model may have names in other encodings than UTF-8.
    return this.file.slice(range.start, Math.min(range.length, MAX_TEXT_BYTES)).toString('utf8');
  }

  /** The position of a vector's elements, which must be in the file; they are not read. */
  data(field: number, elementBytes = 1): ByteRange | undefined {
    const place = this.place(field);
    if (place === undefined) return undefined;
    return this.part(this.buffer.__vector(place), this.buffer.__vector_len(place) * elementBytes);
  }

  /** A part of the file that belongs to the table and must exist; it is not read. */
  part(start: number, length: number): ByteRange {
    return this.buffer.part(start, length);
  }

  *ints(field: number): Generator<number, void, undefined> {
    const { start, length } = this.data(field, INT_BYTES) ?? { start: 0, length: 0 };
    for (let at = start; at < start + length; at += INT_BYTES) yield this.file.i32(at);
  }

  table(field: number): Table | undefined {
    const at = this.target(field);
    return at === undefined ? undefined : new Table(this.buffer, at);
  }

  /** A vector of tables; it is empty if the field is absent. */
  tables(field: number): Tables {
    return new Tables(this.buffer, this.data(field, OFFSET_BYTES) ?? { start: 0, length: 0 });
  }

  /** The position of a field; `undefined` if it is absent. */
  private place(field: number): number | undefined {
    const offset = this.buffer.__offset(this.at, VTABLE.headerBytes + field * VTABLE.entryBytes);
    return offset === 0 ? undefined : this.at + offset;
  }
}

/** The order in which the tables of a vector are visited. */
export interface Order {
  /** Fields whose values are outside of the tables and will be read: they are loaded with the tables. */
  readonly follow?: readonly number[];
  /** Whether tables near the end of the file come first: a file that is cut off lacks them. */
  readonly lastFirst?: boolean;
  /** Tables that are loaded together. Default: 1,024. */
  readonly batch?: number;
}

/** A vector of tables. Scattered tables are loaded together. */
export class Tables {
  readonly length: number;

  constructor(
    private readonly buffer: SparseByteBuffer,
    private readonly range: ByteRange,
  ) {
    this.length = range.length / OFFSET_BYTES;
  }

  /** The table at an index, which must be below `length`. */
  at(index: number): Table {
    return new Table(this.buffer, this.position(index));
  }

  /** Tables with their indexes. If bytes are missing, the iterator returns the same table at the next attempt. */
  entries(order: Order = {}): IterableIterator<[index: number, table: Table]> {
    return new TableEntries(this.buffer, this, this.range, order);
  }

  /** The position of the table at an index. */
  position(index: number): number {
    return this.buffer.__indirect(this.range.start + index * OFFSET_BYTES);
  }
}

interface Place {
  readonly at: number;
  readonly index: number;
}

/** Visits a vector of tables in batches. */
class TableEntries implements IterableIterator<[index: number, table: Table]> {
  private readonly batchSize: number;
  private readonly follow: readonly number[];
  private readonly lastFirst: boolean;
  /** All positions in the order of the file; `undefined` if they are not sorted. */
  private sorted: Place[] | undefined;
  private readonly unsorted: Place[] = [];
  private from = 0;
  private batch: [index: number, table: Table][] = [];
  private inBatch = 0;

  constructor(
    private readonly buffer: SparseByteBuffer,
    private readonly tables: Tables,
    private readonly range: ByteRange,
    { follow = [], lastFirst = false, batch = BATCH }: Order,
  ) {
    this.follow = follow;
    this.lastFirst = lastFirst;
    this.batchSize = batch;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<[index: number, table: Table], undefined> {
    if (this.inBatch === this.batch.length) {
      if (this.from === 0) this.begin();
      if (this.from >= this.tables.length) return { done: true, value: undefined };
      const to = Math.min(this.from + this.batchSize, this.tables.length);
      this.batch = this.load(this.from, to);
      this.inBatch = 0;
      this.from = to;
    }
    const value = this.batch[this.inBatch];
    this.inBatch += 1;
    return value ? { done: false, value } : { done: true, value: undefined };
  }

  private begin(): void {
    const { length } = this.tables;
    this.buffer.file.need([{ ...this.range, length: Math.min(this.range.length, MAX_OFFSETS_BYTES) }]);
    if (!this.lastFirst || length > MAX_SORTED || this.sorted) return;
    while (this.unsorted.length < length) this.unsorted.push(this.place(this.unsorted.length));
    this.sorted = [...this.unsorted].sort((a, b) => b.at - a.at);
  }

  /** Loads the tables of a batch and the values of the fields that will be read. */
  private load(from: number, to: number): [index: number, table: Table][] {
    const places = this.sorted?.slice(from, to) ?? this.places(from, to);
    this.need(places.map(({ at }) => at));
    this.need(places.map(({ at }) => at - this.buffer.readInt32(at)));
    const tables = places.map(({ at, index }): [number, Table] => [index, new Table(this.buffer, at)]);
    this.need(tables.flatMap(([, table]) => this.follow.flatMap((field) => table.target(field) ?? [])));
    return tables;
  }

  /** Loads the first bytes at some positions. */
  private need(places: readonly number[]): void {
    const { file } = this.buffer;
    file.need(places.map((start) => ({ start, length: Math.min(NEAR_BYTES, file.size - start) })));
  }

  /** Positions in the order of the vector, or in reverse order with `lastFirst`. */
  private places(from: number, to: number): Place[] {
    const places = [];
    for (let number = from; number < to; number += 1) {
      places.push(this.place(this.lastFirst ? this.tables.length - 1 - number : number));
    }
    return places;
  }

  private place(index: number): Place {
    return { at: this.tables.position(index), index };
  }
}
