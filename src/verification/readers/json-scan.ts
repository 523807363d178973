import { isUtf8 } from 'node:buffer';

/** A text is not JSON; the message is the reason. */
export class JsonSyntaxError extends Error {}

/** The loaded part of a text ends within a value. */
export class WindowEndError extends Error {}

/** Bytes that structure a text. */
export const BYTE = {
  ...{ comma: 0x2c, colon: 0x3a, quote: 0x22 },
  ...{ openList: 0x5b, closeList: 0x5d, openObject: 0x7b, closeObject: 0x7d },
} as const;
const QUOTE = BYTE.quote;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const FIRST_NON_ASCII = 0x80;
/** Bytes of a string that are not plain ASCII characters. */
const IS_SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < FIRST_PRINTABLE || byte >= FIRST_NON_ASCII ? 1 : 0,
);
const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$/;
/** Longest number; no real file has a longer one. */
const MAX_NUMBER_BYTES = 400;
/** Most digits of a number that is always exact. */
const MAX_DIGITS = 15;
const DIGIT_ZERO = 0x30;
/** Longer texts are not compared with earlier texts, in bytes. */
const MAX_REPEATED_BYTES = 64;
/** Texts that are remembered. */
const SLOTS = 64;
const LITERALS: ReadonlyMap<number, string> = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
]);

/** Reads the loaded part of a JSON text. */
export class JsonScanner {
  /** The position of the next byte in the part. */
  at = 0;
  part: Buffer = Buffer.alloc(0);
  /** Whether the part includes the end of the text. */
  isLast = false;
  private readonly known: (string | undefined)[] = Array<undefined>(SLOTS);

  /** The next byte; it is not consumed. */
  peek(): number {
    const byte = this.part[this.at];
    return byte ?? this.end();
  }

  /** The next byte that is not white space; it is not consumed. */
  next(): number {
    for (;;) {
      const byte = this.peek();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
      this.at += 1;
    }
  }

  expect(byte: number): void {
    const found = this.next();
    if (found !== byte) throw this.unexpected(found);
    this.at += 1;
  }

  /** Whether an object or list has another item; if not, its end is consumed. */
  hasMore(first: boolean, close: number): boolean {
    if (this.next() === close) {
      this.at += 1;
      return false;
    }
    if (!first) this.expect(BYTE.comma);
    return true;
  }

  /** Consumes a string and returns its value. */
  string(): string {
    const { start, end, isAscii, hasEscape } = this.stringBounds();
    if (!hasEscape) {
      return isAscii ? this.repeated(start, end) : this.part.toString('utf8', start, end);
    }
    try {
      return JSON.parse(this.part.toString('utf8', start - 1, end + 1)) as string;
    } catch {
      throw new JsonSyntaxError('a string has an unknown escape sequence');
    }
  }

  /** Consumes a string without making its value. */
  skipString(): void {
    const { start, end, hasEscape } = this.stringBounds();
    if (!hasEscape) return;
    this.at = start - 1;
    this.string();
    this.at = end + 1;
  }

  number(): number {
    const start = this.at;
    for (;;) {
      if (this.at >= this.part.length) {
        if (this.isLast) break;
        this.end();
      }
      const byte = this.peek();
      const belongs = (byte >= 0x30 && byte <= 0x39) || '+-.eE'.includes(String.fromCharCode(byte));
      if (!belongs) break;
      this.at += 1;
    }
    const text = this.part.toString('latin1', start, Math.min(this.at, start + MAX_NUMBER_BYTES + 1));
    if (text.length > MAX_NUMBER_BYTES || !NUMBER.test(text)) throw this.unexpected(this.part[start] ?? 0);
    return Number(text);
  }

  /** Consumes `true`, `false` or `null`, or a number. */
  skipScalar(): void {
    const literal = LITERALS.get(this.peek());
    if (literal === undefined) {
      this.number();
      return;
    }
    for (const character of literal) {
      if (this.peek() !== character.charCodeAt(0)) throw this.unexpected(this.peek());
      this.at += 1;
    }
  }

  /** Consumes a number of digits only; `undefined` if the next value is not one. */
  digits(): number | undefined {
    const start = this.at;
    const end = Math.min(this.part.length, start + MAX_DIGITS);
    let value = 0;
    let at = start;
    for (; at < end; at += 1) {
      const digit = (this.part[at] ?? 0) - DIGIT_ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const next = this.part[at];
    const isOther = at === start || at === end || next === undefined || '.eE'.includes(String.fromCharCode(next));
    if (isOther || (this.part[start] === DIGIT_ZERO && at > start + 1)) return undefined;
    this.at = at;
    return value;
  }

  unexpected(byte: number): JsonSyntaxError {
    return new JsonSyntaxError(
      byte >= FIRST_PRINTABLE && byte < FIRST_NON_ASCII
        ? `"${String.fromCharCode(byte)}" is not expected there`
        : `a byte of ${byte} is not expected there`,
    );
  }

  /** A short text that occurs often, such as the name of a field, is made once. */
  private repeated(start: number, end: number): string {
    const { part } = this;
    const length = end - start;
    if (length > MAX_REPEATED_BYTES || length === 0) return part.toString('latin1', start, end);
    const slot = (length * 31 + (part[start] ?? 0) * 7 + (part[end - 1] ?? 0)) % SLOTS;
    const known = this.known[slot];
    if (known?.length === length) {
      let same = 0;
      while (same < length && known.charCodeAt(same) === part[start + same]) same += 1;
      if (same === length) return known;
    }
    const text = part.toString('latin1', start, end);
    this.known[slot] = text;
    return text;
  }

  private stringBounds(): { start: number; end: number; isAscii: boolean; hasEscape: boolean } {
    this.expect(QUOTE);
    const { part } = this;
    const start = this.at;
    let isAscii = true;
    let hasEscape = false;
    for (let at = start; ; at += 1) {
      while (IS_SPECIAL[part[at] ?? QUOTE] === 0) at += 1;
      const byte = part[at];
      if (byte === undefined) return this.end();
      if (byte === QUOTE) {
        this.at = at + 1;
        if (!isAscii && !isUtf8(part.subarray(start, at))) throw new JsonSyntaxError('a string is not valid UTF-8');
        return { start, end: at, isAscii, hasEscape };
      }
      if (byte === BACKSLASH) {
        hasEscape = true;
        at += 1;
      } else if (byte < FIRST_PRINTABLE) throw new JsonSyntaxError('a string has a control character');
      else isAscii = false;
    }
  }

  private end(): never {
    if (this.isLast) throw new JsonSyntaxError('it ends too early');
    throw new WindowEndError();
  }
}
