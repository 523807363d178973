import { z } from 'zod';

const count = z.int().min(0);
const path = z.string();

/** An input or output of a model. */
const tensorSchema = z.strictObject({
  name: z.string(),
  /** For example `float32`; the format's own name for an uncommon type. */
  type: z.string(),
  /** -1 for a dimension that is not fixed; absent if the rank is not known. */
  shape: z.array(z.int()).exactOptional(),
});

const tensors = z.array(tensorSchema);

/**
 * Facts about an inspected file, by its kind. Texts are cut to 200 characters and lists to 20 entries. The schema is
 * built on first use: it is the largest part of the contract, and most programs that load the contract check no result.
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
        /** Absent if the model has none. */
        variables: z.strictObject({ tensors: count, shards: count, bytes: z.number() }).exactOptional(),
        assets: count,
      }),
    }),
    z.strictObject({
      path,
      kind: z.literal('tabular'),
      /** From `environment.json`: the image that serves the export. */
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

/** An inspected file with facts about it; `kind` determines the fields of `summary`. */
export type InspectedFile = z.infer<typeof inspectedFileSchema>;
/** An input or output of a model: its name, element type and shape. */
export type InspectedTensor = z.infer<typeof tensorSchema>;
