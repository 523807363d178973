import { shownName } from '../messages';
import { BYTE, JsonScanner, JsonSyntaxError, WindowEndError } from './json-scan';
import { JsonSkipping } from './json-skip';
import { MAX_READ_BYTES } from './loaded-parts';
import type { SparseBytes } from './sparse-bytes';
import { attempt } from './sparse-bytes';
import type { Inspecting } from './work';
import { waitFor } from './work';

/** Longest JSON text that is read, in bytes; 100,000 tensors take 15 MB. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;
/** Part of a large text that is loaded at once, in bytes. */
const WINDOW_BYTES = 1024 * 1024;
/** Largest value that is read at once, in bytes. */
const MAX_VALUE_BYTES = 4 * 1024 * 1024;
/** Most nested values. */
const MAX_DEPTH = 1_000;
/** Members that are read without an interruption. */
const MEMBERS = 64;
/** Most groups of 256 tokens in a small value. */
const MAX_SKIPPED = 1_000;
const BYTES_PER_STEP = 16;
const COPIED_PER_STEP = 256;

/**
 * Reads a JSON text token by token, with little of it in memory. `JSON.parse` would block the event loop for 100 ms for
 * 10 MB, and plain objects lose a key named `__proto__`.
 *
 * Methods that are not generators read what is in memory. Call them only within {@link read}.
 */
export class JsonReader {
  private readonly scanner = new JsonScanner();
  /** The name of the last member, for messages. */
  private name: string | undefined;
  /** Where the loaded part begins, in bytes from the file's start. */
  private partAt: number;
  private readonly end: number;
  /** Whether all of it stays in memory, because other inspections may need it. */
  private readonly isKept: boolean;

  /** @param what names the text in messages: `its header` */
  constructor(
    private readonly bytes: SparseBytes,
    private readonly what: string,
    { start = 0, length = bytes.size }: { readonly start?: number; readonly length?: number } = {},
  ) {
    if (length === 0) throw bytes.malformed(start === 0 ? 'is empty (0 bytes)' : `${what} is empty`);
    if (length > MAX_TEXT_BYTES) throw bytes.limited(`${what} has ${length} bytes, more than ${MAX_TEXT_BYTES}`);
    this.partAt = start;
    this.end = start + length;
    this.isKept = bytes.isReadWhole || length <= MAX_READ_BYTES;
    if (this.isKept) bytes.parts.allow(length);
  }

  /** Charges for work with what was read. */
  charge(steps: number): void {
    this.bytes.meter.charge(steps);
  }

  /** The error for JSON with invalid content; the reason follows: `the name is missing`. */
  wrong(reason: string): Error {
    return this.bytes.malformed(`${this.what} is not valid: ${reason}`);
  }

  /** Reads a small value at once. The work is repeated if the value's end is not in memory yet. */
  *read<T>(work: () => T): Inspecting<T> {
    const { meter } = this.bytes;
    for (;;) {
      const { at } = this.scanner;
      try {
        const value = work();
        meter.charge(1 + (this.scanner.at - at) / BYTES_PER_STEP);
        if (meter.isDue) yield undefined;
        return value;
      } catch (error) {
        if (error instanceof JsonSyntaxError) throw this.noJson(error.message);
        if (!(error instanceof WindowEndError)) throw error;
        this.scanner.at = at;
        yield* this.extend();
      }
    }
  }

  /** Visits the members of an object in their order, including members with the same name. */
  *members(visit: (name: string) => Inspecting): Inspecting {
    yield* this.read(() => {
      this.beginObject();
    });
    for (let first = true; ; first = false) {
      const name = yield* this.read(() => this.key(first));
      if (name === undefined) return;
      yield* visit(name);
    }
  }

  /**
   * Visits the members of an object whose values are small, many of them without an interruption.
   *
   * @param read reads the value; it may be repeated
   * @param visit receives each value once
   */
  *smallMembers<T>(read: (name: string) => T, visit: (value: T, name: string) => void): Inspecting {
    yield* this.read(() => {
      this.beginObject();
    });
    let first = true;
    const readSome = (): boolean => {
      for (let member = 0; member < MEMBERS; member += 1) {
        const { at } = this.scanner;
        try {
          const name = this.key(first);
          if (name === undefined) return true;
          const value = read(name);
          first = false;
          visit(value, name);
        } catch (error) {
          if (!(error instanceof WindowEndError) || member === 0) throw error;
          this.scanner.at = at;
          return false;
        }
      }
      return false;
    };
    while (!(yield* this.read(readSome))) continue;
  }

  /** Visits the elements of a list. */
  *elements(visit: () => Inspecting): Inspecting {
    yield* this.read(() => {
      this.beginList();
    });
    for (let first = true; ; first = false) {
      if (!(yield* this.read(() => this.hasElement(first)))) return;
      yield* visit();
    }
  }

  /** Skips a value of any size. */
  *skip(): Inspecting {
    const skipping = new JsonSkipping(this.scanner);
    while (!(yield* this.read(() => this.skipTokens(skipping)))) continue;
  }

