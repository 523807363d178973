import { z } from 'zod';

const count = z.int().min(0);
const path = z.string();

/** An input or output of a model. */
const tensorSchema = z.strictObject({
  name: z.string(),
  /** For example `float32`; the format's own word where it is none of the usual ones. */
  type: z.string(),
  /** -1 where a dimension is not fixed; left out where the rank is not known. */
  shape: z.array(z.int()).exactOptional(),
});

const tensors = z.array(tensorSchema);

/**
 * What was learned by looking into a file, by its kind. Texts are cut to 200 characters and lists to 20 entries. Made
 * when it is needed: most who load the contract check no result, and it is the largest part of it.
 */
export const inspectedFileSchema = z.lazy(() =>
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
        /** Name and number of lines of the label file inside. */
        labels: z.strictObject({ file: z.string(), lines: count }).exactOptional(),
        /** Whether it was compiled for the Edge TPU. */
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
        /** Left out where the model has none. */
        variables: z.strictObject({ tensors: count, shards: count, bytes: z.number() }).exactOptional(),
        assets: count,
      }),
    }),
    z.strictObject({
      path,
      kind: z.literal('tabular'),
      /** Of `environment.json`: the image that serves the export. */
      summary: z.strictObject({ servingContainer: z.string() }),
    }),
    z.strictObject({
      path,
      kind: z.literal('tf-js'),
      summary: z.strictObject({ format: z.string().exactOptional(), weights: count, shards: count, bytes: z.number() }),
    }),
    z.strictObject({
      path,
      kind: z.literal('core-ml'),
      summary: z.strictObject({
        specificationVersion: count,
        /** The field of the model's `Type`, for example `neuralNetworkClassifier`. */
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
        /** `domain version`; the default domain is `ai.onnx`. */
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
      /** Its content is never unpickled. */
      summary: z.strictObject({ protocol: count.exactOptional(), compression: z.string().exactOptional() }),
    }),
    z.strictObject({
      path,
      kind: z.literal('xgboost'),
      summary: z.strictObject({ layout: z.enum(['json', 'ubjson', 'legacy']), version: z.string().exactOptional() }),
    }),
  ]),
);

/** A file that was looked into, with what was learned: `kind` tells which fields `summary` has. */
export type InspectedFile = z.infer<typeof inspectedFileSchema>;
export type InspectedTensor = z.infer<typeof tensorSchema>;
