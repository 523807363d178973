import type { InspectedTensor } from '../../inspected';
import { readFeature } from './feature';
import type { Inspector } from '../../inspection';
import type { ProtoField } from '../../readers/proto-fields';
import { fieldsOf, messagesIn, WireType } from '../../readers/proto-fields';
import { MODEL_TYPES } from './schema';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { checkWeightBlobs } from './weight-blobs';

/** The fields of `Model.Type` begin here. */
const FIRST_TYPE = 200;
/** Real models have three or four. */
const MAX_FIELDS = 1_000;
/** Parts of the model itself that are read: layers with their weights may be anywhere in a large file. */
const MAX_PARTS = 16;
/** Inputs, and outputs, that are kept for people. */
const MAX_KEPT = 20;

/**
 * Inspects a Core ML model: it is complete, has a version, a description and exactly one inner model, and the weight
 * files that it names exist.
 *
 * Source: https://github.com/apple/coremltools/blob/main/mlmodel/format/Model.proto
 */
export const inspectCoreMl: Inspector = function* (bytes, context) {
  const { specificationVersion, description, type } = yield* readModel(bytes);
  const { inputs, outputs, text } = yield* readDescription(bytes, description);
  context.summarize({
    kind: 'core-ml',
    summary: {
      specificationVersion,
      type: MODEL_TYPES[type.number] ?? `field ${type.number}`,
      inputs,
      outputs,
      ...(text !== undefined && { description: text }),
    },
  });
  if (!(type.number in MODEL_TYPES)) context.note(`its model, field ${type.number}, is of an unknown type`);
  const parts = fieldsOf(bytes, type.start, type.end);
  let read = 0;
  while (read < MAX_PARTS && (yield* nextOf(bytes, parts))) read += 1;
  yield* checkWeightBlobs(bytes, context);
};

interface Model {
  readonly specificationVersion: number;
  readonly description: ProtoField;
  readonly type: ProtoField;
}

/** Other protocol buffers can begin like a Core ML model: only the field of its type distinguishes it. */
function* readModel(bytes: SparseBytes): Inspecting<Model> {
  let version: number | undefined;
  let description: ProtoField | undefined;
  let type: ProtoField | undefined;
  let count = 0;
  const fields = fieldsOf(bytes);
  for (let field = yield* nextOf(bytes, fields); field; field = yield* nextOf(bytes, fields)) {
    count += 1;
    if (count > MAX_FIELDS) throw notCoreMl(bytes, `it has more than ${MAX_FIELDS} fields`);
    if (field.number === 1) {
      if (field.wireType !== WireType.varint || field.value < 1) throw notCoreMl(bytes, 'field 1 is not a version');
      version = field.value;
    } else if (field.wireType !== WireType.bytes) {
      continue;
    } else if (field.number === 2) {
      description = field;
    } else if (field.number >= FIRST_TYPE) {
      if (type) throw bytes.malformed(`is damaged: it has two models, the fields ${type.number} and ${field.number}`);
      type = field;
    }
  }
  if (version === undefined) throw notCoreMl(bytes, 'it has no specification version');
  if (type === undefined) throw notCoreMl(bytes, `it has no model, which is a field of ${FIRST_TYPE} or above`);
  if (description === undefined) throw notCoreMl(bytes, 'it has no description');
  return { specificationVersion: version, description, type };
}

function notCoreMl(bytes: SparseBytes, reason: string): Error {
  return bytes.malformed(`is not a complete Core ML model: ${reason}`);
}

interface Description {
  readonly inputs: InspectedTensor[];
  readonly outputs: InspectedTensor[];
  text: string | undefined;
}

/**
 * `ModelDescription`: 1 input, 10 output, 20 functions, each with inputs (2) and outputs (3), 100 metadata.
 */
function* readDescription(bytes: SparseBytes, { start, end }: ProtoField): Inspecting<Description> {
  const read: Description = { inputs: [], outputs: [], text: undefined };
  const fields = messagesIn(bytes, start, end);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    if (field.number === 1) yield* keep(bytes, read.inputs, field);
    if (field.number === 10) yield* keep(bytes, read.outputs, field);
    if (field.number === 20) {
      const parts = messagesIn(bytes, field.start, field.end);
      for (let part = yield* nextOf(bytes, parts); part; part = yield* nextOf(bytes, parts)) {
        if (part.number === 2) yield* keep(bytes, read.inputs, part);
        if (part.number === 3) yield* keep(bytes, read.outputs, part);
      }
    }
    if (field.number === 100) read.text = yield* readShortDescription(bytes, field);
  }
  return read;
}

function* keep(bytes: SparseBytes, features: InspectedTensor[], field: ProtoField): Inspecting {
  if (features.length < MAX_KEPT) features.push(yield* attempt(bytes, () => readFeature(bytes, field)));
}

/** `Metadata`: 1 is its short description. */
function* readShortDescription(bytes: SparseBytes, { start, end }: ProtoField): Inspecting<string | undefined> {
  const fields = messagesIn(bytes, start, end);
  for (let next = yield* nextOf(bytes, fields); next; next = yield* nextOf(bytes, fields)) {
    const field = next;
    if (field.number === 1) return yield* attempt(bytes, () => bytes.text(field.start, field.end - field.start));
  }
  return undefined;
}
