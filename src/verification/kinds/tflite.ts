import type { Table, Tables } from '../reading/flatbuffer';
import { identifierOf, rootTable } from '../reading/flatbuffer';
import type { Inspector, Look } from '../inspection';
import type { SparseBytes } from '../reading/sparse-bytes';
import { checkBuffers, checkLastBuffers } from './tflite-buffers';
import { checkAppended, readLabels } from './tflite-labels';
import type { EdgeTpuPrograms, OperatorCodes } from './tflite-operators';
import { checkOperators, EDGE_TPU_CODE, readOperatorCodes } from './tflite-operators';
import { MODEL, SIGNATURE_DEF, SUBGRAPH, TENSOR_MAP } from './tflite-schema';
import { checkIndexes, describeTensors, readConstants } from './tflite-tensors';

/** Stands at byte 4 of every model. */
const IDENTIFIER = 'TFL3';
const HEADER_BYTES = 8;
/** What was added to the schema after its version 3 is compatible with it, and did not change the number. */
const SCHEMA_VERSION = 3;

/**
 * A TensorFlow Lite model: all tables are there, all indexes are within their tables, and all data is in the file and
 * as long as the shapes of its tensors say. Labels, metadata, signatures and names need not be there.
 *
 * Source: https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
 */
export const inspectTflite: Inspector = (bytes, look) => {
  inspectModel(bytes, look, false);
};

/** A TensorFlow Lite model that was compiled for the Edge TPU. Source: https://coral.ai/docs/edgetpu/compiler/ */
export const inspectEdgeTpu: Inspector = (bytes, look) => {
  inspectModel(bytes, look, true);
};

/** What matters most comes first: of a large file not everything may be read. */
function inspectModel(bytes: SparseBytes, look: Look, forEdgeTpu: boolean): void {
  const model = readModel(bytes);
  const codes = readOperatorCodes(bytes, model.tables(MODEL.operatorCodes));
  const subgraphs = model.tables(MODEL.subgraphs);
  const counts = checkSubgraphs(bytes, subgraphs);
  learn(bytes, look, { model, codes, counts });
  if (forEdgeTpu && codes.edgeTpu.size === 0) {
    look.finding(`is not compiled for the Edge TPU: none of its ${codes.count} operator codes is ${EDGE_TPU_CODE}`);
  }
  const buffers = model.tables(MODEL.buffers);
  checkLastBuffers(buffers);
  const programs = checkOperators(bytes, subgraphs, codes);
  if (forEdgeTpu && codes.edgeTpu.size > 0) tellPrograms(look, programs);
  checkSignatures(bytes, model.tables(MODEL.signatureDefs), counts.tensors);
  checkBuffers(bytes, look, buffers, readConstants(bytes, subgraphs, buffers.length));
  checkAppended(bytes, look, model);
}

function readModel(bytes: SparseBytes): Table {
  if (bytes.size < HEADER_BYTES) throw bytes.malformed(`is no TensorFlow Lite model: it has ${bytes.size} bytes`);
  const identifier = identifierOf(bytes);
  if (identifier !== IDENTIFIER) {
    throw bytes.malformed(
      `is no TensorFlow Lite model: the identifier at byte 4 is ${JSON.stringify(identifier)}, not "${IDENTIFIER}"`,
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

/** Checks what subgraphs themselves refer to. */
function checkSubgraphs(bytes: SparseBytes, subgraphs: Tables): Counts {
  const tensors: number[] = [];
  let operators = 0;
  for (const [index, subgraph] of subgraphs.entries()) {
    const { length } = subgraph.tables(SUBGRAPH.tensors);
    checkIndexes(bytes, subgraph, [SUBGRAPH.inputs, SUBGRAPH.outputs], length, `subgraph ${index}`);
    subgraph.text(SUBGRAPH.name);
    operators += subgraph.tables(SUBGRAPH.operators).length;
    tensors.push(length);
  }
  return { operators, tensors };
}

interface Known {
  readonly model: Table;
  readonly codes: OperatorCodes;
  readonly counts: Counts;
}

function learn(bytes: SparseBytes, look: Look, { model, codes, counts }: Known): void {
  const main = model.tables(MODEL.subgraphs).at(0);
  const description = model.text(MODEL.description);
  const labels = readLabels(bytes, look, model);
  look.learned({
    kind: 'tflite',
    summary: {
      schemaVersion: SCHEMA_VERSION,
      subgraphs: counts.tensors.length,
      operators: counts.operators,
      tensors: counts.tensors.reduce((sum, count) => sum + count, 0),
      inputs: describeTensors(main, SUBGRAPH.inputs),
      outputs: describeTensors(main, SUBGRAPH.outputs),
      ...(labels && { labels }),
      edgeTpu: codes.edgeTpu.size > 0,
      ...(description !== undefined && { description }),
    },
  });
}

function tellPrograms(look: Look, { used, odd }: EdgeTpuPrograms): void {
  if (used === 0) look.finding(`is not compiled for the Edge TPU: none of its operators is ${EDGE_TPU_CODE}`);
  if (odd > 0) look.note(`${odd} of its ${used} Edge TPU programs do not begin as programs of the known compiler do`);
}

/** Signatures need not be there; those which are give names to tensors of a subgraph. */
function checkSignatures(bytes: SparseBytes, signatures: Tables, tensors: readonly number[]): void {
  for (const [, signature] of signatures.entries()) {
    const name = `signature ${JSON.stringify(signature.text(SIGNATURE_DEF.signatureKey) ?? '')}`;
    const subgraph = signature.u32(SIGNATURE_DEF.subgraphIndex);
    const count = tensors[subgraph];
    if (count === undefined) {
      throw bytes.malformed(`its ${name} refers to the subgraph ${subgraph}, and there are ${tensors.length}`);
    }
    for (const field of [SIGNATURE_DEF.inputs, SIGNATURE_DEF.outputs]) {
      for (const [, named] of signature.tables(field).entries()) {
        named.text(TENSOR_MAP.name);
        const index = named.u32(TENSOR_MAP.tensorIndex);
        if (index >= count) {
          throw bytes.malformed(`its ${name} refers to the tensor ${index}, and subgraph ${subgraph} has ${count}`);
        }
      }
    }
  }
}
