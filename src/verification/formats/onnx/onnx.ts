import type { InspectedTensor } from '../../inspected';
import type { Inspector, InspectionContext } from '../../inspection';
import type { ExternalData } from './tensor';
import { readTensor } from './tensor';
import type { ProtoField } from '../../readers/proto-fields';
import { fieldsOf, WireType } from '../../readers/proto-fields';
import { decodeMessage } from '../../readers/proto-message';
import { GRAPH, MODEL, OPERATOR_SET, SPARSE_TENSOR, VALUE_INFO } from './schema';
import { shownName } from '../../messages';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** Older models do not name their operator sets. */
const FIRST_IR_VERSION_WITH_OPSETS = 3;
const DEFAULT_DOMAIN = 'ai.onnx';
/** Longer texts are not read, in bytes. */
const MAX_TEXT_BYTES = 256;
/** Most inputs, outputs and operator sets that are read; no real model has more. */
const MAX_VALUES = 2_000;
/** Larger inputs and outputs are not read, in bytes. */
const MAX_VALUE_BYTES = 4 * 1024;

/** Part of a large graph that is inspected, in bytes that are read. */
const MAX_INSPECTED_BYTES = 832 * 1024;
/** Longer parts are skipped; skipping one costs as much as reading this many bytes. */
const HOP_BYTES = 8 * 1024;

interface Model {
  irVersion: number;
  readonly opsets: string[];
  graph: ProtoField | undefined;
  producer: string;
}

interface NeededData extends ExternalData {
  readonly tensor: string;
}

interface Graph {
  nodes: number;
  readonly inputs: InspectedTensor[];
  readonly outputs: InspectedTensor[];
  readonly initializers: Set<string>;
  /** For each external file the tensor that needs most of it. */
  readonly external: Map<string, NeededData>;
  /** Where the inspection stopped, if before the end of the graph. */
  inspectedUpTo?: number;
}

/**
 * Inspects an ONNX model: its parts fill it exactly, its constants have as many elements as their shapes require, and
 * its external data exists.
 *
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export const inspectOnnx: Inspector = function* (bytes, context) {
  const { irVersion, opsets, graph: field, producer } = yield* readModel(bytes);
  if (field === undefined) throw bytes.malformed('is not an ONNX model: it has no graph');
  if (irVersion === 0) throw bytes.malformed('is not an ONNX model: it has no version');
  if (opsets.length === 0 && irVersion >= FIRST_IR_VERSION_WITH_OPSETS) {
    throw bytes.malformed('is cut off or damaged: it does not state its operator sets');
  }
  const { nodes, initializers, inputs, outputs, external, inspectedUpTo } = yield* readGraph(bytes, field);
  context.summarize({
    kind: 'onnx',
    summary: {
      irVersion,
      opsets,
      nodes,
      initializers: initializers.size,
      inputs: inputs.filter(({ name }) => !initializers.has(name)),
      outputs,
      ...(producer !== '' && { producer }),
    },
  });
  if (inspectedUpTo !== undefined) {
    context.limited(
      bytes.limited(`its graph is large: only the parts up to byte ${inspectedUpTo} of ${bytes.size} were read`),
    );
  }
  for (const needed of external.values()) {
    checkExternal(needed, context);
    if (bytes.meter.isDue) yield undefined;
  }
};

function* readModel(bytes: SparseBytes): Inspecting<Model> {
  const model: Model = { irVersion: 0, opsets: [], graph: undefined, producer: '' };
  const producer: [name: string, version: string] = ['', ''];
  const fields = fieldsOf(bytes);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    const isMessage = field.wireType === WireType.bytes;
    if (field.number === MODEL.irVersion && !isMessage) model.irVersion = Math.max(0, field.value);
    else if (field.number === MODEL.graph && isMessage) model.graph = field;
    else if (field.number === MODEL.opsetImport && isMessage && model.opsets.length < MAX_VALUES) {
      model.opsets.push(yield* attempt(bytes, () => readOpset(bytes, field)));
    } else if (field.number === MODEL.producerName) producer[0] = yield* attempt(bytes, () => shortText(bytes, field));
    else if (field.number === MODEL.producerVersion) {
      producer[1] = yield* attempt(bytes, () => shortText(bytes, field));
    }
  }
  model.producer = producer.join(' ').trim();
  return model;
}

function readOpset(bytes: SparseBytes, field: ProtoField): string {
  const { domain, version } = decodeMessage(bytes, OPERATOR_SET, field);
  return `${domain || DEFAULT_DOMAIN} ${version}`;
}

function shortText(bytes: SparseBytes, { start, end }: ProtoField): string {
  return bytes.slice(start, Math.min(end - start, MAX_TEXT_BYTES)).toString('utf8');
}

function* readGraph(bytes: SparseBytes, { start, end }: ProtoField): Inspecting<Graph> {
  const graph: Graph = { nodes: 0, inputs: [], outputs: [], initializers: new Set(), external: new Map() };
  let inspectedBytes = 0;
  const fields = fieldsOf(bytes, start, end);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    inspectedBytes += Math.min(field.end - field.start, HOP_BYTES);
    if (inspectedBytes > MAX_INSPECTED_BYTES && !bytes.isReadWhole) return { ...graph, inspectedUpTo: field.start };
    if (field.number === GRAPH.node) graph.nodes += 1;
    else yield* attempt(bytes, () => READ_PARTS.get(field.number)?.(bytes, field, graph));
  }
  return graph;
}

type ReadPart = (bytes: SparseBytes, field: ProtoField, graph: Graph) => void;

/** Readers of a graph's fields other than nodes, by field number. */
const READ_PARTS: ReadonlyMap<number, ReadPart> = new Map<number, ReadPart>([
  [GRAPH.initializer, readInitializer],
  [GRAPH.sparseInitializer, readSparseInitializer],
  [
    GRAPH.input,
    (bytes, field, graph) => {
      readValue(bytes, field, graph.inputs);
    },
  ],
  [
    GRAPH.output,
    (bytes, field, graph) => {
      readValue(bytes, field, graph.outputs);
    },
  ],
]);

function readValue(bytes: SparseBytes, field: ProtoField, values: InspectedTensor[]): void {
  if (values.length >= MAX_VALUES || field.end - field.start > MAX_VALUE_BYTES) return;
  values.push(decodeMessage(bytes, VALUE_INFO, field));
}

function readInitializer(bytes: SparseBytes, field: ProtoField, graph: Graph): void {
  const { name, external } = readTensor(bytes, field);
  graph.initializers.add(name);
  if (external === undefined) return;
  const before = graph.external.get(external.location);
  if (before === undefined || endOf(before) < endOf(external)) {
    graph.external.set(external.location, { ...external, tensor: name });
  }
}

function readSparseInitializer(bytes: SparseBytes, field: ProtoField, graph: Graph): void {
  for (const inner of fieldsOf(bytes, field.start, field.end)) {
    if (inner.number === SPARSE_TENSOR.values) readInitializer(bytes, inner, graph);
  }
}

function endOf({ start, length }: ExternalData): number {
  return start + length;
}

function checkExternal(needed: NeededData, context: InspectionContext): void {
  const data = `the external data ${shownName(needed.location)}`;
  const tensor = shownName(needed.tensor);
  const path = context.beside(needed.location);
  const size = context.sizeOf(path);
  if (path === undefined) context.finding(`${data} of the tensor ${tensor} is outside of the directory`);
  else if (size === undefined) context.finding(`${data} is missing`);
  else if (size < endOf(needed)) {
    context.finding(`${data} has ${size} bytes, but the tensor ${tensor} needs ${endOf(needed)}`);
  }
}
