/** Writes protocol buffer messages by their fields' numbers. Source: https://protobuf.dev/programming-guides/encoding/ */

/** A number of up to 64 bits; negative ones take ten bytes. */
export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A field: a number is written as a varint, all else with its length. */
export function field(number: number, value: number | bigint | string | Uint8Array): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') return Buffer.concat([varint(number * 8), varint(value)]);
  const content = Buffer.from(value);
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

/** A field that is a message of these fields. */
export function message(number: number, ...fields: readonly Uint8Array[]): Buffer {
  return field(number, Buffer.concat(fields));
}

/** An entry of a map whose keys are texts. */
export function mapEntry(number: number, key: string, ...value: readonly Uint8Array[]): Buffer {
  return message(number, field(1, key), message(2, ...value));
}
