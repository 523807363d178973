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

/** Fields of a tensor whose values are read and outside of its table. */
const ELSEWHERE = [TENSOR.shape, TENSOR.sparsity];

/** Tensors of each subgraph of a large file whose names and quantization are read. */
const LAST_TENSORS = 16;

/** Most inputs, outputs, and sides of each in a summary. */
const MAX_LISTED = 20;

const MAX_DIMENSIONS = 64;

/** The index of an absent optional tensor. */
const NO_TENSOR = -1;

/** Checks that lists of a table contain only indexes of tensors. */
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
      throw bytes.malformed(`its ${what} refers to the tensor ${index}, but there are ${tensors}`);
    }
  }
}

/** Describes the inputs or outputs of a subgraph. */
export function describeTensors(subgraph: Table, field: number): InspectedTensor[] {
  const tensors = subgraph.tables(SUBGRAPH.tensors);
  const indexes = firstInts(subgraph, field).filter((index) => index !== NO_TENSOR);
  return indexes.map((index) => describeTensor(tensors.at(index)));
}

function describeTensor(tensor: Table): InspectedTensor {
  const described = { name: tensor.text(TENSOR.name) ?? '', type: elementType(tensor.i8(TENSOR.type)).name };
  // The signature marks dimensions that are not fixed; the shape has a number for them, too.
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

/** Checks the tensors of all subgraphs, and returns those whose data is in a buffer. */
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
      `its tensor ${index} of subgraph ${subgraph} refers to the buffer ${buffer}, but there are ${buffers}`,
    );
  }
  const needed = buffer > 0 ? dataBytes(tensor) : undefined;
  return needed === undefined ? undefined : { subgraph, index, bytes: needed, buffer };
}

/**
 * Checks that names and quantization of a subgraph's tensors are in the file. They are scattered: in a large file only
 * the last ones are read, which shows whether the file is cut off, because reading the buffers matters more.
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

/** Bytes of a tensor's data; `undefined` if they don't follow from its shape and type. */
function dataBytes(tensor: Table): number | undefined {
  const { bits } = elementType(tensor.i8(TENSOR.type));
  const elsewhere = tensor.u32(TENSOR.externalBuffer) > 0 || tensor.bool(TENSOR.isVariable);
  if (bits === undefined || elsewhere || tensor.table(TENSOR.sparsity)) return undefined;
  const shape: number[] = [];
  for (const side of tensor.ints(TENSOR.shape)) {
    // No real model has more dimensions.
    if (side < 0 || shape.length >= MAX_DIMENSIONS) return undefined;
    shape.push(side);
  }
  return Math.ceil((elementsOf(shape) * bits) / 8);
}
