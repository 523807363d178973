import type { Inspector, InspectionContext } from '../../inspection';
import { listed, shownName } from '../../messages';
import { JsonReader } from '../../readers/json-reader';
import { elementsOf } from '../../readers/shape';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, MalformedFileError } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { charged } from '../../readers/work';
import { LimitError } from '../../readers/limit-error';
import { sorting } from '../../sorted';

/** Bits of one element. Source: https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs */
const ELEMENT_BITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
    ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
  }),
);

const LENGTH_BYTES = 8;
const METADATA = '__metadata__';
/** Tensors of a file, or of an index, whose names are kept in memory. */
const MAX_TENSORS = 400_000;
const MAX_DIMENSIONS = 64;
/** Steps that the sorting costs between two interruptions. */
const SORTING_STEPS = 4_000;

interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The end of the JSON of a file's header, in bytes from the file's start. */
function headerEnd(bytes: SparseBytes): number {
  if (bytes.size < LENGTH_BYTES) throw bytes.malformed(`has ${bytes.size} bytes, too few for a header`);
  const length = bytes.u64(0);
  if (length > bytes.size - LENGTH_BYTES) {
    throw bytes.malformed(`its header should have ${length} bytes, but the file has ${bytes.size}`);
  }
  return LENGTH_BYTES + length;
}

/** Visits the tensors that a file's header names, in its order. Returns where the header ends. */
function* visitTensors(bytes: SparseBytes, visit: (tensor: Tensor) => void): Inspecting<number> {
  const end = yield* attempt(bytes, () => headerEnd(bytes));
  const json = new JsonReader(bytes, 'its header', { start: LENGTH_BYTES, length: end - LENGTH_BYTES });
  yield* json.smallMembers(
    (name) => (name === METADATA ? readMetadata(json) : readTensor(json, name)),
    (tensor) => {
      if (tensor) visit(tensor);
    },
  );
  yield* json.finish();
  return end;
}

/** Names and values are texts; some writers have `null` for no metadata. */
function readMetadata(json: JsonReader): Tensor | undefined {
  if (json.isNull()) return undefined;
  json.beginObject();
  for (let key = json.key(true); key !== undefined; key = json.key(false)) json.string();
  return undefined;
}

function readTensor(json: JsonReader, name: string): Tensor {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  json.beginObject();
  for (let key = json.key(true); key !== undefined; key = json.key(false)) {
    if (key === 'dtype') dtype = json.string();
    else if (key === 'shape') shape = json.counts(MAX_DIMENSIONS);
    else if (key === 'data_offsets') offsets = json.counts(MAX_DIMENSIONS);
    else json.skipValue();
  }
  const [begin, end] = offsets ?? [];
  if (dtype === undefined || shape === undefined || begin === undefined || end === undefined || offsets?.length !== 2) {
    throw json.wrong(`the tensor ${shownName(name)} lacks its dtype, shape or data_offsets`);
  }
  return { name, dtype, shape, begin, end };
}

function checkSize(bytes: SparseBytes, { name, dtype, shape, begin, end }: Tensor): void {
  const bits = ELEMENT_BITS.get(dtype);
  const length = end - begin;
  if (bits === undefined ? length >= 0 : length === (elementsOf(shape) * bits) / 8) return;
  throw bytes.malformed(
    `the tensor ${shownName(name)} has ${length} bytes, which do not fit its shape [${shape.join(', ')}] of ${dtype}`,
  );
}

type Place = Pick<Tensor, 'name' | 'begin' | 'end'>;

function byPlace(a: Place, b: Place): number {
  return a.begin - b.begin || a.end - b.end;
}

/** Checks that the tensors cover all data, without gap or overlap. */
function* checkLayout(bytes: SparseBytes, tensors: readonly Place[], dataBytes: number): Inspecting {
  const isSorted = tensors.every((tensor, index) => byPlace(tensor, tensors[index + 1] ?? tensor) <= 0);
  bytes.meter.charge(tensors.length);
  yield undefined;
  const inOrder = isSorted ? tensors : yield* charged(bytes.meter, sorting(tensors, byPlace), SORTING_STEPS);
  let covered = 0;
  for (const { name, begin, end } of inOrder) {
    if (begin !== covered) {
      throw bytes.malformed(`the tensor ${shownName(name)} begins at ${begin}, but should begin at ${covered}`);
    }
    covered = end;
  }
  if (covered !== dataBytes)
    throw bytes.malformed(`its tensors end at ${covered}, but the data has ${dataBytes} bytes`);
}

