/** Builds XGBoost models in the formats of all versions of the library. */

/** A model as `save_model` writes it, without the fields that the tests do not need. */
export const LEARNER = {
  attributes: {},
  gradient_booster: { name: 'gbtree', model: { trees: [{ left_children: [1, -1, -1], base_weights: [0.5, 1, -1] }] } },
  objective: { name: 'reg:squarederror', reg_loss_param: { scale_pos_weight: '1' } },
};

export const MODEL = { learner: LEARNER, version: [2, 1, 4] };

type Json = string | number | readonly Json[] | { readonly [key: string]: Json };

/** UBJSON as XGBoost writes it: arrays of numbers are typed, and all others start with their length. */
export function ubjson(value: Json, key = ''): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), sized(value)]);
  if (typeof value === 'number') return Buffer.from([0x69, value]);
  if (isArray(value)) {
    const isTyped = key !== 'version' && value.every((item) => typeof item === 'number');
    if (isTyped)
      return Buffer.concat([Buffer.from('[$d#'), length(value.length), Buffer.alloc(value.length * 4, 0x7d)]);
    return Buffer.concat([Buffer.from('[#'), length(value.length), ...value.map((item) => ubjson(item))]);
  }
  const entries = Object.entries(value).flatMap(([name, entry]) => [sized(name), ubjson(entry, name)]);
  return Buffer.concat([Buffer.from('{'), ...entries, Buffer.from('}')]);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function length(value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = 0x4c;
  bytes.writeBigInt64BE(BigInt(value), 1);
  return bytes;
}

const sized = (text: string): Buffer => Buffer.concat([length(text.length), Buffer.from(text)]);

interface LegacySpec {
  readonly booster?: 'gbtree' | 'dart' | 'gblinear';
  readonly magic?: string;
  readonly version?: readonly [major: number, minor: number];
  /** Nodes of each tree. */
  readonly trees?: readonly number[];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The binary format of versions before 2.1. */
export function legacyXgboost({
  booster = 'gbtree',
  magic = 'binf',
  version = [1, 7],
  trees = [3, 1],
  attributes = { objective: '{"name":"reg:squarederror"}' },
}: LegacySpec = {}): Buffer {
  const param = Buffer.alloc(136);
  param.writeUInt32LE(1, 12);
  param.writeUInt32LE(version[0], 20);
  param.writeUInt32LE(version[1], 24);
  const treesParam = Buffer.alloc(160);
  treesParam.writeInt32LE(trees.length);
  const forest = Buffer.concat([
    treesParam,
    ...trees.map((nodes) => {
      const tree = Buffer.alloc(148 + nodes * 36);
      tree.writeInt32LE(nodes, 4);
      return tree;
    }),
    Buffer.alloc(trees.length * 4),
  ]);
  const learned = {
    gbtree: forest,
    dart: Buffer.concat([forest, vector(Buffer.alloc(trees.length * 4), 4)]),
    gblinear: Buffer.concat([Buffer.alloc(136), vector(Buffer.alloc(20), 4)]),
  };
  const texts = Object.entries(attributes).flat();
  return Buffer.concat([
    ...[Buffer.from(magic), param, vector(Buffer.from('reg:squarederror')), vector(Buffer.from(booster))],
    ...[learned[booster], u64(texts.length / 2), ...texts.map((text) => vector(Buffer.from(text)))],
  ]);
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

const vector = (content: Buffer, elementBytes = 1): Buffer =>
  Buffer.concat([u64(content.length / elementBytes), content]);
