import { Root } from 'protobufjs/light';
import { z } from 'zod';
import type { InspectedTensor } from '../../inspected';
import { messageType } from '../../readers/proto-message';

/** An element type with the bits of one element; text has no fixed size. */
interface ElementType {
  readonly name: string;
  readonly bits?: number;
}

/** `TensorProto.DataType`. */
const ELEMENT_TYPES: Readonly<Record<number, ElementType>> = {
  1: { name: 'float32', bits: 32 },
  2: { name: 'uint8', bits: 8 },
  3: { name: 'int8', bits: 8 },
  4: { name: 'uint16', bits: 16 },
  5: { name: 'int16', bits: 16 },
  6: { name: 'int32', bits: 32 },
  7: { name: 'int64', bits: 64 },
  8: { name: 'string' },
  9: { name: 'bool', bits: 8 },
  10: { name: 'float16', bits: 16 },
  11: { name: 'float64', bits: 64 },
  12: { name: 'uint32', bits: 32 },
  13: { name: 'uint64', bits: 64 },
  14: { name: 'complex64', bits: 64 },
  15: { name: 'complex128', bits: 128 },
  16: { name: 'bfloat16', bits: 16 },
  17: { name: 'float8_e4m3fn', bits: 8 },
  18: { name: 'float8_e4m3fnuz', bits: 8 },
  19: { name: 'float8_e5m2', bits: 8 },
  20: { name: 'float8_e5m2fnuz', bits: 8 },
  21: { name: 'uint4', bits: 4 },
  22: { name: 'int4', bits: 4 },
  23: { name: 'float4_e2m1', bits: 4 },
  24: { name: 'float8_e8m0', bits: 8 },
  25: { name: 'uint2', bits: 2 },
  26: { name: 'int2', bits: 2 },
};

/** The type with a number of `TensorProto.DataType`. */
export function elementTypeOf(number: number): ElementType {
  return ELEMENT_TYPES[number] ?? { name: `type ${number}` };
}

/** Numbers of the fields that are read or skipped. */
export const MODEL = { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opsetImport: 8 } as const;
export const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
export const TENSOR = {
  ...{ dims: 1, dataType: 2, segment: 3, floatData: 4, int32Data: 5, stringData: 6, int64Data: 7, name: 8 },
  ...{ rawData: 9, doubleData: 10, uint64Data: 11, externalData: 13, dataLocation: 14 },
} as const;
export const SPARSE_TENSOR = { values: 1 } as const;

// Only the fields that are read. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const root = Root.fromJSON({
  nested: {
    OperatorSetIdProto: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
    StringStringEntryProto: { fields: { key: { type: 'string', id: 1 }, value: { type: 'string', id: 2 } } },
    ValueInfoProto: { fields: { name: { type: 'string', id: 1 }, type: { type: 'TypeProto', id: 2 } } },
    TensorShapeProto: {
      fields: { dim: { rule: 'repeated', type: 'Dimension', id: 1 } },
      nested: {
        Dimension: {
          oneofs: { value: { oneof: ['dim_value', 'dim_param'] } },
          fields: { dim_value: { type: 'int64', id: 1 }, dim_param: { type: 'string', id: 2 } },
        },
      },
    },
    TypeProto: {
      oneofs: {
        value: {
          oneof: ['tensor_type', 'sequence_type', 'map_type', 'opaque_type', 'sparse_tensor_type', 'optional_type'],
        },
      },
      fields: {
        tensor_type: { type: 'Tensor', id: 1 },
        sequence_type: { type: 'Other', id: 4 },
        map_type: { type: 'Other', id: 5 },
        opaque_type: { type: 'Other', id: 7 },
        sparse_tensor_type: { type: 'Tensor', id: 8 },
        optional_type: { type: 'Other', id: 9 },
      },
      nested: {
        Tensor: {
          fields: { elem_type: { type: 'int32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } },
        },
        Other: { fields: {} },
      },
    },
  },
});

const dimensionSchema = z
  .object({ value: z.string().optional(), dim_value: z.int().optional() })
  .transform(({ value, dim_value: length }) => (value === 'dim_value' ? (length ?? -1) : -1));

const tensorSchema = z.object({
  elem_type: z.int(),
  shape: z.object({ dim: z.array(dimensionSchema) }).nullable(),
});

const typeSchema = z.object({
  value: z.string().optional(),
  tensor_type: tensorSchema.nullish(),
  sparse_tensor_type: tensorSchema.nullish(),
});

/** An input or output of a graph. */
export const VALUE_INFO = messageType(
  root,
  'ValueInfoProto',
  z.object({ name: z.string(), type: typeSchema.nullable() }).transform(({ name, type }): InspectedTensor => {
    const tensor = type?.tensor_type ?? type?.sparse_tensor_type;
    // `sequence_type` is a sequence.
    if (!tensor) return { name, type: type?.value?.replace('_type', '') ?? 'unknown' };
    const { elem_type: elementType, shape } = tensor;
    return { name, type: elementTypeOf(elementType).name, ...(shape && { shape: shape.dim }) };
  }),
);
export const OPERATOR_SET = messageType(root, 'OperatorSetIdProto', z.object({ domain: z.string(), version: z.int() }));
export const STRING_ENTRY = messageType(
  root,
  'StringStringEntryProto',
  z.object({ key: z.string(), value: z.string() }),
);
