import type { Table } from '../reading/flatbuffer';
import { identifierOf, rootTable } from '../reading/flatbuffer';
import type { Look } from '../inspection';
import { countLines } from '../reading/lines';
import type { SparseBytes } from '../reading/sparse-bytes';
import { bufferData } from './tflite-buffers';
import { METADATA, MODEL } from './tflite-schema';
import type { ZipDirectory, ZipEntry } from '../reading/zip';
import { beginsAsZip, endsAsZip, STORED, zipData, zipDirectory, zipEntries } from '../reading/zip';

/** The name of the model's metadata entry whose buffer holds a FlatBuffer of its own, and the latter's identifier. */
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
/** Types of associated files that are labels: of an axis, and of values. */
const LABEL_TYPES = [2, 3];

/** Where metadata says nothing, a file's name tells. */
const LABEL_NAME = /label|dict/i;

/** Before a FlatBuffer's root table stand its place and its identifier. */
const HEADER_BYTES = 8;
/** Files that metadata names and that are looked for. */
const MAX_NAMED = 100;
/** Characters of a name in a message. */
const MAX_SHOWN = 200;
/** A longer label file is not read, in bytes. */
const MAX_LABEL_BYTES = 64 * 1024;

/** Between a FlatBuffer's last part and its end stand no more zeros than this. */
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
 * Reads the label file in the zip archive that is appended to a model. Models without labels have none; one whose
 * metadata names files must have it.
 */
export function readLabels(bytes: SparseBytes, look: Look, model: Table): Labels | undefined {
  const named = namedFiles(bytes, look, model);
  const [first] = named;
  const directory = first || endsAsZip(bytes) ? zipDirectory(bytes) : undefined;
  if (directory === undefined) {
    if (first) look.finding(`is cut off: its metadata names ${quoted(first.name)}, and no zip archive is at its end`);
    return undefined;
  }
  const typed = named.find(({ type }) => LABEL_TYPES.includes(type));
  const missing = new Set(named.map(({ name }) => name));
  let labels: ZipEntry | undefined;
  for (const entry of zipEntries(bytes, directory)) {
    missing.delete(entry.name);
    if (typed ? typed.name === entry.name : LABEL_NAME.test(entry.name)) labels ??= entry;
  }
  for (const name of missing)
    look.note(`its metadata names ${quoted(name)}, which is not in the zip archive at its end`);
  return labels && countLabels(bytes, look, directory, labels);
}

/** Behind the FlatBuffer an archive begins that has no directory: it is cut off, whether or not metadata names it. */
export function checkAppended(bytes: SparseBytes, look: Look, model: Table): void {
  const rest = bytes.slice(model.end, Math.min(MAX_PADDING_BYTES, bytes.size - model.end));
  const padding = rest.findIndex((byte) => byte !== 0);
  if (padding < 0 || !beginsAsZip(bytes, model.end + padding) || zipDirectory(bytes)) return;
  look.finding(`is cut off: the zip archive that begins at ${model.end + padding} has no directory`);
}

function countLabels(bytes: SparseBytes, look: Look, directory: ZipDirectory, entry: ZipEntry): Labels | undefined {
  const data = zipData(bytes, directory, entry);
  if (entry.method === STORED && data.length <= MAX_LABEL_BYTES) {
    return { file: entry.name, lines: countLines(bytes.slice(data.start, data.length)) };
  }
  look.note(`the lines of its label file ${quoted(entry.name)} were not counted: it is compressed or large`);
  return undefined;
}

/** The files that the model's metadata names, 100 at most. */
function namedFiles(bytes: SparseBytes, look: Look, model: Table): NamedFile[] {
  const metadata = modelMetadata(bytes, look, model);
  const files: NamedFile[] = [];
  for (const file of metadata ? associatedFiles(metadata) : []) {
    const name = file.text(FIELDS.associatedFile.name) ?? '';
    if (files.push({ name, type: file.i8(FIELDS.associatedFile.type) }) === MAX_NAMED) break;
  }
  return files;
}

function modelMetadata(bytes: SparseBytes, look: Look, model: Table): Table | undefined {
  const buffers = model.tables(MODEL.buffers);
  let found: number | undefined;
  for (const [, entry] of model.tables(MODEL.metadata).entries({ follow: [METADATA.name] })) {
    const index = entry.u32(METADATA.buffer);
    const name = entry.text(METADATA.name) ?? '';
    if (index >= buffers.length) {
      throw bytes.malformed(`its metadata ${quoted(name)} is in the buffer ${index}, and there are ${buffers.length}`);
    }
    if (name === MODEL_METADATA.name) found ??= index;
  }
  const data = found === undefined ? undefined : bufferData(buffers.at(found));
  if (data === undefined) return undefined;
  if (data.length >= HEADER_BYTES && identifierOf(bytes, data.start) === MODEL_METADATA.identifier) {
    return rootTable(bytes, data.start);
  }
  look.note(`its ${MODEL_METADATA.name} is not of the known form and was not looked at`);
  return undefined;
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

/** A name of the file's own, which may be anything. */
function quoted(name: string): string {
  return JSON.stringify(name.slice(0, MAX_SHOWN));
}
