import type { InspectionContext } from '../../inspection';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';

/** Older versions wrote some parts differently. */
const FIRST_KNOWN_VERSION = 1;
/** Part at the end of a large file that must contain the attributes, in bytes. */
const TAIL_BYTES = 128 * 1024;

const MAGIC = 'binf';
const MODEL_PARAM_BYTES = 136;
const LENGTH_BYTES = 8;
const MAX_NAME_BYTES = 128;
/** Parameters of all trees together, and of one tree. */
const TREES_PARAM_BYTES = 160;
const TREE_PARAM_BYTES = 148;
/** A node with its statistics, and the number of a tree's group. */
const NODE_BYTES = 20 + 16;
const TREE_INFO_BYTES = 4;
const LINEAR_PARAM_BYTES = 136;
const FLOAT_BYTES = 4;
/** Bytes of a text that are checked in a step. */
const BYTES_PER_STEP = 16;

/** Finds the end of a booster's data. */
type BoosterEnd = (bytes: SparseBytes, at: number) => Inspecting<number>;

const BOOSTERS: ReadonlyMap<string, BoosterEnd> = new Map(
  Object.entries({
    gbtree: treesEnd,
    dart: dartEnd,
    *gblinear(bytes: SparseBytes, at: number): Inspecting<number> {
      return yield* attempt(bytes, () => vectorEnd(bytes, at + LINEAR_PARAM_BYTES, FLOAT_BYTES));
    },
  }),
);

/** Whether a file has the identifier, or the names of an objective and of a booster after the parameters. */
export function beginsAsLegacy(bytes: SparseBytes): boolean {
  return startOf(bytes) > 0 || namesOf(bytes) !== undefined;
}

/**
 * Inspects the binary form: parameters, two names, the trees or weights, attributes. XGBoost wrote it up to version
 * 2.1.
 *
 * Source: https://github.com/dmlc/xgboost/blob/v2.0.3/src/learner.cc
 */
export function* inspectLegacyXgboost(bytes: SparseBytes, context: InspectionContext): Inspecting {
  const { names, known, version, hasAttributes } = yield* attempt(bytes, () => readParameters(bytes));
  context.summarize({ kind: 'xgboost', summary: { layout: 'legacy', ...(known && { version }) } });
  const boosterEnd = BOOSTERS.get(names.booster);
  if (!known || boosterEnd === undefined) {
    context.note('only its beginning was inspected');
    return;
  }
  if (!bytes.isReadWhole) {
    if (hasAttributes && !(yield* endsWithAttributes(bytes))) {
      throw bytes.malformed('is cut off or damaged: it does not end with the attributes of its model');
    }
    context.note('only its beginning and end were inspected');
    return;
  }
  let at = yield* boosterEnd(bytes, names.end);
  if (hasAttributes) at = yield* attributesEnd(bytes, at);
  if (at < bytes.size) context.note(`has ${bytes.size - at} bytes after the end of its model`);
}

interface Parameters {
  readonly names: { readonly booster: string; readonly end: number };
  /** Whether the layout of its parts is known. */
  readonly known: boolean;
  readonly version: string;
  readonly hasAttributes: boolean;
}

function readParameters(bytes: SparseBytes): Parameters {
  const names = namesOf(bytes);
  if (names === undefined) throw bytes.malformed('is cut off or damaged: its objective and booster are not named');
  const param = startOf(bytes);
  const [major, minor] = [bytes.u32(param + 20), bytes.u32(param + 24)];
  return {
    names,
    known: major >= FIRST_KNOWN_VERSION,
    version: `${major}.${minor}`,
    hasAttributes: bytes.u32(param + 12) !== 0,
  };
}

function startOf(bytes: SparseBytes): number {
  return bytes.slice(0, Math.min(MAGIC.length, bytes.size)).toString('latin1') === MAGIC ? MAGIC.length : 0;
}

