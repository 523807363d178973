import { field, mapEntry, message } from './protobuf';

/** Writes Core ML models by the fields of Apple's Model.proto and MIL.proto. */

/** A feature of one number. */
export function doubleFeature(number: number, name: string): Buffer {
  return message(number, field(1, name), message(3, message(2)));
}

/** A feature that is an array: the fields of its `ArrayFeatureType`. */
export function arrayFeature(number: number, name: string, ...array: readonly Buffer[]): Buffer {
  return message(number, field(1, name), message(3, message(5, ...array)));
}

interface ModelSpec {
  readonly version?: number;
  /** Fields of its description. */
  readonly description?: readonly Buffer[];
  /** The field of its type, `identity` (900) by default, and the fields of that type. */
  readonly type?: number;
  readonly content?: readonly Buffer[];
}

const IN_AND_OUT = [doubleFeature(1, 'x'), doubleFeature(10, 'y')];

/** A Core ML model. */
export function coreMl({ version = 1, description = IN_AND_OUT, type = 900, content = [] }: ModelSpec = {}): Buffer {
  return Buffer.concat([field(1, version), message(2, ...description), message(type, ...content)]);
}

/** An ML program of constants whose values are in files, at these offsets. */
export function mlProgram(...blobs: readonly { readonly file: string; readonly offset: number }[]): Buffer {
  const constants = blobs.map(({ file, offset }) =>
    message(3, field(1, 'const'), mapEntry(5, 'val', message(5, field(1, file), field(2, offset)))),
  );
  // The last one is in the branch of a condition.
  const branch = message(3, field(1, 'cond'), message(4, ...constants.slice(-1)));
  const block = [...constants.slice(0, -1), branch];
  return coreMl({ version: 7, type: 502, content: [mapEntry(2, 'main', mapEntry(3, 'CoreML7', ...block))] });
}

const RECORD_BYTES = 64;

/** A file of weights. A record with the size precedes each of them. Returns the offsets of the records, too. */
export function weightFile(...sizes: readonly number[]): {
  readonly file: Buffer;
  readonly offsets: readonly number[];
} {
  const header = Buffer.alloc(RECORD_BYTES);
  header.writeUInt32LE(sizes.length, 0);
  header.writeUInt32LE(2, 4);
  const offsets: number[] = [];
  let file = header;
  for (const size of sizes) {
    const at = Math.ceil(file.length / RECORD_BYTES) * RECORD_BYTES;
    const record = Buffer.alloc(at - file.length + RECORD_BYTES + size);
    const start = at - file.length;
    record.writeUInt32LE(0xdeadbeef, start);
    record.writeUInt32LE(1, start + 4);
    record.writeBigUInt64LE(BigInt(size), start + 8);
    record.writeBigUInt64LE(BigInt(at + RECORD_BYTES), start + 16);
    offsets.push(at);
    file = Buffer.concat([file, record]);
  }
  return { file, offsets };
}