  /** Checks that only white space follows. */
  *finish(): Inspecting {
    const { scanner } = this;
    for (;;) {
      while (scanner.at < scanner.part.length && ' \n\r\t'.includes(String.fromCharCode(scanner.peek())))
        scanner.at += 1;
      if (scanner.at < scanner.part.length) throw this.noJson('text follows its end');
      if (this.partAt + scanner.part.length >= this.end) return;
      yield* this.extend();
    }
  }

  beginObject(): void {
    if (this.scanner.next() !== BYTE.openObject) throw this.noJsonValue('an object');
    this.scanner.at += 1;
  }

  beginList(): void {
    if (this.scanner.next() !== BYTE.openList) throw this.noJsonValue('a list');
    this.scanner.at += 1;
  }

  /** The name of an object's next member, whose value follows; `undefined` after the last one. */
  key(first: boolean): string | undefined {
    if (!this.scanner.hasMore(first, BYTE.closeObject)) return undefined;
    const name = this.scanner.string();
    this.scanner.expect(BYTE.colon);
    this.name = name;
    return name;
  }

  hasElement(first: boolean): boolean {
    return this.scanner.hasMore(first, BYTE.closeList);
  }

  string(): string {
    if (this.scanner.next() !== BYTE.quote) throw this.noJsonValue('a text');
    return this.scanner.string();
  }

  /** A text; `undefined` for any other value, which is skipped. */
  maybeString(): string | undefined {
    if (this.scanner.next() === BYTE.quote) return this.scanner.string();
    this.skipValue();
    return undefined;
  }

  /** Whether the next value is `null`, which is consumed then. */
  isNull(): boolean {
    if (this.scanner.next() !== 0x6e) return false;
    this.scanner.skipScalar();
    return true;
  }

  /** Whether the next value is an object; it is not consumed. */
  isObject(): boolean {
    return this.scanner.next() === BYTE.openObject;
  }

  /** A list of counts. @throws LimitError if it has more than `limit` */
  counts(limit: number): number[] {
    const counts: number[] = [];
    this.beginList();
    for (let first = true; this.hasElement(first); first = false) {
      counts.push(this.count());
      if (counts.length > limit)
        throw this.bytes.limited(`${this.what} has a tensor with more than ${limit} dimensions`);
    }
    return counts;
  }

  /** A whole number from 0 to 2^53. */
  count(): number {
    const byte = this.scanner.next();
    const digits = this.scanner.digits();
    if (digits !== undefined) return digits;
    const { at } = this.scanner;
    const isNumber = byte === 0x2d || (byte >= 0x30 && byte <= 0x39);
    const value = isNumber ? this.scanner.number() : -1;
    if (Number.isSafeInteger(value) && value >= 0) return value;
    this.scanner.at = at;
    throw this.noJsonValue('a number from 0 to 2^53');
  }

  /** Skips a small value. */
  skipValue(): void {
    const skipping = new JsonSkipping(this.scanner);
    for (let group = 0; !this.skipTokens(skipping); group += 1) {
      if (group >= MAX_SKIPPED) throw this.bytes.limited(`${this.what} has a value that is too large`);
    }
  }

  private skipTokens(skipping: JsonSkipping): boolean {
    if (skipping.depth > MAX_DEPTH) throw this.bytes.limited(`${this.what} has values nested deeper than ${MAX_DEPTH}`);
    return skipping.advance();
  }

  /** Loads the next part, and drops what was consumed. */
  private *extend(): Inspecting {
    const { scanner, bytes } = this;
    const rest = scanner.part.subarray(scanner.at);
    if (rest.length > MAX_VALUE_BYTES) {
      throw bytes.limited(`${this.what} has a value of more than ${MAX_VALUE_BYTES} bytes`);
    }
    const start = this.partAt + scanner.part.length;
    const length = Math.min(WINDOW_BYTES, this.end - start);
    const more = yield* this.load(start, length);
    bytes.meter.charge(1 + rest.length / COPIED_PER_STEP);
    this.partAt += scanner.at;
    scanner.part = rest.length === 0 ? more : Buffer.concat([rest, more]);
    scanner.at = 0;
    scanner.isLast = start + length >= this.end;
  }

  private *load(start: number, length: number): Inspecting<Buffer> {
    const { bytes } = this;
    if (this.isKept) return yield* attempt(bytes, () => bytes.slice(start, length));
    return yield* waitFor(bytes.readOnce(start, length));
  }

  private noJson(reason: string): Error {
    return this.bytes.malformed(`${this.what} is not JSON: at byte ${this.partAt + this.scanner.at}, ${reason}`);
  }

  private noJsonValue(expected: string): Error {
    const byte = this.scanner.next();
    if (!'{["-0123456789tfn'.includes(String.fromCharCode(byte))) throw this.scanner.unexpected(byte);
    const value = this.name === undefined ? 'it' : `the value of ${shownName(this.name)}`;
    return this.wrong(`${value} is not ${expected}, at byte ${this.partAt + this.scanner.at}`);
  }
}
