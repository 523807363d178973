/** A block is not valid Snappy. */
export class SnappyError extends Error {}

/** Bytes of a copy's offset after the tag, by kind. */
const COPY_OFFSET_BYTES = [0, 1, 2, 4] as const;
/** The tag itself has the length of a literal up to this one. */
const SHORT_LITERAL = 60;

/**
 * Unpacks a Snappy block. Libraries for it need a native binary, or trust the lengths in the block.
 * Source: https://github.com/google/snappy/blob/main/format_description.txt
 *
 * @param maxBytes largest unpacked size
 * @throws SnappyError if the block is damaged or unpacks to more
 */
export function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  const { value: size, end: start } = lengthOf(packed);
  if (size > maxBytes) throw new SnappyError(`it unpacks to ${size} bytes`);
  const unpacked = Buffer.alloc(size);
  let to = 0;
  for (let from = start; from < packed.length;) {
    const tag = packed.readUInt8(from);
    from += 1;
    const kind = tag & 3;
    const short = tag >>> 2;
    const isLiteral = kind === 0;
    const extraBytes = isLiteral ? Math.max(0, short + 1 - SHORT_LITERAL) : (COPY_OFFSET_BYTES[kind] ?? 0);
    if (from + extraBytes > packed.length) throw new SnappyError('it is cut off');
    const extra = extraBytes > 0 ? packed.readUIntLE(from, extraBytes) : short;
    from += extraBytes;
    if (isLiteral) {
      const length = extra + 1;
      if (from + length > packed.length || to + length > size)
        throw new SnappyError('it has a literal that is too long');
      if (length > SHORT_LITERAL) packed.copy(unpacked, to, from, from + length);
      else for (let index = 0; index < length; index += 1) unpacked[to + index] = packed[from + index] ?? 0;
      from += length;
      to += length;
    } else {
      const length = kind === 1 ? (short & 7) + 4 : short + 1;
      const offset = kind === 1 ? ((tag >>> 5) << 8) + extra : extra;
      if (offset === 0 || offset > to || to + length > size) throw new SnappyError('it copies bytes that do not exist');
      // Byte by byte: a copy may repeat bytes that it writes.
      for (const end = to + length; to < end; to += 1) unpacked[to] = unpacked[to - offset] ?? 0;
    }
  }
  if (to !== size) throw new SnappyError(`it unpacks to ${to} bytes, not to ${size}`);
  return unpacked;
}

/** The unpacked size that a block states, in bytes. @throws SnappyError if it states none */
export function unpackedSize(packed: Buffer): number {
  return lengthOf(packed).value;
}

const MAX_LENGTH_BYTES = 5;

function lengthOf(packed: Buffer): { value: number; end: number } {
  let value = 0;
  for (const [index, byte] of packed.subarray(0, MAX_LENGTH_BYTES).entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: index + 1 };
  }
  throw new SnappyError('its length is cut off');
}
