import type { InspectedFile, InspectedTensor } from '../../contract';
import type { ProtoField } from '../reading/proto-fields';
import { messagesIn } from '../reading/proto-fields';
import { decodeMessage } from '../reading/proto-message';
import { ASSET_FILE_DEF, dataTypeOf, SAVER_DEF, TENSOR_INFO } from './schemas/tensorflow';
import type { SparseBytes } from '../reading/sparse-bytes';

type Signature = Extract<InspectedFile, { kind: 'saved-model' }>['summary']['signatures'][number];

/** What is looked at of a `MetaGraphDef`: the graph itself is hopped over. */
export interface MetaGraph {
  tags: string[];
  tensorflowVersion: string | undefined;
  hasGraph: boolean;
  /** Whether it has an operation that reads its variables from the files beside it. */
  restoresVariables: boolean;
  /** The first ones, without those of TensorFlow's own. */
  signatures: Signature[];
  /** Whether one of its signatures has an output. */
  hasOutputs: boolean;
  /** Names of files in `assets/`. */
  assets: string[];
}

/** Signatures, their tensors and tags are kept for people, who read no more of them. */
const MAX_KEPT = 20;

/** Signatures of TensorFlow's own begin so: `__saved_model_init_op` is in every model that TensorFlow 2 wrote. */
const INTERNAL = '__saved_model_';

type Reader = (graph: MetaGraph, bytes: SparseBytes, field: ProtoField) => void;

/** By the numbers of `MetaGraphDef`'s fields. */
const READERS: Readonly<Record<number, Reader>> = {
  1: readMetaInfo,
  2: (graph) => {
    graph.hasGraph = true;
  },
  3: (graph, bytes, field) => {
    if (decodeMessage(bytes, SAVER_DEF, field).restore_op_name !== '') graph.restoresVariables = true;
  },
  5: readSignature,
  6: (graph, bytes, field) => {
    graph.assets.push(decodeMessage(bytes, ASSET_FILE_DEF, field).filename);
  },
};

/** Reads a `MetaGraphDef`. Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto */
export function readMetaGraph(bytes: SparseBytes, { start, end }: ProtoField): MetaGraph {
  const graph: MetaGraph = {
    tags: [],
    tensorflowVersion: undefined,
    hasGraph: false,
    restoresVariables: false,
    signatures: [],
    hasOutputs: false,
    assets: [],
  };
  for (const field of messagesIn(bytes, start, end)) READERS[field.number]?.(graph, bytes, field);
  return graph;
}

/** `MetaInfoDef` may hold all operations that TensorFlow had: only two fields are read. */
function readMetaInfo(graph: MetaGraph, bytes: SparseBytes, { start, end }: ProtoField): void {
  for (const field of messagesIn(bytes, start, end)) {
    if (field.number === 4 && graph.tags.length < MAX_KEPT) graph.tags.push(textOf(bytes, field));
    if (field.number === 5) graph.tensorflowVersion = textOf(bytes, field);
  }
}

/** An entry of the map of signatures: 1 is the name, 2 a `SignatureDef`, whose fields 1 and 2 are maps again. */
function readSignature(graph: MetaGraph, bytes: SparseBytes, { start, end }: ProtoField): void {
  let name = '';
  const inputs: InspectedTensor[] = [];
  const outputs: InspectedTensor[] = [];
  for (const field of messagesIn(bytes, start, end)) {
    if (field.number === 1) name = textOf(bytes, field);
    if (field.number !== 2) continue;
    for (const entry of messagesIn(bytes, field.start, field.end)) {
      const tensors = entry.number === 1 ? inputs : entry.number === 2 ? outputs : undefined;
      if (tensors && tensors.length < MAX_KEPT) tensors.push(readTensor(bytes, entry));
    }
  }
  if (name.startsWith(INTERNAL)) return;
  if (outputs.length > 0) graph.hasOutputs = true;
  if (graph.signatures.length < MAX_KEPT) graph.signatures.push({ name, inputs, outputs });
}

function readTensor(bytes: SparseBytes, { start, end }: ProtoField): InspectedTensor {
  let name = '';
  let tensor: Pick<InspectedTensor, 'type' | 'shape'> = { type: dataTypeOf(0).name };
  for (const field of messagesIn(bytes, start, end)) {
    if (field.number === 1) name = textOf(bytes, field);
    if (field.number !== 2) continue;
    const { dtype, tensor_shape: shape } = decodeMessage(bytes, TENSOR_INFO, field);
    tensor = { type: dataTypeOf(dtype).name, ...(shape && { shape }) };
  }
  return { name, ...tensor };
}

function textOf(bytes: SparseBytes, { start, end }: ProtoField): string {
  return bytes.text(start, end - start);
}
