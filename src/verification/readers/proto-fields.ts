import type { SparseBytes } from './sparse-bytes';

/** The source of a message: a file, or a block of one. */
export type Bytes = Pick<SparseBytes, 'size' | 'u8' | 'malformed'>;

/** How a field's value is encoded. None of the inspected formats has groups. */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];

/** A field of a protocol buffer message and its position in the file. */
export interface ProtoField {
  readonly number: number;
  readonly wireType: WireType;
  /** Where its value begins: after the tag and the length, if it has one. */
  readonly start: number;
  /** Where its value ends, and the next field begins. */
  readonly end: number;
  /** A varint's value as a signed number of 64 bits, exact up to 2^53; 0 with the other wire types. */
  readonly value: number;
}

const MAX_VARINT_BYTES = 10;
const MAX_FIELD_NUMBER = 2 ** 29 - 1;

/** Bytes of a value by wire type; -1 if a length precedes them. */
const VALUE_BYTES: Readonly<Record<WireType, number>> = { 0: 0, 1: 8, 2: -1, 5: 4 };

/** Visits the fields of a message. If bytes are missing, the iterator returns the same field at the next attempt. */
class Fields implements IterableIterator<ProtoField> {
  constructor(
    private readonly bytes: Bytes,
    private at: number,
    private readonly end: number,
    private readonly only: WireType | undefined,
  ) {}

  next(): IteratorResult<ProtoField, undefined> {
    while (this.at < this.end) {
      const field = fieldAt(this.bytes, this.at, this.end);
      this.at = field.end;
      if (this.only === undefined || field.wireType === this.only) return { done: false, value: field };
    }
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/**
 * The fields of the message that fills a part of a file, in their order. Values are skipped: only tags, lengths and
 * varints are read. Source: https://protobuf.dev/programming-guides/encoding/
 *
 * @throws MalformedFileError if the part is not a complete message
 */
export function fieldsOf(bytes: Bytes, start = 0, end = bytes.size): IterableIterator<ProtoField> {
  return new Fields(bytes, start, end, undefined);
}

/** The fields of a message that are messages, maps or texts. */
export function messagesIn(bytes: Bytes, start = 0, end = bytes.size): IterableIterator<ProtoField> {
  return new Fields(bytes, start, end, WireType.bytes);
}

function fieldAt(bytes: Bytes, at: number, end: number): ProtoField {
  const tag = readVarint(bytes, at, end);
  const number = Math.floor(tag.value / 8);
  const wireType = tag.value % 8;
  if (!isWireType(wireType) || number < 1 || number > MAX_FIELD_NUMBER) {
    throw bytes.malformed(`has no protocol buffer field at byte ${at}`);
  }
  const first = wireType === WireType.varint || wireType === WireType.bytes ? readVarint(bytes, tag.end, end) : tag;
  const length = wireType === WireType.bytes ? first.value : VALUE_BYTES[wireType];
  const field = {
    number,
    wireType,
    start: wireType === WireType.varint ? tag.end : first.end,
    end: first.end + length,
    value: wireType === WireType.varint ? first.value : 0,
  };
  if (length < 0 || field.end > end) {
    throw bytes.malformed(
      `is cut off or damaged: field ${number} at byte ${at} should have ${length} bytes, but ${end - first.end} are left`,
    );
  }
  return field;
}

/** The values of a field of numbers, which may be packed. */
export function* varintsOf(bytes: Bytes, field: ProtoField): Generator<number, void, void> {
  if (field.wireType === WireType.varint) yield field.value;
  if (field.wireType !== WireType.bytes) return;
  for (let at = field.start; at < field.end;) {
    const { value, end } = readVarint(bytes, at, field.end);
    yield value;
    at = end;
  }
}

function isWireType(value: number): value is WireType {
  return value === 0 || value === 1 || value === 2 || value === 5;
}

/**
 * A number of up to 64 bits, signed, and where it ends.
 *
 * @throws MalformedFileError if there is none before the limit
 */
export function readVarint(bytes: Bytes, at: number, limit: number): { value: number; end: number } {
  const first = at < limit ? bytes.u8(at) : 0x80;
  if (first < 0x80) return { value: first, end: at + 1 };
  let low = 0;
  let high = 0;
  for (let index = 0; index < MAX_VARINT_BYTES && at + index < limit; index += 1) {
    const byte = bytes.u8(at + index);
    // Two parts of 28 and 36 bits stay exact, so that the sign of a 64-bit number is known.
    if (index < 4) low += (byte & 0x7f) * 2 ** (7 * index);
    else high += (byte & 0x7f) * 2 ** (7 * (index - 4));
    if (byte < 0x80) return { value: signed(low, high), end: at + index + 1 };
  }
  throw bytes.malformed(
    limit - at < MAX_VARINT_BYTES ? `is cut off in a number at byte ${at}` : `has no number at byte ${at}`,
  );
}

const LOW = 2 ** 28;
const HIGH = 2 ** 36;

function signed(low: number, high: number): number {
  const rest = high % HIGH;
  return rest < HIGH / 2 ? rest * LOW + low : (rest - HIGH) * LOW + low;
}
