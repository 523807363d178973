import { defined } from '../../../internal/defined';
import type { Table, Tables } from '../../readers/flatbuffer';
import { identifierOf, rootTable } from '../../readers/flatbuffer';
import type { Inspector, InspectionContext } from '../../inspection';
import { shownName } from '../../messages';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { checkBuffers, checkLastBuffers } from './buffers';
import { checkAppended, readLabels } from './labels';
import type { EdgeTpuPrograms, OperatorCodes } from './operators';
import { checkOperators, EDGE_TPU_CODE, readOperatorCodes } from './operators';
import { MODEL, SIGNATURE_DEF, SUBGRAPH, TENSOR_MAP } from './schema';
import { checkIndexes, describeTensors, readConstants } from './tensors';

/** Every model has it at byte 4. */
const IDENTIFIER = 'TFL3';
const HEADER_BYTES = 8;
/** Later additions to the schema are compatible and did not change the version. */
const SCHEMA_VERSION = 3;

/**
 * Inspects a TensorFlow Lite model: all tables are in the file, all indexes are within their tables, and all data is in
 * the file and has the length that its tensors need. Labels, metadata, signatures and names are optional.
 *
 * Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
 */
export const inspectTflite: Inspector = (bytes, context) => inspectModel(bytes, context, false);

/** Inspects a TensorFlow Lite model that was compiled for the Edge TPU. Source: https://coral.ai/docs/edgetpu/compiler/ */
export const inspectEdgeTpu: Inspector = (bytes, context) => inspectModel(bytes, context, true);

/** Runs the most important checks first: a large file may not be read completely. */
function* inspectModel(bytes: SparseBytes, context: InspectionContext, forEdgeTpu: boolean): Inspecting {
  const model = yield* attempt(bytes, () => readModel(bytes));
  const vector = (field: number): Inspecting<Tables> => attempt(bytes, () => model.tables(field));
  const codes = yield* readOperatorCodes(bytes, yield* vector(MODEL.operatorCodes));
  const subgraphs = yield* vector(MODEL.subgraphs);
  const counts = yield* checkSubgraphs(bytes, subgraphs);
  yield* summarize(bytes, context, { model, codes, counts });
  if (forEdgeTpu && codes.edgeTpu.size === 0) {
    context.finding(`is not compiled for the Edge TPU: none of its ${codes.count} operator codes is ${EDGE_TPU_CODE}`);
  }
  const buffers = yield* vector(MODEL.buffers);
  yield* checkLastBuffers(bytes, buffers);
  const programs = yield* checkOperators(bytes, subgraphs, codes);
  if (forEdgeTpu && codes.edgeTpu.size > 0) reportPrograms(context, programs);
  yield* checkSignatures(bytes, yield* vector(MODEL.signatureDefs), counts.tensors);
  yield* checkBuffers(bytes, context, buffers, yield* readConstants(bytes, subgraphs, buffers.length));
  yield* checkAppended(bytes, context, model);
}

function readModel(bytes: SparseBytes): Table {
  if (bytes.size < HEADER_BYTES) throw bytes.malformed(`is not a TensorFlow Lite model: it has ${bytes.size} bytes`);
  const identifier = identifierOf(bytes);
  if (identifier !== IDENTIFIER) {
    throw bytes.malformed(
      `is not a TensorFlow Lite model: the identifier at byte 4 is ${JSON.stringify(identifier)}, not "${IDENTIFIER}"`,
    );
  }
  const model = rootTable(bytes);
  const version = model.u32(MODEL.version);
  if (version !== SCHEMA_VERSION) {
    throw bytes.malformed(`is of version ${version} of the TensorFlow Lite schema, not ${SCHEMA_VERSION}`);
  }
  if (model.tables(MODEL.subgraphs).length === 0) throw bytes.malformed('has no subgraph');
  if (!model.has(MODEL.buffers)) throw bytes.malformed('has no list of buffers');
  return model;
}

interface Counts {
  readonly operators: number;
  /** By subgraph. */
  readonly tensors: readonly number[];
}

