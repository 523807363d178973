import type { InspectedTensor } from '../../inspected';
import type { Table, Tables } from '../../readers/flatbuffer';
import { elementsOf } from '../../readers/shape';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import type { ConstantTensor, ConstantTensors } from './buffers';
import { elementType, QUANTIZATION, SUBGRAPH, TENSOR } from './schema';

/** Vectors of a tensor's quantization, with the bytes of an element. */
const QUANTIZATION_VECTORS = [
  { field: QUANTIZATION.min, elementBytes: 4 },
  { field: QUANTIZATION.max, elementBytes: 4 },
  { field: QUANTIZATION.scale, elementBytes: 4 },
  { field: QUANTIZATION.zeroPoint, elementBytes: 8 },
];

/** What of a tensor is wanted and stands outside of its table. */
const ELSEWHERE = [TENSOR.shape, TENSOR.sparsity];

/** Tensors of a large file whose names and quantization are looked at, of each subgraph. */
const LAST_TENSORS = 16;

/** What a summary lists at most: inputs, outputs, and sides of each. */
const MAX_LISTED = 20;

const MAX_DIMENSIONS = 64;

/** Stands for an optional tensor that is not there. */
const NO_TENSOR = -1;

/** Checks that lists of a table have indexes of tensors only. */
export function checkIndexes(
  bytes: SparseBytes,
  table: Table,
  fields: readonly number[],
  tensors: number,
  what: string,
): void {
  for (const field of fields) {
    for (const index of table.ints(field)) {
      if (index >= NO_TENSOR && index < tensors) continue;
      throw bytes.malformed(`its ${what} refers to the tensor ${index}, and there are ${tensors}`);
    }
  }
}

/** The inputs or outputs of a subgraph, for people. */
export function describeTensors(subgraph: Table, field: number): InspectedTensor[] {
  const tensors = subgraph.tables(SUBGRAPH.tensors);
  const indexes = firstInts(subgraph, field).filter((index) => index !== NO_TENSOR);
  return indexes.map((index) => describeTensor(tensors.at(index)));
}

function describeTensor(tensor: Table): InspectedTensor {
  const described = { name: tensor.text(TENSOR.name) ?? '', type: elementType(tensor.i8(TENSOR.type)).name };
  // The signature has the dimensions that are not fixed; the shape has a number for them, too.
  const signature = firstInts(tensor, TENSOR.shapeSignature);
  const shape = signature.length > 0 ? signature : firstInts(tensor, TENSOR.shape);
  return shape.length > 0 || tensor.bool(TENSOR.hasRank) ? { ...described, shape } : described;
}

function firstInts(table: Table, field: number): number[] {
  const first: number[] = [];
  for (const value of table.ints(field)) {
    if (first.push(value) === MAX_LISTED) break;
  }
  return first;
}

/** Checks the tensors of all subgraphs, and gives those whose data is in a buffer. */
export function* readConstants(bytes: SparseBytes, subgraphs: Tables, buffers: number): Inspecting<ConstantTensors> {
  const constants = new Map<number, ConstantTensor[]>();
  const entries = subgraphs.entries();
  for (let next = yield* nextOf(bytes, entries); next; next = yield* nextOf(bytes, entries)) {
    const [subgraph, table] = next;
    const tensors = yield* attempt(bytes, () => table.tables(SUBGRAPH.tensors));
    const listing = tensors.entries({ follow: ELSEWHERE });
    for (let found = yield* nextOf(bytes, listing); found; found = yield* nextOf(bytes, listing)) {
      const [index, tensor] = found;
      const constant = yield* attempt(bytes, () => readConstant(bytes, tensor, { subgraph, index, buffers }));
      if (constant === undefined) continue;
      const others = constants.get(constant.buffer);
      if (others) others.push(constant);
      else constants.set(constant.buffer, [constant]);
    }
    yield* checkDetails(bytes, tensors);
  }
  return constants;
}

function readConstant(
  bytes: SparseBytes,
  tensor: Table,
  { subgraph, index, buffers }: { subgraph: number; index: number; buffers: number },
): (ConstantTensor & { buffer: number }) | undefined {
  const buffer = tensor.u32(TENSOR.buffer);
  if (buffer > 0 && buffer >= buffers) {
    throw bytes.malformed(
      `its tensor ${index} of subgraph ${subgraph} refers to the buffer ${buffer}, and there are ${buffers}`,
    );
  }
  const needed = buffer > 0 ? dataBytes(tensor) : undefined;
  return needed === undefined ? undefined : { subgraph, index, bytes: needed, buffer };
}

/**
 * Checks that names and quantization of a subgraph's tensors are in the file. They lie scattered; where they have to be
 * read one by one, the last in the file tell whether it is cut off, and buffers matter more than the others.
 */
function* checkDetails(bytes: SparseBytes, tensors: Tables): Inspecting {
  const whole = bytes.isLoaded;
  const follow = [TENSOR.name, TENSOR.quantization];
  const entries = tensors.entries({ lastFirst: true, batch: LAST_TENSORS, follow });
  for (let checked = 0; whole || checked < LAST_TENSORS; checked += 1) {
    const next = yield* nextOf(bytes, entries);
    if (next === undefined) return;
    const [, tensor] = next;
    yield* attempt(bytes, () => {
      tensor.text(TENSOR.name);
      const quantization = tensor.table(TENSOR.quantization);
      for (const { field, elementBytes } of QUANTIZATION_VECTORS) quantization?.data(field, elementBytes);
    });
  }
}

/** Bytes of a tensor's data; `undefined` where its shape and type don't tell. */
function dataBytes(tensor: Table): number | undefined {
  const { bits } = elementType(tensor.i8(TENSOR.type));
  const elsewhere = tensor.u32(TENSOR.externalBuffer) > 0 || tensor.bool(TENSOR.isVariable);
  if (bits === undefined || elsewhere || tensor.table(TENSOR.sparsity)) return undefined;
  const shape: number[] = [];
  for (const side of tensor.ints(TENSOR.shape)) {
    // A shape of more dimensions is in no model, and what its tensor needs can't be told.
    if (side < 0 || shape.length >= MAX_DIMENSIONS) return undefined;
    shape.push(side);
  }
  return Math.ceil((elementsOf(shape) * bits) / 8);
}
