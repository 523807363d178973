import { z } from 'zod';
import type { InspectedFile } from '../verification/inspected';
import { exactSchema } from './exact-schema';

const count = z.int().min(0);
const path = z.string();

const tensorSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  shape: z.array(z.int()).exactOptional(),
});

const tensors = z.array(tensorSchema);

/**
 * Schema of an {@link InspectedFile}. It is built on first use: it is the largest part of the contract, and most programs
 * that load the contract check no result.
 */
export const inspectedFileSchema: z.ZodType<InspectedFile> = z.lazy(() =>
  exactSchema<InspectedFile>()(
    z.discriminatedUnion('kind', [
      z.strictObject({
        path,
        kind: z.literal('tflite'),
        summary: z.strictObject({
          schemaVersion: count,
          subgraphs: count,
          operators: count,
          tensors: count,
          inputs: tensors,
          outputs: tensors,
          labels: z.strictObject({ file: z.string(), lines: count }).exactOptional(),
          edgeTpu: z.boolean(),
          description: z.string().exactOptional(),
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('saved-model'),
        summary: z.strictObject({
          schemaVersion: count,
          metaGraphs: count,
          tags: z.array(z.string()),
          tensorflowVersion: z.string().exactOptional(),
          signatures: z.array(z.strictObject({ name: z.string(), inputs: tensors, outputs: tensors })),
          variables: z.strictObject({ tensors: count, shards: count, bytes: z.number() }).exactOptional(),
          assets: count,
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('tabular'),
        summary: z.strictObject({ servingContainer: z.string() }),
      }),
      z.strictObject({
        path,
        kind: z.literal('tf-js'),
        summary: z.strictObject({
          format: z.string().exactOptional(),
          weights: count,
          shards: count,
          bytes: z.number(),
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('core-ml'),
        summary: z.strictObject({
          specificationVersion: count,
          type: z.string(),
          inputs: tensors,
          outputs: tensors,
          description: z.string().exactOptional(),
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('labels'),
        summary: z.strictObject({ lines: count }),
      }),
      z.strictObject({
        path,
        kind: z.literal('safetensors'),
        summary: z.strictObject({ tensors: count, types: z.array(z.string()) }),
      }),
      z.strictObject({
        path,
        kind: z.literal('safetensors-index'),
        summary: z.strictObject({ tensors: count, shards: count }),
      }),
      z.strictObject({
        path,
        kind: z.literal('onnx'),
        summary: z.strictObject({
          irVersion: count,
          opsets: z.array(z.string()),
          nodes: count,
          initializers: count,
          inputs: tensors,
          outputs: tensors,
          producer: z.string().exactOptional(),
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('pytorch'),
        summary: z.strictObject({ layout: z.enum(['zip', 'torchscript', 'legacy']), tensors: count.exactOptional() }),
      }),
      z.strictObject({
        path,
        kind: z.literal('torch-model-archive'),
        summary: z.strictObject({
          entries: count,
          modelName: z.string().exactOptional(),
          handler: z.string().exactOptional(),
        }),
      }),
      z.strictObject({
        path,
        kind: z.literal('pickle'),
        summary: z.strictObject({ protocol: count.exactOptional(), compression: z.string().exactOptional() }),
      }),
      z.strictObject({
        path,
        kind: z.literal('xgboost'),
        summary: z.strictObject({ layout: z.enum(['json', 'ubjson', 'legacy']), version: z.string().exactOptional() }),
      }),
    ]),
  ),
);
