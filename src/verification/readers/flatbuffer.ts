import { ByteBuffer } from 'flatbuffers';
import type { ByteRange, SparseBytes } from './sparse-bytes';

/** So much of a text is read, in bytes: it is for people. */
const MAX_TEXT_BYTES = 1_000;
/** Tables of a vector that are loaded together. */
const BATCH = 1_024;
/** Of a longer vector the tables are not sorted by their places. */
const MAX_SORTED = 16_384;
/** So much of a vector is loaded at once, in bytes: it has an offset for each table. */
const MAX_OFFSETS_BYTES = 512 * 1024;
/** What is loaded of each: tables are shorter, and what they refer to often stands right behind. */
const NEAR_BYTES = 64;
const OFFSET_BYTES = 4;
const INT_BYTES = 4;
/** A table's first field in its vtable, and the length of an entry there. */
const VTABLE = { headerBytes: 4, entryBytes: 2 };

/** A FlatBuffer in a file of which only parts are in memory. All bounds are checked by {@link SparseBytes}. */
class SparseByteBuffer extends ByteBuffer {
  /** Where the part ends that stands last of all that were looked at. */
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

  /** Takes note of a part that belongs to the FlatBuffer. @throws MalformedFileError if it is not in the file */
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
 * The root table of a FlatBuffer that begins at a place of a file.
 *
 * Source: https://flatbuffers.dev/internals/
 */
export function rootTable(bytes: SparseBytes, start = 0): Table {
  const buffer = new SparseByteBuffer(bytes);
  return new Table(buffer, buffer.__indirect(start));
}

/** The four characters by which a FlatBuffer says what it holds. */
export function identifierOf(bytes: SparseBytes, start = 0): string {
  return bytes.slice(start + 4, 4).toString('latin1');
}

/**
 * A table of a FlatBuffer. Its fields are read by their numbers in the schema (a union takes two, the first for its
 * type); what is not there has its default.
 */
export class Table {
  private readonly file: SparseBytes;

  /** @throws MalformedFileError if no table can be: its vtable, or its own fields, are not in the file */
  constructor(
    private readonly buffer: SparseByteBuffer,
    /** Where it stands, in bytes from the file's start. */
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

  /** Where the FlatBuffer ends, as far as it was looked at, in bytes from the file's start. */
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

  /** Where the value of a field stands that is not in the table itself. */
  target(field: number): number | undefined {
    const place = this.place(field);
    return place === undefined ? undefined : this.buffer.__indirect(place);
  }

  /** A text, of which no more than 1,000 bytes are read; it must be whole in the file. */
  text(field: number): string | undefined {
    const range = this.data(field);
    if (range === undefined) return undefined;
    // A byte of zero ends it, beyond its length.
    this.part(range.start, range.length + 1);
    // Names in other encodings than UTF-8 are no reason to refuse a model.
    return this.file.slice(range.start, Math.min(range.length, MAX_TEXT_BYTES)).toString('utf8');
  }

  /** Where the elements of a vector stand; they must be in the file, and are not read. */
  data(field: number, elementBytes = 1): ByteRange | undefined {
    const place = this.place(field);
    if (place === undefined) return undefined;
    return this.part(this.buffer.__vector(place), this.buffer.__vector_len(place) * elementBytes);
  }

  /** A part of the file that belongs to the table; it must be there, and is not read. */
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

  /** A vector of tables; one without elements where the field is not there. */
  tables(field: number): Tables {
    return new Tables(this.buffer, this.data(field, OFFSET_BYTES) ?? { start: 0, length: 0 });
  }

  /** Where a field stands in the table, if it is there. */
  private place(field: number): number | undefined {
    const offset = this.buffer.__offset(this.at, VTABLE.headerBytes + field * VTABLE.entryBytes);
    return offset === 0 ? undefined : this.at + offset;
  }
}

/** How the tables of a vector are gone through. */
export interface Order {
  /** Fields that will be read, whose values stand elsewhere: they are loaded with the tables. */
  readonly follow?: readonly number[];
  /** Those tables come first which stand last in the file: they are what a file that is cut off lacks. */
  readonly lastFirst?: boolean;
  /** Tables that are loaded together. Default: 1,024. */
  readonly batch?: number;
}

/** A vector of tables. Those which lie apart are loaded together. */
export class Tables {
  readonly length: number;

  constructor(
    private readonly buffer: SparseByteBuffer,
    private readonly range: ByteRange,
  ) {
    this.length = range.length / OFFSET_BYTES;
  }

  /** The table of an index; it must be one of the vector's. */
  at(index: number): Table {
    return new Table(this.buffer, this.position(index));
  }

  /** Tables with their indexes; where bytes are missing, the same table can be asked for again. */
  entries(order: Order = {}): IterableIterator<[index: number, table: Table]> {
    return new TableEntries(this.buffer, this, this.range, order);
  }

  /** Where the table of an index begins. */
  position(index: number): number {
    return this.buffer.__indirect(this.range.start + index * OFFSET_BYTES);
  }
}

interface Place {
  readonly at: number;
  readonly index: number;
}

/** The entries of a vector of tables, a batch at a time. */
class TableEntries implements IterableIterator<[index: number, table: Table]> {
  private readonly batchSize: number;
  private readonly follow: readonly number[];
  private readonly lastFirst: boolean;
  /** All places, where they are sorted. */
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

  /** Loads the tables of a batch, and what stands behind the fields that will be read. */
  private load(from: number, to: number): [index: number, table: Table][] {
    const places = this.sorted?.slice(from, to) ?? this.places(from, to);
    this.need(places.map(({ at }) => at));
    this.need(places.map(({ at }) => at - this.buffer.readInt32(at)));
    const tables = places.map(({ at, index }): [number, Table] => [index, new Table(this.buffer, at)]);
    this.need(tables.flatMap(([, table]) => this.follow.flatMap((field) => table.target(field) ?? [])));
    return tables;
  }

  /** Loads what stands at some places, as far as it is mostly read. */
  private need(places: readonly number[]): void {
    const { file } = this.buffer;
    file.need(places.map((start) => ({ start, length: Math.min(NEAR_BYTES, file.size - start) })));
  }

  /** Places in the order of the vector; where the last ones matter most, from its end. */
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
