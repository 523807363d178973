import { crc32c } from '@node-rs/crc32';
import { field, mapEntry, message, varint } from './protobuf';

/** Writes SavedModels and the indexes of their variables. */

const FLOAT = 1;

function tensors(number: number, names: readonly string[]): Buffer {
  return Buffer.concat(
    names.map((name) =>
      mapEntry(number, name, field(1, `${name}:0`), field(2, FLOAT), message(3, message(2, field(1, -1)))),
    ),
  );
}

export interface SignatureSpec {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

export interface GraphSpec {
  readonly tags?: readonly string[];
  readonly signatures?: Readonly<Record<string, SignatureSpec>>;
  /** Whether the graph restores variables. */
  readonly restores?: boolean;
  readonly assets?: readonly string[];
  /** Bytes of the graph itself. */
  readonly graphBytes?: number;
}

/** A graph with the tag `serve` and one signature by default. */
export function metaGraph({
  tags = ['serve'],
  signatures = { serving_default: { inputs: ['x'], outputs: ['y'] } },
  restores = false,
  assets = [],
  graphBytes = 10,
}: GraphSpec = {}): Buffer {
  return message(
    2,
    message(1, ...tags.map((tag) => field(4, tag)), field(5, '2.15.1')),
    // One node, whose name has the length that the graph needs.
    message(2, message(1, field(1, Buffer.alloc(graphBytes, 'n')))),
    message(3, field(1, 'save/Const:0'), ...(restores ? [field(3, 'save/restore_all')] : [])),
    ...Object.entries(signatures).map(([name, { inputs = [], outputs = [] }]) =>
      mapEntry(5, name, tensors(1, inputs), tensors(2, outputs), field(3, 'tensorflow/serving/predict')),
    ),
    ...assets.map((name) => message(6, field(2, name))),
    message(7, message(1)),
  );
}

/** `saved_model.pb` of these graphs. */
export function savedModel(...graphs: readonly GraphSpec[]): Buffer {
  return Buffer.concat([field(1, 1), ...graphs.map(metaGraph)]);
}

export interface VariableSpec {
  readonly key: string;
  readonly shape: readonly number[];
  readonly shard?: number;
  readonly offset?: number;
  /** Default: the size of the shape with float32. */
  readonly size?: number;
}

type Pack = (content: Buffer) => Buffer;

export interface IndexSpec {
  readonly shards?: number;
  readonly variables?: readonly VariableSpec[];
  /** Compresses the contents of its blocks as Snappy does. Default: they are not compressed. */
  readonly pack?: Pack;
  /** The number of entries for the block of variables in its index. Default: 1. */
  readonly repeatedBlocks?: number;
}

/** `variables.index`. */
export function variablesIndex({ shards = 1, variables = [], pack, repeatedBlocks = 1 }: IndexSpec = {}): Buffer {
  const entries: [string, Buffer][] = [
    ['', Buffer.concat([field(1, shards), message(3, field(1, 1))])],
    ...variables.map(({ key, shape, shard = 0, offset = 0, size }): [string, Buffer] => [
      key,
      Buffer.concat([
        field(1, FLOAT),
        message(2, ...shape.map((side) => message(2, field(1, side)))),
        field(3, shard),
        field(4, offset),
        field(5, size ?? shape.reduce((product, side) => product * side, 4)),
      ]),
    ]),
  ];
  const data = tableBlock(entries, pack);
  const meta = tableBlock([], pack);
  const index = tableBlock(Array(repeatedBlocks).fill(['\xff', handle(0, data)]) as [string, Buffer][], pack);
  const footer = Buffer.alloc(48);
  Buffer.concat([handle(data.length, meta), handle(data.length + meta.length, index)]).copy(footer);
  footer.write('57fb808b247547db', 40, 'hex');
  return Buffer.concat([data, meta, index, footer]);
}

const TRAILER_BYTES = 5;

function handle(offset: number, block: Buffer): Buffer {
  return Buffer.concat([varint(offset), varint(block.length - TRAILER_BYTES)]);
}

/** A block with one restart point. Each key is stored without the prefix that it shares with the previous one. */
function tableBlock(entries: readonly (readonly [string, Buffer])[], pack: Pack | undefined): Buffer {
  let before = '';
  const parts = entries.map(([key, value]) => {
    let shared = 0;
    while (shared < Math.min(before.length, key.length) && before[shared] === key[shared]) shared += 1;
    before = key;
    const added = key.slice(shared);
    return Buffer.concat([
      varint(shared),
      varint(added.length),
      varint(value.length),
      Buffer.from(added, 'latin1'),
      value,
    ]);
  });
  const content = Buffer.concat([...parts, Buffer.from([0, 0, 0, 0, 1, 0, 0, 0])]);
  return pack ? sealed(pack(content), 1) : sealed(content, 0);
}

/** A block with its type and checksum. */
function sealed(content: Buffer, type: number): Buffer {
  const typed = Buffer.concat([content, Buffer.from([type])]);
  const checksum = crc32c(typed);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE((((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0);
  return Buffer.concat([typed, bytes]);
}

const MIN_COPY = 4;
const MAX_COPY = 64;

/** Compresses with literals and with copies of earlier bytes. Source: https://github.com/google/snappy/blob/main/format_description.txt */
export function snappyOf(content: Buffer): Buffer {
  const parts = [varint(content.length)];
  let literal = 0;
  const flush = (end: number): void => {
    for (let at = literal; at < end; at += 60) {
      const part = content.subarray(at, Math.min(end, at + 60));
      parts.push(Buffer.from([(part.length - 1) << 2]), part);
    }
  };
  for (let at = 0; at + MIN_COPY <= content.length;) {
    const found = content.lastIndexOf(content.subarray(at, at + MIN_COPY), at - 1);
    if (at === 0 || found < 0 || at - found > 0xffff) {
      at += 1;
      continue;
    }
    let length = MIN_COPY;
    while (length < MAX_COPY && at + length < content.length && content[found + length] === content[at + length])
      length += 1;
    flush(at);
    const offset = at - found;
    parts.push(Buffer.from([((length - 1) << 2) | 2, offset & 0xff, offset >> 8]));
    at += length;
    literal = at;
  }
  flush(content.length);
  return Buffer.concat(parts);
}
