/**
 * Numbers of the fields of the tables that are read. A union has two: the second is the table's.
 *
 * Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
 */
export const MODEL = {
  ...{ version: 0, operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4, metadata: 6, signatureDefs: 7 },
};
export const OPERATOR_CODE = { deprecatedBuiltinCode: 0, customCode: 1, builtinCode: 3 };
export const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 };
export const TENSOR = {
  ...{ shape: 0, type: 1, buffer: 2, name: 3, quantization: 4, isVariable: 5, sparsity: 6 },
  ...{ shapeSignature: 7, hasRank: 8, externalBuffer: 10 },
};
export const QUANTIZATION = { min: 0, max: 1, scale: 2, zeroPoint: 3 };
export const OPERATOR = {
  ...{ opcodeIndex: 0, inputs: 1, outputs: 2, builtinOptions: 4, customOptions: 5, mutatingVariableInputs: 7 },
  ...{ intermediates: 8, largeCustomOptionsOffset: 9, largeCustomOptionsSize: 10, builtinOptions2: 12 },
};
export const BUFFER = { data: 0, offset: 1, size: 2 };
export const METADATA = { name: 0, buffer: 1 };
export const SIGNATURE_DEF = { inputs: 0, outputs: 1, signatureKey: 2, subgraphIndex: 4 };
export const TENSOR_MAP = { name: 0, tensorIndex: 1 };

/** The operator code of custom operators. */
export const CUSTOM = 32;

/** An element type; `bits` is absent if the size of an element is not fixed. */
interface ElementType {
  readonly name: string;
  readonly bits?: number;
}

/** By the numbers of the schema's `TensorType`, with TensorFlow's names. */
const ELEMENT_TYPES: readonly ElementType[] = [
  ...[
    { name: 'float32', bits: 32 },
    { name: 'float16', bits: 16 },
    { name: 'int32', bits: 32 },
  ],
  ...[{ name: 'uint8', bits: 8 }, { name: 'int64', bits: 64 }, { name: 'string' }, { name: 'bool', bits: 8 }],
  ...[
    { name: 'int16', bits: 16 },
    { name: 'complex64', bits: 64 },
    { name: 'int8', bits: 8 },
  ],
  ...[
    { name: 'float64', bits: 64 },
    { name: 'complex128', bits: 128 },
    { name: 'uint64', bits: 64 },
  ],
  ...[{ name: 'resource' }, { name: 'variant' }, { name: 'uint32', bits: 32 }, { name: 'uint16', bits: 16 }],
  ...[
    { name: 'int4', bits: 4 },
    { name: 'bfloat16', bits: 16 },
    { name: 'int2', bits: 2 },
    { name: 'uint4', bits: 4 },
  ],
  ...[
    { name: 'float8_e4m3fn', bits: 8 },
    { name: 'float8_e5m2', bits: 8 },
  ],
];

export function elementType(type: number): ElementType {
  return ELEMENT_TYPES[type] ?? { name: `type ${type}` };
}