/** Checks the references of the subgraphs themselves. */
function* checkSubgraphs(bytes: SparseBytes, subgraphs: Tables): Inspecting<Counts> {
  const tensors: number[] = [];
  let operators = 0;
  const entries = subgraphs.entries();
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const [index, subgraph] = next;
    const counts = yield* attempt(bytes, () => checkSubgraph(bytes, index, subgraph));
    operators += counts.operators;
    tensors.push(counts.tensors);
  }
  return { operators, tensors };
}

function checkSubgraph(bytes: SparseBytes, index: number, subgraph: Table): { operators: number; tensors: number } {
  const { length } = subgraph.tables(SUBGRAPH.tensors);
  checkIndexes(bytes, subgraph, [SUBGRAPH.inputs, SUBGRAPH.outputs], length, `subgraph ${index}`);
  subgraph.text(SUBGRAPH.name);
  return { operators: subgraph.tables(SUBGRAPH.operators).length, tensors: length };
}

interface Known {
  readonly model: Table;
  readonly codes: OperatorCodes;
  readonly counts: Counts;
}

function* summarize(bytes: SparseBytes, context: InspectionContext, { model, codes, counts }: Known): Inspecting {
  const { inputs, outputs, description } = yield* attempt(bytes, () => {
    const main = model.tables(MODEL.subgraphs).at(0);
    return {
      inputs: describeTensors(main, SUBGRAPH.inputs),
      outputs: describeTensors(main, SUBGRAPH.outputs),
      description: model.text(MODEL.description),
    };
  });
  const labels = yield* readLabels(bytes, context, model);
  context.summarize({
    kind: 'tflite',
    summary: {
      schemaVersion: SCHEMA_VERSION,
      subgraphs: counts.tensors.length,
      operators: counts.operators,
      tensors: counts.tensors.reduce((sum, count) => sum + count, 0),
      ...{ inputs, outputs },
      ...defined({ labels }),
      edgeTpu: codes.edgeTpu.size > 0,
      ...defined({ description }),
    },
  });
}

function reportPrograms(context: InspectionContext, { used, odd }: EdgeTpuPrograms): void {
  if (used === 0) context.finding(`is not compiled for the Edge TPU: none of its operators is ${EDGE_TPU_CODE}`);
  if (odd > 0) context.note(`${odd} of its ${used} Edge TPU programs do not begin like programs of the known compiler`);
}

/** Checks the references of signatures, which give names to tensors of a subgraph. */
function* checkSignatures(bytes: SparseBytes, signatures: Tables, tensors: readonly number[]): Inspecting {
  const entries = signatures.entries();
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const [, signature] = next;
    const { name, subgraph, vectors } = yield* attempt(bytes, () => readSignature(signature));
    const count = tensors[subgraph];
    if (count === undefined) {
      throw bytes.malformed(`its ${name} refers to the subgraph ${subgraph}, but there are ${tensors.length}`);
    }
    for (const vector of vectors) {
      const named = vector.entries();
      for (let tensor = yield* nextOf(bytes, named); tensor; tensor = yield* nextOf(bytes, named)) {
        const [, map] = tensor;
        const index = yield* attempt(bytes, () => {
          map.text(TENSOR_MAP.name);
          return map.u32(TENSOR_MAP.tensorIndex);
        });
        if (index >= count) {
          throw bytes.malformed(`its ${name} refers to the tensor ${index}, but subgraph ${subgraph} has ${count}`);
        }
      }
    }
  }
}

function readSignature(signature: Table): { name: string; subgraph: number; vectors: Tables[] } {
  return {
    name: `signature ${JSON.stringify(shownName(signature.text(SIGNATURE_DEF.signatureKey) ?? ''))}`,
    subgraph: signature.u32(SIGNATURE_DEF.subgraphIndex),
    vectors: [SIGNATURE_DEF.inputs, SIGNATURE_DEF.outputs].map((field) => signature.tables(field)),
  };
}
