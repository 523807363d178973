import type { Table, Tables } from '../../readers/flatbuffer';
import type { InspectionContext } from '../../inspection';
import type { ByteRange, SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { LimitError } from '../../readers/limit-error';
import { BUFFER } from './schema';

/** A tensor whose data is in the model, and the bytes that it needs. */
export interface ConstantTensor {
  readonly subgraph: number;
  readonly index: number;
  readonly bytes: number;
}

/** Constant tensors by the buffers of their data; several tensors may share one. */
export type ConstantTensors = ReadonlyMap<number, readonly ConstantTensor[]>;

/** Buffers that are loaded at the same time in a large file: the weights lie between them. */
const BATCH = 32;
const LAST_BUFFERS = 16;

/** The position of a buffer's data, if it has any: beside its table or after the FlatBuffer. */
export function bufferData(buffer: Table): ByteRange | undefined {
  const data = buffer.data(BUFFER.data) ?? outsideData(buffer, BUFFER);
  return data && data.length > 0 ? data : undefined;
}

/**
 * Data after the FlatBuffer, in models larger than 2 GiB. Offsets count from the file's start; 0 and 1 mean no data.
 */
export function outsideData(table: Table, fields: { offset: number; size: number }): ByteRange | undefined {
  const start = table.u64(fields.offset);
  return start > 1 ? table.part(start, table.u64(fields.size)) : undefined;
}

/**
 * Checks the last buffers first: they show that the file is cut off even if it has too many tables to read them all.
 */
export function* checkLastBuffers(bytes: SparseBytes, buffers: Tables): Inspecting {
  const entries = buffers.entries({ lastFirst: true, batch: LAST_BUFFERS, follow: [BUFFER.data] });
  for (let checked = 0; checked < LAST_BUFFERS; checked += 1) {
    const next = yield* nextOf(bytes, entries);
    if (next === undefined) return;
    yield* attempt(bytes, () => bufferData(next[1]));
  }
}

/** Checks that all buffers are in the file and have the bytes that their tensors need. */
export function* checkBuffers(
  bytes: SparseBytes,
  context: InspectionContext,
  buffers: Tables,
  constants: ConstantTensors,
): Inspecting {
  const entries = buffers.entries({ lastFirst: true, batch: BATCH, follow: [BUFFER.data] });
  let checked = 0;
  let longer = 0;
  try {
    for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
      const [index, buffer] = next;
      const data = yield* attempt(bytes, () => bufferData(buffer));
      if (data) longer += checkData(bytes, data, index, constants.get(index) ?? []);
      checked += 1;
    }
  } catch (error) {
    if (error instanceof LimitError) context.note(`${checked} of ${buffers.length} buffers were checked`);
    throw error;
  }
  // Runtimes accept such tensors.
  if (longer > 0) context.note(`${longer} of its tensors have more data than their shapes need`);
}

/** Compares a buffer with its tensors. Returns the number of tensors that need less data. */
function checkData(bytes: SparseBytes, data: ByteRange, buffer: number, tensors: readonly ConstantTensor[]): number {
  bytes.meter.charge(tensors.length);
  const short = tensors.find((tensor) => tensor.bytes > data.length);
  if (short === undefined) return tensors.filter((tensor) => tensor.bytes < data.length).length;
  throw bytes.malformed(
    `its tensor ${short.index} of subgraph ${short.subgraph} needs ${short.bytes} bytes, but its buffer ${buffer} has ${data.length}`,
  );
}
