import { Root } from 'protobufjs/light';
import { z } from 'zod';
import { messageType } from '../../readers/proto-message';

/** The common name of a TensorFlow type, and the bytes of one element if they are fixed. */
interface DataType {
  readonly name: string;
  readonly bytes?: number;
}

/** Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/types.proto */
const DATA_TYPES: Readonly<Record<number, DataType>> = {
  0: { name: 'unspecified' },
  1: { name: 'float32', bytes: 4 },
  2: { name: 'float64', bytes: 8 },
  3: { name: 'int32', bytes: 4 },
  4: { name: 'uint8', bytes: 1 },
  5: { name: 'int16', bytes: 2 },
  6: { name: 'int8', bytes: 1 },
  7: { name: 'string' },
  8: { name: 'complex64', bytes: 8 },
  9: { name: 'int64', bytes: 8 },
  10: { name: 'bool', bytes: 1 },
  11: { name: 'qint8', bytes: 1 },
  12: { name: 'quint8', bytes: 1 },
  13: { name: 'qint32', bytes: 4 },
  14: { name: 'bfloat16', bytes: 2 },
  15: { name: 'qint16', bytes: 2 },
  16: { name: 'quint16', bytes: 2 },
  17: { name: 'uint16', bytes: 2 },
  18: { name: 'complex128', bytes: 16 },
  19: { name: 'float16', bytes: 2 },
  20: { name: 'resource' },
  21: { name: 'variant' },
  22: { name: 'uint32', bytes: 4 },
  23: { name: 'uint64', bytes: 8 },
  24: { name: 'float8_e5m2', bytes: 1 },
  25: { name: 'float8_e4m3fn', bytes: 1 },
};

/** A reference to a type has the type's number plus this one. */
const REFERENCE = 100;

/** The type with a number of `DataType`. */
export function dataTypeOf(number: number): DataType {
  return DATA_TYPES[number > REFERENCE ? number - REFERENCE : number] ?? { name: `type ${number}` };
}

// Only the fields that are read. Enums are read as the numbers that they are on the wire: values that are not
// known yet stay.
const root = Root.fromJSON({
  nested: {
    // https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/tensor_shape.proto
    TensorShapeProto: {
      fields: {
        dim: { rule: 'repeated', type: 'Dim', id: 2 },
        unknown_rank: { type: 'bool', id: 3 },
      },
      nested: { Dim: { fields: { size: { type: 'int64', id: 1 } } } },
    },
    // https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto
    TensorInfo: {
      fields: {
        dtype: { type: 'int32', id: 2 },
        tensor_shape: { type: 'TensorShapeProto', id: 3 },
      },
    },
    AssetFileDef: { fields: { filename: { type: 'string', id: 2 } } },
    // https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/saver.proto
    SaverDef: { fields: { restore_op_name: { type: 'string', id: 3 } } },
    // https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/tensor_bundle.proto
    BundleHeaderProto: { fields: { num_shards: { type: 'int32', id: 1 } } },
    BundleEntryProto: {
      fields: {
        dtype: { type: 'int32', id: 1 },
        shape: { type: 'TensorShapeProto', id: 2 },
        shard_id: { type: 'int32', id: 3 },
        offset: { type: 'int64', id: 4 },
        size: { type: 'int64', id: 5 },
        // Messages; only their presence matters.
        slices: { type: 'bytes', id: 7 },
      },
    },
  },
});

const shapeSchema = z
  .object({ dim: z.array(z.object({ size: z.int() })), unknown_rank: z.boolean() })
  .transform(({ dim, unknown_rank: unknownRank }) => (unknownRank ? null : dim.map(({ size }) => size)))
  .nullable();

const count = z.int().min(0);

export const TENSOR_INFO = messageType(root, 'TensorInfo', z.object({ dtype: z.int(), tensor_shape: shapeSchema }));
export const ASSET_FILE_DEF = messageType(root, 'AssetFileDef', z.object({ filename: z.string() }));
export const SAVER_DEF = messageType(root, 'SaverDef', z.object({ restore_op_name: z.string() }));
export const BUNDLE_HEADER = messageType(root, 'BundleHeaderProto', z.object({ num_shards: count }));
export const BUNDLE_ENTRY = messageType(
  root,
  'BundleEntryProto',
  z.object({
    dtype: z.int(),
    shape: shapeSchema,
    shard_id: count,
    offset: count,
    size: count,
    slices: z.instanceof(Uint8Array),
  }),
);
