import {
  BUFFER,
  CUSTOM,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  SUBGRAPH,
  TENSOR,
} from '../../src/verification/formats/tflite/schema';
import type { Fields } from './flatbuffer';
import { flatBuffer } from './flatbuffer';

/** A model with one operator that adds a constant of two numbers to its input. Any field can be replaced. */
export function tfliteModel(parts: TfliteParts = {}): Buffer {
  return flatBuffer(
    {
      [MODEL.version]: { u32: 3 },
      [MODEL.operatorCodes]: { tables: parts.operatorCodes ?? [{ [OPERATOR_CODE.deprecatedBuiltinCode]: { i8: 0 } }] },
      [MODEL.subgraphs]: { tables: parts.subgraphs ?? [subgraph(parts)] },
      [MODEL.buffers]: { tables: [{}, ...(parts.buffers ?? [{ [BUFFER.data]: Buffer.alloc(8) }])] },
      ...parts.model,
    },
    'TFL3',
  );
}

export interface TfliteParts {
  readonly model?: Fields;
  readonly operatorCodes?: readonly Fields[];
  readonly subgraphs?: readonly Fields[];
  /** Fields of the only subgraph. */
  readonly subgraph?: Fields;
  /** Fields of its only operator. */
  readonly operator?: Fields;
  /** Fields of its constant. */
  readonly constant?: Fields;
  /** Buffers behind the first one, which is empty. */
  readonly buffers?: readonly Fields[];
}

export function subgraph(parts: TfliteParts = {}): Fields {
  const shape = { [TENSOR.shape]: { ints: [1, 2] } };
  return {
    [SUBGRAPH.tensors]: {
      tables: [
        { ...shape, [TENSOR.name]: 'in', [TENSOR.shapeSignature]: { ints: [-1, 2] } },
        { ...shape, [TENSOR.buffer]: { u32: 1 }, ...parts.constant },
        { ...shape, [TENSOR.name]: 'out' },
      ],
    },
    [SUBGRAPH.inputs]: { ints: [0] },
    [SUBGRAPH.outputs]: { ints: [2] },
    [SUBGRAPH.operators]: {
      tables: [{ [OPERATOR.inputs]: { ints: [0, 1] }, [OPERATOR.outputs]: { ints: [2] }, ...parts.operator }],
    },
    ...parts.subgraph,
  };
}

/** The code of a custom operator, added by a converter or compiler. */
export function customCode(name?: string): Fields {
  return {
    [OPERATOR_CODE.deprecatedBuiltinCode]: { i8: CUSTOM },
    [OPERATOR_CODE.customCode]: name,
    [OPERATOR_CODE.builtinCode]: { u32: CUSTOM },
  };
}

/** Parts of a model whose metadata names files in the zip archive at its end; types of 2 and 3 are labels. */
export function withMetadata(files: readonly { name: string; type?: number }[]): TfliteParts {
  const associated = files.map(({ name, type }) => ({ 0: name, ...(type !== undefined && { 2: { i8: type } }) }));
  const outputs = { tables: [{ 6: { tables: associated } }] };
  const metadata = flatBuffer({ 0: 'Two numbers', 3: { tables: [{ 3: outputs }] } }, 'M001');
  return {
    model: { [MODEL.metadata]: { tables: [{ [METADATA.name]: 'TFLITE_METADATA', [METADATA.buffer]: { u32: 2 } }] } },
    buffers: [{ [BUFFER.data]: Buffer.alloc(8) }, { [BUFFER.data]: metadata }],
  };
}
