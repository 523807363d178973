import type { SparseBytes } from '../../readers/sparse-bytes';

/** Longer texts are not needed, in bytes. */
const MAX_TEXT_BYTES = 1024;
/** Longer numbers are not needed, in bytes. */
const MAX_INTEGER_BYTES = 6;

/** The bytes after an opcode that belong to it. */
export class Operand {
  constructor(
    private readonly bytes: SparseBytes,
    private readonly start: number,
    private readonly length: number,
    /** Position of the next opcode. */
    readonly next = start + length,
  ) {}

  /** Loads the bytes that will be read. */
  load(): void {
    if (this.length <= MAX_TEXT_BYTES) this.bytes.need([{ start: this.start, length: this.length }]);
  }

  text(): string | undefined {
    return this.length > MAX_TEXT_BYTES ? undefined : this.bytes.slice(this.start, this.length).toString('utf8');
  }

  /** A number of 1, 2 or 4 bytes. */
  unsigned(): number {
    if (this.length === 1) return this.bytes.u8(this.start);
    return this.length === 2 ? this.bytes.u16(this.start) : this.bytes.u32(this.start);
  }

  signed(): number | undefined {
    if (this.length > MAX_INTEGER_BYTES) return undefined;
    return this.length === 0 ? 0 : this.bytes.slice(this.start, this.length).readIntLE(0, this.length);
  }

  /** A number in decimal digits, possibly with the `L` of Python 2. */
  decimal(): number {
    return Number.parseInt(this.text() ?? '', 10);
  }

  /** The module in the first line and its class or function in the second. */
  global(): string {
    return (this.text() ?? '').replace('\n', '.');
  }
}

/** Locates the operand of the opcode right before `at`. @throws MalformedFileError if it does not fit before `limit` */
export type Locate = (bytes: SparseBytes, at: number, limit: number) => Operand;

const LINE_FEED = 0x0a;

/** An operand of `length` bytes. */
export function fixed(length: number): Locate {
  return (bytes, at, limit) => within(bytes, at, length, limit);
}

/** An operand that follows its own length, which has `lengthBytes` bytes. */
export function counted(lengthBytes: 1 | 4 | 8): Locate {
  return (bytes, at, limit) => {
    within(bytes, at, lengthBytes, limit);
    const length = { 1: () => bytes.u8(at), 4: () => bytes.u32(at), 8: () => bytes.u64(at) }[lengthBytes]();
    return within(bytes, at + lengthBytes, length, limit);
  };
}

/** An operand up to the end of its line. */
export const line: Locate = (bytes, at, limit) => {
  const end = lineEnd(bytes, at, limit);
  return new Operand(bytes, at, end - at, end + 1);
};

/** An operand of two lines. */
export const twoLines: Locate = (bytes, at, limit) => {
  const end = lineEnd(bytes, lineEnd(bytes, at, limit) + 1, limit);
  return new Operand(bytes, at, end - at, end + 1);
};

function within(bytes: SparseBytes, start: number, length: number, limit: number): Operand {
  if (start + length <= limit) return new Operand(bytes, start, length);
  throw bytes.malformed(
    `is cut off or damaged: its pickle should have ${length} bytes at byte ${start}, but ${limit - start} are left`,
  );
}

/** Bytes that are searched at once for the end of a line. */
const PIECE_BYTES = 1024;

function lineEnd(bytes: SparseBytes, at: number, limit: number): number {
  for (let start = at; start < limit; start += PIECE_BYTES) {
    const end = bytes.slice(start, Math.min(PIECE_BYTES, limit - start)).indexOf(LINE_FEED);
    if (end >= 0) return start + end;
  }
  throw bytes.malformed(`is cut off or damaged: the line of its pickle at byte ${at} has no end`);
}
