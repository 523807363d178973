import { defined } from '../../../internal/defined';
import type { Inspector, InspectionContext } from '../../inspection';
import { listed, shownName } from '../../messages';
import { JsonReader } from '../../readers/json-reader';
import { elementsOf } from '../../readers/shape';
import type { Inspecting } from '../../readers/work';

/** Bytes of one element. Source: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts */
const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({ float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 }),
);

const WHAT = 'its TensorFlow.js model';
const MAX_DIMENSIONS = 64;
/** Steps that reading a group costs, apart from what it contains. */
const GROUP_STEPS = 25;
/** Names of a group's shards that are kept for messages. */
const MAX_SHOWN = 5;

/** Shards, and the weights that they hold together. */
interface Group {
  /** The first of its shards. */
  readonly shown: string[];
  shards: number;
  weights: number;
  /** Bytes of the existing shards. */
  actual: number;
  /** Bytes of the weights whose sizes are known. */
  expected: number;
  /** Whether a shard is missing or outside of the directory. */
  isIncomplete: boolean;
  /** Whether the size of a weight can't be computed. */
  isUnknown: boolean;
}

/**
 * Inspects `model.json`: every shard that it names exists, and the shards of a group have the bytes of its weights.
 *
 * Source: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
export const inspectTfJs: Inspector = function* (bytes, context) {
  const json = new JsonReader(bytes, WHAT);
  let format: string | undefined;
  const found = { topology: false };
  let groups: Group[] | undefined;
  // Requires only what the loader needs: converters differ in format, signature and the like.
  yield* json.members(function* (name) {
    if (name === 'weightsManifest') groups = yield* readGroups(json, context);
    else if (name === 'format') format = yield* json.read(() => json.maybeString());
    else {
      if (name === 'modelTopology') found.topology = yield* json.read(() => json.isObject());
      yield* json.skip();
    }
  });
  yield* json.finish();
  if (!found.topology) throw json.wrong('modelTopology is missing');
  if (groups === undefined) throw json.wrong('weightsManifest is missing');
  const total = { weights: 0, shards: 0, bytes: 0 };
  for (const group of groups) {
    checkGroup(group, context);
    total.weights += group.weights;
    total.shards += group.shards;
    total.bytes += group.actual;
    bytes.meter.charge(MAX_SHOWN);
    if (bytes.meter.isDue) yield undefined;
  }
  context.summarize({ kind: 'tf-js', summary: { ...defined({ format }), ...total } });
};

function* readGroups(json: JsonReader, context: InspectionContext): Inspecting<Group[]> {
  const groups: Group[] = [];
  yield* json.elements(function* () {
    groups.push(yield* readGroup(json, context));
  });
  return groups;
}

function* readGroup(json: JsonReader, context: InspectionContext): Inspecting<Group> {
  const group: Group = {
    ...{ shown: [], shards: 0, weights: 0, actual: 0, expected: 0 },
    ...{ isIncomplete: false, isUnknown: false },
  };
  json.charge(GROUP_STEPS);
  const found = { weights: false };
  yield* json.members(function* (name) {
    if (name === 'paths') {
      yield* json.elements(function* () {
        addShard(group, yield* json.read(() => json.string()), context);
      });
    } else if (name === 'weights') {
      found.weights = true;
      yield* json.elements(function* () {
        const size = yield* json.read(() => readWeight(json));
        group.weights += 1;
        if (size === undefined) group.isUnknown = true;
        else group.expected += size;
      });
    } else yield* json.skip();
  });
  if (group.shards === 0) throw json.wrong('a group of weightsManifest has no paths');
  if (!found.weights) throw json.wrong('a group of weightsManifest has no weights');
  return group;
}

function addShard(group: Group, name: string, context: InspectionContext): void {
  group.shards += 1;
  if (group.shown.length < MAX_SHOWN) group.shown.push(name);
  const path = context.beside(name);
  const size = context.sizeOf(path);
  if (size !== undefined) group.actual += size;
  else {
    group.isIncomplete = true;
    context.finding(
      `the shard ${shownName(name)} ${path === undefined ? 'is outside of the directory' : 'is missing'}`,
    );
  }
}

/** Compares the bytes of a group's shards with those of its weights. */
function checkGroup(
  { shown, shards, actual, expected, isIncomplete, isUnknown }: Group,
  context: InspectionContext,
): void {
  if (isIncomplete) return;
  const names = listed(shown, shards);
  if (isUnknown) context.note(`the sizes of ${names} can't be computed: they have text or unknown types`);
  else if (actual !== expected) context.finding(`${names} have ${actual} bytes, but their weights need ${expected}`);
}

/** Bytes of a weight; `undefined` if they can't be computed. */
function readWeight(json: JsonReader): number | undefined {
  let [name, dtype, stored]: (string | undefined)[] = [];
  let shape: number[] | undefined;
  json.beginObject();
  for (let key = json.key(true); key !== undefined; key = json.key(false)) {
    if (key === 'name') name = json.string();
    else if (key === 'dtype') dtype = json.string();
    else if (key === 'shape') shape = json.counts(MAX_DIMENSIONS);
    else if (key === 'quantization') stored = readQuantization(json);
    else json.skipValue();
  }
  if (name === undefined || dtype === undefined || shape === undefined) {
    throw json.wrong('a weight lacks its name, shape or dtype');
  }
  const elementBytes = ELEMENT_BYTES.get(stored ?? dtype);
  return elementBytes === undefined ? undefined : elementsOf(shape) * elementBytes;
}

/** The type that a weight is stored as. */
function readQuantization(json: JsonReader): string {
  let dtype: string | undefined;
  json.beginObject();
  for (let key = json.key(true); key !== undefined; key = json.key(false)) {
    if (key === 'dtype') dtype = json.string();
    else json.skipValue();
  }
  if (dtype === undefined) throw json.wrong('a quantization lacks its dtype');
  return dtype;
}
