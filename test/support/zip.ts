import { deflateRawSync } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';

/** An entry of an archive. */
export interface ZipFile {
  readonly name: string;
  readonly content: string | Buffer;
  readonly deflated?: boolean;
  /** Its sizes are after its data, not in its local header. */
  readonly dataDescriptor?: boolean;
  /** The size of an extra field that aligns its data. */
  readonly padding?: number;
}

interface ZipOptions {
  /** Has all numbers in zip64 records. */
  readonly zip64?: boolean;
  readonly comment?: string;
  /** Added to all offsets: the number of bytes before the archive. */
  readonly start?: number;
}

const TOO_LARGE = { u16: 0xffff, u32: 0xffffffff };
const DATA_DESCRIPTOR_FLAG = 8;

/** A zip archive. */
export function zipArchive(
  files: readonly ZipFile[],
  { zip64 = false, comment = '', start = 0 }: ZipOptions = {},
): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = start;
  for (const file of files) {
    const content = Buffer.from(file.content);
    const data = file.deflated === true ? deflateRawSync(content) : content;
    const name = Buffer.from(file.name);
    const sizes = numbers([4, crc32(content)], [4, data.length], [4, content.length]);
    const [flags, method] = [file.dataDescriptor === true ? DATA_DESCRIPTOR_FLAG : 0, file.deflated === true ? 8 : 0];
    const about = numbers([2, zip64 ? 45 : 20], [2, flags], [2, method], [4, 0]);
    const padding = file.padding === undefined ? Buffer.alloc(0) : extra(0x4246, Buffer.alloc(file.padding));
    const local = Buffer.concat([
      ...[Buffer.from('PK\x03\x04'), about, flags === 0 ? sizes : Buffer.alloc(12)],
      ...[numbers([2, name.length], [2, padding.length]), name, padding, data],
      ...(flags === 0 ? [] : [Buffer.from('PK\x07\x08'), sizes]),
    ]);
    const wide = extra(0x0001, numbers([8, content.length], [8, data.length], [8, at]));
    directory.push(
      Buffer.from('PK\x01\x02'),
      numbers([2, 20]),
      about,
      zip64 ? numbers([4, crc32(content)], [4, TOO_LARGE.u32], [4, TOO_LARGE.u32]) : sizes,
      numbers([2, name.length], [2, zip64 ? wide.length : 0], [2, 0], [2, 0], [2, 0], [4, 0]),
      numbers([4, zip64 ? TOO_LARGE.u32 : at]),
      name,
      ...(zip64 ? [wide] : []),
    );
    locals.push(local);
    at += local.length;
  }
  const length = Buffer.concat(directory).length;
  const end = zip64 ? endRecords64(files.length, length, at) : endRecord(files.length, length, at);
  return Buffer.concat([...locals, ...directory, end, numbers([2, comment.length]), Buffer.from(comment)]);
}

function endRecord(entries: number, length: number, at: number): Buffer {
  return Buffer.concat([
    Buffer.from('PK\x05\x06'),
    numbers([2, 0], [2, 0], [2, entries], [2, entries], [4, length], [4, at]),
  ]);
}

function endRecords64(entries: number, length: number, at: number): Buffer {
  return Buffer.concat([
    Buffer.from('PK\x06\x06'),
    numbers([8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, entries], [8, entries], [8, length], [8, at]),
    Buffer.from('PK\x06\x07'),
    numbers([4, 0], [8, at + length], [4, 1]),
    endRecord(TOO_LARGE.u16, TOO_LARGE.u32, TOO_LARGE.u32),
  ]);
}

function extra(id: number, data: Buffer): Buffer {
  return Buffer.concat([numbers([2, id], [2, data.length]), data]);
}

/** Encodes numbers, each with its own size in bytes. */
function numbers(...fields: readonly (readonly [bytes: number, value: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      if (bytes === 8) field.writeBigUInt64LE(BigInt(value));
      else field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}
