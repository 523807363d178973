import { z } from 'zod';
import type { Inspector, Look } from '../inspection';
import { jsonOf } from '../reading/json-file';

/** Bytes of one element. Source: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  ...{ float32: 4, int32: 4, bool: 1, complex64: 8, uint8: 1, uint16: 2, float16: 2 },
};

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.string(),
  quantization: z.object({ dtype: z.string() }).optional(),
});

const groupSchema = z.object({ paths: z.array(z.string()).min(1), weights: z.array(weightSchema) });

// Only what the loader needs: format, signature and the like differ between converters.
const modelSchema = z.object({
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(groupSchema),
  format: z.string().nullish(),
});

/**
 * `model.json`: every shard that it names is there, and the bytes of a group add up to its weights.
 *
 * Source: https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts
 */
export const inspectTfJs: Inspector = (bytes, look) => {
  const { weightsManifest: groups, format } = jsonOf(bytes, modelSchema, { what: 'its TensorFlow.js model' });
  const sizes = groups.map((group) => checkGroup(group, look));
  look.learned({
    kind: 'tf-js',
    summary: {
      ...(typeof format === 'string' && { format }),
      weights: groups.reduce((sum, { weights }) => sum + weights.length, 0),
      shards: groups.reduce((sum, { paths }) => sum + paths.length, 0),
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    },
  });
};

/** Compares the bytes of a group's shards with those of its weights, and gives the former. */
function checkGroup({ paths, weights }: z.output<typeof groupSchema>, look: Look): number {
  const sizes = paths.map((name) => shardSize(name, look));
  const actual = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  if (sizes.includes(undefined)) return actual;
  const expected = weights.map(weightBytes);
  if (expected.includes(undefined)) {
    look.note(`the sizes of ${paths.join(', ')} can't be told from their text or unknown types`);
    return actual;
  }
  const total = expected.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  if (actual !== total) look.finding(`${paths.join(', ')} have ${actual} bytes, and their weights ${total}`);
  return actual;
}

/** The size of a shard; `undefined` where it can't be there or is missing, which is a finding. */
function shardSize(name: string, look: Look): number | undefined {
  if (/^[a-z]+:|^\/|(^|\/)\.\.(\/|$)/i.test(name)) {
    look.finding(`the shard ${name} is outside of the directory`);
    return undefined;
  }
  const shard = look.open(look.beside(name));
  if (shard === undefined) look.finding(`the shard ${name} is missing`);
  return shard?.size;
}

/** Bytes of a weight; `undefined` where only reading tells. */
function weightBytes({ shape, dtype, quantization }: z.output<typeof weightSchema>): number | undefined {
  const bytes = ELEMENT_BYTES[quantization?.dtype ?? dtype];
  return bytes === undefined ? undefined : shape.reduce((product, length) => product * length, 1) * bytes;
}
