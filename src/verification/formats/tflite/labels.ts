import type { Table } from '../../readers/flatbuffer';
import { identifierOf, rootTable } from '../../readers/flatbuffer';
import type { InspectionContext } from '../../inspection';
import { countLines } from '../../readers/lines';
import { shownName } from '../../messages';
import type { ByteRange, SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { bufferData } from './buffers';
import { METADATA, MODEL } from './schema';
import type { ZipDirectory, ZipEntry } from '../../readers/zip';
import { beginsAsZip, endsAsZip, STORED, zipData, zipDirectory, zipEntries } from '../../readers/zip';

/** The name of the metadata entry whose buffer contains another FlatBuffer, and the identifier of that FlatBuffer. */
const MODEL_METADATA = { name: 'TFLITE_METADATA', identifier: 'M001' };

/**
 * Numbers of the fields of the metadata's tables.
 *
 * Source: https://github.com/tensorflow/tflite-support/blob/master/tensorflow_lite_support/metadata/metadata_schema.fbs
 */
const FIELDS = {
  model: { subgraphs: 3, associatedFiles: 6 },
  subgraph: { inputs: 2, outputs: 3, associatedFiles: 4 },
  tensor: { associatedFiles: 6 },
  associatedFile: { name: 0, type: 2 },
};
/** Types of associated files with labels: of an axis, and of values. */
const LABEL_TYPES = [2, 3];

/** Names of label files, for models without metadata. */
const LABEL_NAME = /label|dict/i;

/** Bytes before a FlatBuffer's root table: its position and the identifier. */
const HEADER_BYTES = 8;
/** Files named in metadata that are searched for. */
const MAX_NAMED = 100;
/** A longer label file is not read, in bytes. */
const MAX_LABEL_BYTES = 64 * 1024;

/** Most zeros between a FlatBuffer's last part and its end. */
const MAX_PADDING_BYTES = 64;

interface NamedFile {
  readonly name: string;
  readonly type: number;
}

/** The label file of a model: its name, and how many lines it has. */
export interface Labels {
  readonly file: string;
  readonly lines: number;
}

/**
 * Reads the label file in the zip archive that is appended to a model. A model whose metadata names files must have the
 * archive; other models may lack it.
 */
export function* readLabels(
  bytes: SparseBytes,
  context: InspectionContext,
  model: Table,
): Inspecting<Labels | undefined> {
  const named = yield* attempt(bytes, () => namedFiles(bytes, model));
  if (named === undefined) context.note(`its ${MODEL_METADATA.name} has an unknown form and was not inspected`);
  const [first] = named ?? [];
  const directory = yield* attempt(bytes, () => (first || endsAsZip(bytes) ? zipDirectory(bytes) : undefined));
  if (directory === undefined) {
    if (first)
      context.finding(`is cut off: its metadata names ${quoted(first.name)}, but no zip archive is at its end`);
    return undefined;
  }
  const typed = named?.find(({ type }) => LABEL_TYPES.includes(type));
  const missing = new Set(named?.map(({ name }) => name));
  let labels: ZipEntry | undefined;
  const entries = zipEntries(bytes, directory);
  for (let entry = yield* nextOf(bytes, entries); entry; entry = yield* nextOf(bytes, entries)) {
    missing.delete(entry.name);
    if (typed ? typed.name === entry.name : LABEL_NAME.test(entry.name)) labels ??= entry;
  }
  for (const name of missing)
    context.note(`its metadata names ${quoted(name)}, which is not in the zip archive at its end`);
  return labels && (yield* countLabels(bytes, context, directory, labels));
}

/** Reports an archive after the FlatBuffer that has no directory: it is cut off, whether or not metadata names it. */
export function* checkAppended(bytes: SparseBytes, context: InspectionContext, model: Table): Inspecting {
  const cutAt = yield* attempt(bytes, () => {
    const rest = bytes.slice(model.end, Math.min(MAX_PADDING_BYTES, bytes.size - model.end));
    const padding = rest.findIndex((byte) => byte !== 0);
    const at = model.end + padding;
    return padding < 0 || !beginsAsZip(bytes, at) || zipDirectory(bytes) ? undefined : at;
  });
  if (cutAt !== undefined) context.finding(`is cut off: the zip archive that begins at ${cutAt} has no directory`);
}

function* countLabels(
  bytes: SparseBytes,
  context: InspectionContext,
  directory: ZipDirectory,
  entry: ZipEntry,
): Inspecting<Labels | undefined> {
  const data = yield* attempt(bytes, () => zipData(bytes, directory, entry));
  if (entry.method === STORED && data.length <= MAX_LABEL_BYTES) {
    return { file: entry.name, lines: yield* countLines(bytes, data.start, data.length) };
  }
  context.note(`the lines of its label file ${quoted(entry.name)} were not counted: it is compressed or large`);
  return undefined;
}

/** The files that the model's metadata names, at most 100; `undefined` if the metadata has an unknown form. */
function namedFiles(bytes: SparseBytes, model: Table): NamedFile[] | undefined {
  const data = modelMetadata(bytes, model);
  if (data === undefined) return [];
  if (data.length < HEADER_BYTES || identifierOf(bytes, data.start) !== MODEL_METADATA.identifier) return undefined;
  const files: NamedFile[] = [];
  for (const file of associatedFiles(rootTable(bytes, data.start))) {
    const name = file.text(FIELDS.associatedFile.name) ?? '';
    if (files.push({ name, type: file.i8(FIELDS.associatedFile.type) }) === MAX_NAMED) break;
  }
  return files;
}

/** The position of the model's metadata. */
function modelMetadata(bytes: SparseBytes, model: Table): ByteRange | undefined {
  const buffers = model.tables(MODEL.buffers);
  let found: number | undefined;
  for (const [, entry] of model.tables(MODEL.metadata).entries({ follow: [METADATA.name] })) {
    const index = entry.u32(METADATA.buffer);
    const name = entry.text(METADATA.name) ?? '';
    if (index >= buffers.length) {
      throw bytes.malformed(`its metadata ${quoted(name)} is in the buffer ${index}, but there are ${buffers.length}`);
    }
    if (name === MODEL_METADATA.name) found ??= index;
  }
  return found === undefined ? undefined : bufferData(buffers.at(found));
}

function* associatedFiles(metadata: Table): Generator<Table, void, undefined> {
  yield* tablesOf(metadata, FIELDS.model.associatedFiles);
  for (const subgraph of tablesOf(metadata, FIELDS.model.subgraphs)) {
    yield* tablesOf(subgraph, FIELDS.subgraph.associatedFiles);
    for (const field of [FIELDS.subgraph.outputs, FIELDS.subgraph.inputs]) {
      for (const tensor of tablesOf(subgraph, field)) yield* tablesOf(tensor, FIELDS.tensor.associatedFiles);
    }
  }
}

function* tablesOf(table: Table, field: number): Generator<Table, void, undefined> {
  for (const [, entry] of table.tables(field).entries()) yield entry;
}

/** A name from the file, in quotes: it may be any text. */
function quoted(name: string): string {
  return JSON.stringify(shownName(name));
}
