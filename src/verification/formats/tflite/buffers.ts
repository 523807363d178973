import type { Table, Tables } from '../../readers/flatbuffer';
import type { Look } from '../../inspection';
import type { ByteRange, SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { LimitError } from '../../readers/work';
import { BUFFER } from './schema';

/** A tensor whose data is in the model, and how long that should be. */
export interface ConstantTensor {
  readonly subgraph: number;
  readonly index: number;
  readonly bytes: number;
}

/** Constant tensors by the buffers that hold their data: several may share one. */
export type ConstantTensors = ReadonlyMap<number, readonly ConstantTensor[]>;

/** Buffers stand apart, with the weights between them: of a large file so many are loaded at the same time. */
const BATCH = 32;
const LAST_BUFFERS = 16;

/** Where the data of a buffer stands, if it has any: beside its table, or behind the FlatBuffer. */
export function bufferData(buffer: Table): ByteRange | undefined {
  const data = buffer.data(BUFFER.data) ?? outsideData(buffer, BUFFER);
  return data && data.length > 0 ? data : undefined;
}

/** Data behind the FlatBuffer, for models larger than 2 GiB: offsets count from the file's start, 0 and 1 are none. */
export function outsideData(table: Table, fields: { offset: number; size: number }): ByteRange | undefined {
  const start = table.u64(fields.offset);
  return start > 1 ? table.part(start, table.u64(fields.size)) : undefined;
}

/** Where a model has too many tables to look at all, its last buffers still tell whether the file is cut off. */
export function* checkLastBuffers(bytes: SparseBytes, buffers: Tables): Inspecting {
  const entries = buffers.entries({ lastFirst: true, batch: LAST_BUFFERS, follow: [BUFFER.data] });
  for (let checked = 0; checked < LAST_BUFFERS; checked += 1) {
    const next = yield* nextOf(bytes, entries);
    if (next === undefined) return;
    yield* attempt(bytes, () => bufferData(next[1]));
  }
}

/** All buffers must be in the file, and have as many bytes as the shapes and types of their tensors make. */
export function* checkBuffers(bytes: SparseBytes, look: Look, buffers: Tables, constants: ConstantTensors): Inspecting {
  const entries = buffers.entries({ lastFirst: true, batch: BATCH, follow: [BUFFER.data] });
  let seen = 0;
  let longer = 0;
  try {
    for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
      const [index, buffer] = next;
      const data = yield* attempt(bytes, () => bufferData(buffer));
      if (data) longer += checkData(bytes, data, index, constants.get(index) ?? []);
      seen += 1;
    }
  } catch (error) {
    if (error instanceof LimitError) look.note(`${seen} of ${buffers.length} buffers were checked`);
    throw error;
  }
  // Runtimes take them.
  if (longer > 0) look.note(`${longer} of its tensors have more data than their shapes need`);
}

/** Compares a buffer with its tensors; gives how many of them have data left over. */
function checkData(bytes: SparseBytes, data: ByteRange, buffer: number, tensors: readonly ConstantTensor[]): number {
  bytes.meter.charge(tensors.length);
  const short = tensors.find((tensor) => tensor.bytes > data.length);
  if (short === undefined) return tensors.filter((tensor) => tensor.bytes < data.length).length;
  throw bytes.malformed(
    `its tensor ${short.index} of subgraph ${short.subgraph} needs ${short.bytes} bytes, and its buffer ${buffer} has ${data.length}`,
  );
}
