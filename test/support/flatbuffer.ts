import { Builder } from 'flatbuffers';

/** A value of a table's field: a text, a vector of bytes, a number, or a reference to other tables. */
export type FieldValue =
  | string
  | Uint8Array
  | { readonly i8: number }
  | { readonly u32: number }
  | { readonly u64: number }
  | { readonly ints: readonly number[] }
  | { readonly table: Fields }
  | { readonly tables: readonly Fields[] }
  /** A vector whose elements are all the same table. */
  | { readonly repeated: Fields; readonly times: number };

/** Fields of a table by their numbers. */
export type Fields = Readonly<Record<number, FieldValue | undefined>>;

/** A FlatBuffer with this root table. */
export function flatBuffer(root: Fields, identifier: string): Buffer {
  const builder = new Builder(1024);
  builder.finish(addTable(builder, root), identifier);
  return Buffer.from(builder.asUint8Array());
}

type Add = (field: number) => void;

function addTable(builder: Builder, fields: Fields): number {
  const adds: [field: number, add: Add][] = [];
  for (const [number, value] of Object.entries(fields)) {
    if (value !== undefined) adds.push([Number(number), prepare(builder, value)]);
  }
  builder.startObject(Math.max(0, ...adds.map(([field]) => field + 1)));
  for (const [field, add] of adds) add(field);
  return builder.endObject();
}

/** What a field refers to has to be written before its table. */
function prepare(builder: Builder, value: FieldValue): Add {
  const scalar = prepareScalar(builder, value);
  if (scalar) return scalar;
  const offset = addReferred(builder, value);
  return (field) => {
    builder.addFieldOffset(field, offset, 0);
  };
}

function prepareScalar(builder: Builder, value: FieldValue): Add | undefined {
  if (typeof value === 'string' || value instanceof Uint8Array) return undefined;
  if ('i8' in value)
    return (field) => {
      builder.addFieldInt8(field, value.i8, null);
    };
  if ('u32' in value)
    return (field) => {
      builder.addFieldInt32(field, value.u32, null);
    };
  if ('u64' in value)
    return (field) => {
      builder.addFieldInt64(field, BigInt(value.u64), null);
    };
  return undefined;
}

function addReferred(builder: Builder, value: FieldValue): number {
  if (typeof value === 'string') return builder.createString(value);
  if (value instanceof Uint8Array) return builder.createByteVector(value);
  if ('table' in value) return addTable(builder, value.table);
  if ('tables' in value)
    return addOffsets(
      builder,
      value.tables.map((fields) => addTable(builder, fields)),
    );
  if ('repeated' in value) {
    const table = addTable(builder, value.repeated);
    return addOffsets(
      builder,
      Array.from({ length: value.times }, () => table),
    );
  }
  if (!('ints' in value)) throw new Error('A number is stored in its table.');
  builder.startVector(4, value.ints.length, 4);
  for (const int of [...value.ints].reverse()) builder.addInt32(int);
  return builder.endVector();
}

function addOffsets(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of [...offsets].reverse()) builder.addOffset(offset);
  return builder.endVector();
}