/** Inspects a file of tensors. Source: https://huggingface.co/docs/safetensors/index#format */
export const inspectSafetensors: Inspector = function* (bytes, context) {
  const tensors: Place[] = [];
  const types = new Set<string>();
  const end = yield* visitTensors(bytes, (tensor) => {
    checkSize(bytes, tensor);
    if (types.size < MAX_DIMENSIONS) types.add(tensor.dtype);
    if (tensors.length >= MAX_TENSORS) throw bytes.limited(`it has more than ${MAX_TENSORS} tensors`);
    tensors.push({ name: tensor.name, begin: tensor.begin, end: tensor.end });
  });
  yield* checkLayout(bytes, tensors, bytes.size - end);
  context.summarize({ kind: 'safetensors', summary: { tensors: tensors.length, types: [...types].sort() } });
};

/** A file that an index names. */
interface Shard {
  readonly name: string;
  /** Tensors of the index that its header does not have. */
  missing: number;
  /** The first of them. */
  readonly shown: string[];
  /** Whether its header could be read. */
  isKnown: boolean;
}

/** Names of a shard's missing tensors that are kept for the finding. */
const MAX_SHOWN = 5;

/** Inspects an index of sharded tensors: each file must have the tensors that the index lists for it. */
export const inspectSafetensorsIndex: Inspector = function* (bytes, context) {
  const json = new JsonReader(bytes, 'its JSON');
  const shards = new Map<string, Shard>();
  const wanted = new Map<string, Shard>();
  const readFile = (): string => json.string();
  const found = { weightMap: false };
  yield* json.members(function* (name) {
    if (name !== 'weight_map') {
      yield* json.skip();
      return;
    }
    found.weightMap = true;
    yield* json.smallMembers(readFile, (file, tensor) => {
      const shard = shards.get(file) ?? { name: file, missing: 0, shown: [], isKnown: false };
      shards.set(file, shard);
      wanted.set(tensor, shard);
      if (wanted.size > MAX_TENSORS) throw bytes.limited(`it names more than ${MAX_TENSORS} tensors`);
    });
  });
  yield* json.finish();
  if (!found.weightMap) throw json.wrong('weight_map is missing');
  context.summarize({ kind: 'safetensors-index', summary: { tensors: wanted.size, shards: shards.size } });
  for (const shard of shards.values()) {
    yield* removePresent(context, shard, wanted);
    if (bytes.meter.isDue) yield undefined;
  }
  yield* reportMissing(bytes, context, shards, wanted);
};

/** Removes the tensors that a shard has from the wanted ones. */
function* removePresent(context: InspectionContext, shard: Shard, wanted: Map<string, Shard>): Inspecting {
  const path = context.beside(shard.name);
  const file = context.open(path);
  if (file === undefined) {
    const problem = path === undefined ? 'is outside of the directory' : 'is missing';
    context.finding(`the shard ${shownName(shard.name)} ${problem}`);
    return;
  }
  try {
    yield* visitTensors(file, ({ name }) => {
      if (wanted.get(name) === shard) wanted.delete(name);
    });
    shard.isKnown = true;
  } catch (error) {
    // The inspection of the shard itself reports its faults.
    if (error instanceof LimitError) context.limited(error);
    else if (!(error instanceof MalformedFileError)) throw error;
  }
}

function* reportMissing(
  bytes: SparseBytes,
  context: InspectionContext,
  shards: ReadonlyMap<string, Shard>,
  missing: ReadonlyMap<string, Shard>,
): Inspecting {
  for (const [tensor, shard] of missing) {
    shard.missing += 1;
    if (shard.shown.length < MAX_SHOWN) shard.shown.push(tensor);
    bytes.meter.charge(2);
    if (bytes.meter.isDue) yield undefined;
  }
  for (const { name, missing: count, shown, isKnown } of shards.values()) {
    if (isKnown && count > 0) context.finding(`${shownName(name)} lacks ${listed(shown, count)}`);
    bytes.meter.charge(1);
    if (bytes.meter.isDue) yield undefined;
  }
}
