import type { MessageType } from '../../readers/proto-message';
import { reasonOf } from '../../readers/proto-message';
import { BUNDLE_ENTRY, BUNDLE_HEADER, dataTypeOf } from './schema';
import type { TableEntry } from '../../readers/sorted-table';
import { visitEntries } from '../../readers/sorted-table';
import { shownName } from '../../messages';
import { elementsOf } from '../../readers/shape';
import type { SparseBytes } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** The content of the index of a SavedModel's variables. */
export interface VariablesIndex {
  readonly shards: number;
  readonly tensors: number;
  /** Bytes of each shard that has any, by its number. */
  readonly shardBytes: ReadonlyMap<number, number>;
}

/** The largest models have about ten thousand. */
const MAX_ENTRIES = 100_000;
/** Steps that decoding and checking an entry costs. */
const STEPS_PER_ENTRY = 40;
/** More than any file name has digits for. */
const MAX_SHARDS = 100_000;

/** Key of the Python objects that the variables belong to. */
const OBJECT_GRAPH = Buffer.from('_CHECKPOINTABLE_OBJECT_GRAPH');
/** First byte of the keys of a tensor's parts; the tensor itself has another entry. */
const SLICE = 0;

/**
 * Reads `variables.index`.
 *
 * Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/util/tensor_bundle/tensor_bundle.h
 *
 * @throws MalformedFileError if it is damaged
 * @throws LimitError if it is too large to be inspected
 */
export function* readVariablesIndex(bytes: SparseBytes): Inspecting<VariablesIndex> {
  const shardBytes = new Map<number, number>();
  let shards: number | undefined;
  let tensors = 0;
  let entries = 0;
  yield* visitEntries(bytes, ({ key, value }) => {
    entries += 1;
    if (entries > MAX_ENTRIES) throw bytes.limited(`it has more than ${MAX_ENTRIES} entries`);
    bytes.meter.charge(STEPS_PER_ENTRY + value.length);
    // The empty key sorts before all others.
    if (shards === undefined) {
      if (key.length > 0) throw bytes.malformed('has no header');
      shards = decode(bytes, BUNDLE_HEADER, value, () => 'header').num_shards;
      if (shards > MAX_SHARDS) throw bytes.malformed(`has the impossible number of ${shards} shards`);
      return;
    }
    if (key[0] !== SLICE && !key.equals(OBJECT_GRAPH)) tensors += 1;
    const end = endOf(bytes, { key, value }, shards);
    if (end) shardBytes.set(end.shard, Math.max(shardBytes.get(end.shard) ?? 0, end.bytes));
  });
  if (shards === undefined) throw bytes.malformed('has no header');
  return { shards, tensors, shardBytes };
}

/** The end of an entry's tensor, in bytes from its shard's start; `undefined` if its parts have separate entries. */
function endOf(
  bytes: SparseBytes,
  { key, value }: TableEntry,
  shards: number,
): { shard: number; bytes: number } | undefined {
  const {
    dtype,
    shape,
    shard_id: shard,
    offset,
    size,
    slices,
  } = decode(bytes, BUNDLE_ENTRY, value, () => `entry ${shownName(key.toString())}`);
  if (slices.length > 0) return undefined;
  if (shard >= shards) throw bytes.malformed(`${shownName(key.toString())} is in the shard ${shard} of ${shards}`);
  const type = dataTypeOf(dtype);
  const expected = shape && type.bytes && elementsOf(shape) * type.bytes;
  if (expected !== undefined && expected !== null && size !== expected) {
    throw bytes.malformed(
      `${shownName(key.toString())} has ${size} bytes, which do not fit its shape [${shape?.join(', ')}] of ${type.name}`,
    );
  }
  return { shard, bytes: offset + size };
}

function decode<T>(bytes: SparseBytes, type: MessageType<T>, content: Buffer, what: () => string): T {
  try {
    return type.decode(content);
  } catch (error) {
    throw bytes.malformed(`its ${what()} is damaged: ${reasonOf(error)}`);
  }
}
