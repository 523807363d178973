import type { InspectionContext } from '../../inspection';
import { fieldsOf, messagesIn } from '../../readers/proto-fields';
import { shownName } from '../../messages';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** Part of a program that is read at once, in bytes; most programs are smaller because their weights are elsewhere. */
const MAX_PROGRAM_BYTES = 960 * 1024;
const MAX_DEPTH = 64;

/** Prefix of a name that is relative to the model's file. */
const MODEL_PATH = /^@model_path\//;
/** Version of a weight file, and the first number and the length of the record before each of its weights. */
const STORAGE_VERSION = 2;
const SENTINEL = 0xdeadbeef;
const RECORD_BYTES = 64;

/**
 * Which fields of which messages lead to names of files. Source:
 * https://github.com/apple/coremltools/blob/main/mlmodel/format/MIL.proto and Model.proto.
 */
const WAYS = {
  Model: { 200: 'PipelineWrapper', 201: 'PipelineWrapper', 202: 'Pipeline', 502: 'Program' },
  PipelineWrapper: { 1: 'Pipeline' },
  Pipeline: { 1: 'Model' },
  Program: { 2: 'FunctionsEntry' },
  FunctionsEntry: { 2: 'Function' },
  Function: { 3: 'BlockSpecializationsEntry' },
  BlockSpecializationsEntry: { 2: 'Block' },
  Block: { 3: 'Operation' },
  Operation: { 2: 'InputsEntry', 4: 'Block', 5: 'AttributesEntry' },
  InputsEntry: { 2: 'Argument' },
  Argument: { 1: 'Binding' },
  Binding: { 2: 'Value' },
  AttributesEntry: { 2: 'Value' },
  Value: { 5: 'BlobFileValue' },
  BlobFileValue: {},
} as const satisfies Record<string, Record<number, string>>;

type MessageName = keyof typeof WAYS;
/** Where the record of the last weight of a file begins, by the file's name in the program. */
type Blobs = Map<string, number>;

/** Checks that the weight files that the programs in a Core ML model name exist and are long enough. */
export function* checkWeightBlobs(bytes: SparseBytes, context: InspectionContext): Inspecting {
  const blobs: Blobs = new Map();
  yield* collect(bytes, { name: 'Model', start: 0, end: bytes.size }, 0, blobs);
  for (const [name, lastRecord] of blobs) {
    if (bytes.meter.isDue) yield undefined;
    const file = name.replace(MODEL_PATH, '');
    const weights = context.open(context.beside(file)) ?? context.open(context.above(file));
    if (weights === undefined) context.finding(`is incomplete: its weights in ${shownName(file)} are missing`);
    else {
      yield* attempt(bytes, () => {
        checkLastRecord(weights, lastRecord);
      });
    }
  }
}

interface Part {
  readonly name: MessageName;
  readonly start: number;
  readonly end: number;
}

function* collect(bytes: SparseBytes, { name, start, end }: Part, depth: number, blobs: Blobs): Inspecting {
  if (depth > MAX_DEPTH) throw bytes.limited(`it has messages nested deeper than ${MAX_DEPTH} at byte ${start}`);
  if (name === 'Program') {
    yield* attempt(bytes, () => {
      bytes.need([{ start, length: Math.min(end - start, MAX_PROGRAM_BYTES) }]);
    });
  }
  if (name === 'BlobFileValue') {
    yield* attempt(bytes, () => {
      addBlob(bytes, start, end, blobs);
    });
    return;
  }
  const ways: Readonly<Record<number, MessageName>> = WAYS[name];
  const fields = messagesIn(bytes, start, end);
  for (let field = yield* nextOf(bytes, fields); field; field = yield* nextOf(bytes, fields)) {
    const next = ways[field.number];
    if (next) yield* collect(bytes, { name: next, start: field.start, end: field.end }, depth + 1, blobs);
  }
}

/** `BlobFileValue`: 1 is the file's name, 2 the offset of its record. */
function addBlob(bytes: SparseBytes, start: number, end: number, blobs: Blobs): void {
  let name = '';
  let offset = 0;
  for (const field of fieldsOf(bytes, start, end)) {
    if (field.number === 1) name = bytes.text(field.start, field.end - field.start);
    if (field.number === 2) offset = field.value;
  }
  if (name === '') throw bytes.malformed(`has weights at byte ${start} that are in no file`);
  blobs.set(name, Math.max(offset, blobs.get(name) ?? 0));
}

/**
 * A record has the length of its weights. Those of the last record end at the end of the file, so this finds a file
 * that is cut off.
 *
 * Source: https://github.com/apple/coremltools/blob/main/mlmodel/src/MILBlob/Blob/StorageFormat.hpp
 */
function checkLastRecord(weights: SparseBytes, at: number): void {
  if (at + RECORD_BYTES > weights.size) {
    throw weights.malformed(`is cut off: weights should begin at byte ${at}, but the file has ${weights.size}`);
  }
  if (weights.u32(4) !== STORAGE_VERSION) return;
  if (weights.u32(at) !== SENTINEL) throw weights.malformed(`is damaged: there are no weights at byte ${at}`);
  const end = weights.u64(at + 16) + weights.u64(at + 8);
  if (end > weights.size) {
    throw weights.malformed(`is cut off: its weights should end at byte ${end}, but the file has ${weights.size}`);
  }
}
