/** Writes pickles by their opcodes. Source: https://github.com/python/cpython/blob/main/Lib/pickletools.py */

/** Opcodes that leave one value on the stack. */
export type Opcodes = Buffer;

const raw = (text: string): Buffer => Buffer.from(text, 'latin1');

function sized(opcode: string, content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(content.length);
  return Buffer.concat([raw(opcode), length, content]);
}

export const text = (value: string): Opcodes => sized('X', Buffer.from(value));
export const bytes = (content: Buffer): Opcodes => sized('B', content);
export const nothing = raw('N');
export const global = (module: string, name: string): Opcodes => raw(`c${module}\n${name}\n`);
export const tuple = (...items: readonly Opcodes[]): Opcodes => Buffer.concat([raw('('), ...items, raw('t')]);
export const list = (...items: readonly Opcodes[]): Opcodes => Buffer.concat([raw(']('), ...items, raw('e')]);

export function int(value: number): Opcodes {
  const number = Buffer.alloc(4);
  number.writeInt32LE(value);
  return Buffer.concat([raw('J'), number]);
}

export const dict = (entries: Readonly<Record<string, Opcodes>>): Opcodes =>
  Buffer.concat([raw('}('), ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), raw('u')]);

/** An object of a class, with a state. */
export const object = (type: Opcodes, args: Opcodes, state: Opcodes): Opcodes =>
  Buffer.concat([type, args, raw('R'), state, raw('b')]);

/** A reference to data outside of the pickle. */
export const persistent = (id: Opcodes): Opcodes => Buffer.concat([id, raw('Q')]);

/** A whole pickle. From protocol 4 on it is in a frame. */
export function pickle(value: Opcodes, protocol = 2): Buffer {
  const body = Buffer.concat([value, raw('.')]);
  const begin = Buffer.from([0x80, protocol]);
  if (protocol < 4) return Buffer.concat([begin, body]);
  const frame = Buffer.alloc(9);
  frame[0] = 0x95;
  frame.writeBigUInt64LE(BigInt(body.length), 1);
  return Buffer.concat([begin, frame, body]);
}

interface ArraySpec {
  /** For example `f8`. */
  readonly type: string;
  readonly shape: readonly number[];
  /** The array's bytes, or a separate pickle if its elements are objects. */
  readonly data: Buffer;
  /** Bytes between the object and the array, as joblib writes them since 1.2. */
  readonly padding?: number;
}

/** An array as joblib writes it: an object, followed by the bytes. */
export function joblibArray({ type, shape, data, padding }: ArraySpec): Opcodes {
  const dtype = object(
    global('numpy', 'dtype'),
    tuple(text(type), int(0), int(1)),
    tuple(int(3), text('<'), nothing, nothing, nothing, int(-1), int(-1), int(type.startsWith('O') ? 63 : 0)),
  );
  const wrapper = object(
    global('joblib.numpy_pickle', 'NumpyArrayWrapper'),
    tuple(),
    dict({
      shape: tuple(...shape.map(int)),
      dtype,
      ...(padding !== undefined && { numpy_array_alignment_bytes: int(16) }),
    }),
  );
  const between =
    padding === undefined ? Buffer.alloc(0) : Buffer.from([padding, ...Array<number>(padding).fill(0xff)]);
  return Buffer.concat([wrapper, between, data]);
}