function namesOf(bytes: SparseBytes): { booster: string; end: number } | undefined {
  const objective = nameAt(bytes, startOf(bytes) + MODEL_PARAM_BYTES);
  const booster = objective && nameAt(bytes, objective.end);
  return booster && { booster: booster.name, end: booster.end };
}

function nameAt(bytes: SparseBytes, at: number): { name: string; end: number } | undefined {
  const start = at + LENGTH_BYTES;
  if (start > bytes.size || bytes.u32(at + 4) !== 0) return undefined;
  const length = bytes.u32(at);
  if (length === 0 || length > MAX_NAME_BYTES || start + length > bytes.size) return undefined;
  const name = bytes.slice(start, length).toString('latin1');
  return /^[a-z][\w:]*$/.test(name) ? { name, end: start + length } : undefined;
}

function* treesEnd(bytes: SparseBytes, start: number): Inspecting<number> {
  const trees = yield* attempt(bytes, () => bytes.i32(start));
  let at = within(bytes, start, TREES_PARAM_BYTES);
  for (let tree = 0; tree < trees; tree += 1) {
    const from = at;
    const nodes = yield* attempt(bytes, () => bytes.u32(from + 4));
    at = within(bytes, at, TREE_PARAM_BYTES + nodes * NODE_BYTES);
  }
  return within(bytes, at, Math.max(0, trees) * TREE_INFO_BYTES);
}

/** Trees, and a weight for each of them. */
function* dartEnd(bytes: SparseBytes, start: number): Inspecting<number> {
  const end = yield* treesEnd(bytes, start);
  return yield* attempt(bytes, () => (bytes.u32(start) === 0 ? end : vectorEnd(bytes, end, FLOAT_BYTES)));
}

function vectorEnd(bytes: SparseBytes, at: number, elementBytes: number): number {
  return within(bytes, at, LENGTH_BYTES + bytes.u64(at) * elementBytes);
}

/** Names and values, as pairs of texts. */
function* attributesEnd(bytes: SparseBytes, start: number): Inspecting<number> {
  const texts = (yield* attempt(bytes, () => bytes.u64(start))) * 2;
  let at = start + LENGTH_BYTES;
  for (let text = 0; text < texts; text += 1) {
    const from = at;
    at = yield* attempt(bytes, () => vectorEnd(bytes, from, 1));
  }
  return at;
}

/** Whether attributes near the end reach exactly to the end. */
function* endsWithAttributes(bytes: SparseBytes): Inspecting<boolean> {
  const tail = yield* attempt(bytes, () => bytes.slice(bytes.size - TAIL_BYTES, TAIL_BYTES));
  for (let at = tail.length - LENGTH_BYTES; at >= 0; at -= 1) {
    if (areAttributes(bytes, tail, at)) return true;
    if (bytes.meter.isDue) yield undefined;
  }
  return false;
}

function areAttributes(bytes: SparseBytes, tail: Buffer, start: number): boolean {
  const pairs = shortLength(tail, start);
  let at = start + LENGTH_BYTES;
  for (let text = 0; text < pairs * 2; text += 1) {
    const length = shortLength(tail, at);
    if (Number.isNaN(length)) return false;
    at += LENGTH_BYTES + length;
    bytes.meter.charge(2 + length / BYTES_PER_STEP);
    if (at > tail.length) return false;
    const isName = text % 2 === 0;
    if (isName && !/^[ -~]+$/.test(tail.toString('latin1', at - length, at))) return false;
  }
  bytes.meter.charge(1);
  return pairs > 0 && at === tail.length;
}

/** The number of 64 bits there, where it is below 65,536. */
function shortLength(tail: Buffer, at: number): number {
  if (at + LENGTH_BYTES > tail.length || tail.readUIntLE(at + 2, 6) !== 0) return Number.NaN;
  return tail.readUInt16LE(at);
}

function within(bytes: SparseBytes, start: number, length: number): number {
  if (start + length <= bytes.size) return start + length;
  throw bytes.malformed(
    `is cut off or damaged: ${length} bytes of its model should be at byte ${start}, but ${bytes.size - start} are left`,
  );
}
