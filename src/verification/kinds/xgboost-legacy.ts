import type { Look } from '../inspection';
import type { SparseBytes } from '../reading/sparse-bytes';

/** Before it, XGBoost wrote some parts otherwise. */
const FIRST_KNOWN_VERSION = 1;
/** Where the attributes are in a file of which only the begin and the end are looked at, in bytes. */
const TAIL_BYTES = 128 * 1024;

const MAGIC = 'binf';
const MODEL_PARAM_BYTES = 136;
const LENGTH_BYTES = 8;
const MAX_NAME_BYTES = 128;
/** Parameters of trees together, and of one. */
const TREES_PARAM_BYTES = 160;
const TREE_PARAM_BYTES = 148;
/** A node and its statistics; the number of the group that a tree is for. */
const NODE_BYTES = 20 + 16;
const TREE_INFO_BYTES = 4;
const LINEAR_PARAM_BYTES = 136;
const FLOAT_BYTES = 4;

/** Where what a booster has learned ends. */
type BoosterEnd = (bytes: SparseBytes, at: number) => number;

const BOOSTERS: Readonly<Record<string, BoosterEnd>> = {
  gbtree: treesEnd,
  // A weight for each tree, if there are any.
  dart: (bytes, at) => (bytes.u32(at) === 0 ? treesEnd(bytes, at) : vectorEnd(bytes, treesEnd(bytes, at), FLOAT_BYTES)),
  gblinear: (bytes, at) => vectorEnd(bytes, at + LINEAR_PARAM_BYTES, FLOAT_BYTES),
};

/** Whether a file says what it is, or has the names of an objective and of a booster behind the parameters. */
export function beginsAsLegacy(bytes: SparseBytes): boolean {
  return startOf(bytes) > 0 || namesOf(bytes) !== undefined;
}

/**
 * The binary form: parameters, two names, the trees or weights, attributes. It was written up to version 2.1.
 *
 * Source: https://github.com/dmlc/xgboost/blob/v2.0.3/src/learner.cc
 */
export function inspectLegacyXgboost(bytes: SparseBytes, look: Look): void {
  const names = namesOf(bytes);
  if (names === undefined) throw bytes.malformed('is cut off or damaged: its objective and booster are not named');
  const param = startOf(bytes);
  const [major, minor] = [bytes.u32(param + 20), bytes.u32(param + 24)];
  const known = major >= FIRST_KNOWN_VERSION;
  look.learned({ kind: 'xgboost', summary: { layout: 'legacy', ...(known && { version: `${major}.${minor}` }) } });
  const hasAttributes = bytes.u32(param + 12) !== 0;
  const boosterEnd = BOOSTERS[names.booster];
  if (!known || boosterEnd === undefined) {
    look.note('was looked at where it begins only');
    return;
  }
  if (!bytes.isReadWhole) {
    if (hasAttributes && !endsWithAttributes(bytes)) {
      throw bytes.malformed('is cut off or damaged: it does not end with the attributes of its model');
    }
    look.note('was looked at where it begins and ends only');
    return;
  }
  let at = boosterEnd(bytes, names.end);
  if (hasAttributes) at = attributesEnd(bytes, at);
  if (at < bytes.size) look.note(`has ${bytes.size - at} bytes behind the end of its model`);
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

function treesEnd(bytes: SparseBytes, start: number): number {
  const trees = bytes.i32(start);
  let at = within(bytes, start, TREES_PARAM_BYTES);
  for (let tree = 0; tree < trees; tree += 1) {
    const nodes = bytes.u32(at + 4);
    at = within(bytes, at, TREE_PARAM_BYTES + nodes * NODE_BYTES);
  }
  return within(bytes, at, Math.max(0, trees) * TREE_INFO_BYTES);
}

function vectorEnd(bytes: SparseBytes, at: number, elementBytes: number): number {
  return within(bytes, at, LENGTH_BYTES + bytes.u64(at) * elementBytes);
}

/** Names and values, as pairs of texts. */
function attributesEnd(bytes: SparseBytes, start: number): number {
  const texts = bytes.u64(start) * 2;
  let at = start + LENGTH_BYTES;
  for (let text = 0; text < texts; text += 1) at = vectorEnd(bytes, at, 1);
  return at;
}

/** Whether somewhere near the end attributes begin that reach exactly to the end. */
function endsWithAttributes(bytes: SparseBytes): boolean {
  const tail = bytes.slice(bytes.size - TAIL_BYTES, TAIL_BYTES);
  for (let at = tail.length - LENGTH_BYTES; at >= 0; at -= 1) {
    if (areAttributes(tail, at)) return true;
  }
  return false;
}

function areAttributes(tail: Buffer, start: number): boolean {
  const pairs = shortLength(tail, start);
  let at = start + LENGTH_BYTES;
  for (let text = 0; text < pairs * 2; text += 1) {
    const length = shortLength(tail, at);
    at += LENGTH_BYTES + length;
    if (at > tail.length) return false;
    const isName = text % 2 === 0;
    if (isName && !/^[ -~]+$/.test(tail.toString('latin1', at - length, at))) return false;
  }
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
    `is cut off or damaged: ${length} bytes of its model should stand at byte ${start}, and ${bytes.size - start} are left`,
  );
}
