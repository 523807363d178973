import type { InspectedFile, InspectedTensor } from '../../inspected';
import type { ProtoField } from '../../readers/proto-fields';
import { messagesIn } from '../../readers/proto-fields';
import { decodeMessage } from '../../readers/proto-message';
import { ASSET_FILE_DEF, dataTypeOf, SAVER_DEF, TENSOR_INFO } from './schema';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

type Signature = Extract<InspectedFile, { kind: 'saved-model' }>['summary']['signatures'][number];

/** The parts of a `MetaGraphDef` that are read; the graph itself is skipped. */
export interface MetaGraph {
  tags: string[];
  tensorflowVersion: string | undefined;
  hasGraph: boolean;
  /** Whether it has an operation that reads its variables from the files beside it. */
  restoresVariables: boolean;
  /** The first ones, without TensorFlow's internal ones. */
  signatures: Signature[];
  /** Whether one of its signatures has an output. */
  hasOutputs: boolean;
  /** Names of files in `assets/`. */
  readonly assets: Set<string>;
}

/** Signatures, tensors of each, and tags that are kept for people. */
const MAX_KEPT = 20;

/** Prefix of internal signatures: every model of TensorFlow 2 has `__saved_model_init_op`. */
const INTERNAL = '__saved_model_';

type Reader = (graph: MetaGraph, bytes: SparseBytes, field: ProtoField) => Inspecting;

/** By the numbers of `MetaGraphDef`'s fields. */
const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [1, readMetaInfo],
  [
    2,
    function* (graph) {
      graph.hasGraph = true;
      yield undefined;
    },
  ],
  [
    3,
    function* (graph, bytes, field) {
      const { restore_op_name: name } = yield* attempt(bytes, () => decodeMessage(bytes, SAVER_DEF, field));
      if (name !== '') graph.restoresVariables = true;
    },
  ],
  [5, readSignature],
  [
    6,
    function* (graph, bytes, field) {
      graph.assets.add((yield* attempt(bytes, () => decodeMessage(bytes, ASSET_FILE_DEF, field))).filename);
    },
  ],
]);

/** Reads a `MetaGraphDef`. Source: https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/protobuf/meta_graph.proto */
export function* readMetaGraph(bytes: SparseBytes, { start, end }: ProtoField): Inspecting<MetaGraph> {
  const graph: MetaGraph = {
    tags: [],
    tensorflowVersion: undefined,
    hasGraph: false,
    restoresVariables: false,
    signatures: [],
    hasOutputs: false,
    assets: new Set(),
  };
  const fields = messagesIn(bytes, start, end);
  for (let field = yield* nextOf(bytes, fields); field; field = yield* nextOf(bytes, fields)) {
    const reader = READERS.get(field.number);
    if (reader) yield* reader(graph, bytes, field);
  }
  return graph;
}

/** Reads two fields only: `MetaInfoDef` may list all operations of TensorFlow. */
function* readMetaInfo(graph: MetaGraph, bytes: SparseBytes, { start, end }: ProtoField): Inspecting {
  const fields = messagesIn(bytes, start, end);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    if (field.number === 4 && graph.tags.length < MAX_KEPT) {
      graph.tags.push(yield* attempt(bytes, () => textOf(bytes, field)));
    }
    if (field.number === 5) graph.tensorflowVersion = yield* attempt(bytes, () => textOf(bytes, field));
  }
}

/** Reads an entry of the map of signatures: 1 is the name, 2 a `SignatureDef`, whose fields 1 and 2 are maps, too. */
function* readSignature(graph: MetaGraph, bytes: SparseBytes, { start, end }: ProtoField): Inspecting {
  const signature: Signature = { name: '', inputs: [], outputs: [] };
  const fields = messagesIn(bytes, start, end);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    if (field.number === 1) signature.name = yield* attempt(bytes, () => textOf(bytes, field));
    if (field.number === 2) yield* readTensors(signature, bytes, field);
  }
  if (signature.name.startsWith(INTERNAL)) return;
  if (signature.outputs.length > 0) graph.hasOutputs = true;
  if (graph.signatures.length < MAX_KEPT) graph.signatures.push(signature);
}

function* readTensors({ inputs, outputs }: Signature, bytes: SparseBytes, { start, end }: ProtoField): Inspecting {
  const entries = messagesIn(bytes, start, end);
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const entry = next;
    const tensors = entry.number === 1 ? inputs : entry.number === 2 ? outputs : undefined;
    if (tensors && tensors.length < MAX_KEPT) tensors.push(yield* attempt(bytes, () => readTensor(bytes, entry)));
  }
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
