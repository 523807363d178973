import path from 'node:path';
import { z } from 'zod';
import type { Inspector } from './artifact-file';
import { finding, readJson } from './artifact-file';

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

// Only what the loader needs: format, signature and the like differ between converters.
const modelSchema = z.object({
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()).min(1), weights: z.array(weightSchema) })),
});

/** `model.json`: every shard that it names is there, and the bytes of a group add up to its weights. */
export const inspectTfJs: Inspector = async (file, files) => {
  const parsed = await readJson(file);
  if ('problem' in parsed) return finding(file.path, parsed.problem);
  const model = modelSchema.safeParse(parsed.value);
  if (!model.success) {
    const [issue] = model.error.issues;
    return finding(file.path, `is no TensorFlow.js model: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  const findings: string[] = [];
  const notes: string[] = [];
  let weights = 0;
  let shards = 0;
  for (const group of model.data.weightsManifest) {
    weights += group.weights.length;
    shards += group.paths.length;
    const sizes = group.paths.map((name) => shardSize(file.path, name, files));
    const missing = sizes.flatMap((found) => (typeof found === 'string' ? [`${file.path}: ${found}`] : []));
    findings.push(...missing);
    if (missing.length > 0) continue;
    const expected = group.weights.map(weightBytes);
    if (expected.includes(undefined)) {
      notes.push(`${file.path}: the sizes of ${group.paths.join(', ')} can't be told from their text or unknown types`);
      continue;
    }
    const actual = sizes.reduce<number>((sum, bytes) => sum + (typeof bytes === 'number' ? bytes : 0), 0);
    const total = expected.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
    if (actual !== total) {
      findings.push(`${file.path}: ${group.paths.join(', ')} have ${actual} bytes, and their weights ${total}`);
    }
  }
  return { findings, notes, inspected: [{ path: file.path, kind: 'TensorFlow.js', summary: { weights, shards } }] };
};

/** The size of a shard, or what is wrong with its name. */
function shardSize(manifest: string, name: string, files: Parameters<Inspector>[1]): number | string {
  if (/^[a-z]+:|^\/|(^|\/)\.\.(\/|$)/i.test(name)) return `the shard ${name} is outside of the directory`;
  const shard = files.get(path.posix.join(path.posix.dirname(manifest), name));
  return shard === undefined ? `the shard ${name} is missing` : shard.bytes;
}

/** Bytes of a weight; `undefined` where only reading tells. */
function weightBytes({ shape, dtype, quantization }: z.output<typeof weightSchema>): number | undefined {
  const bytes = ELEMENT_BYTES[quantization?.dtype ?? dtype];
  return bytes === undefined ? undefined : shape.reduce((product, length) => product * length, 1) * bytes;
}
