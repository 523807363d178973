/** An input or output of a model: its name, element type and shape. */
export interface InspectedTensor {
  /** Name in the model. */
  name: string;
  /** For example `float32`; the format's own name for an uncommon type. */
  type: string;
  /** -1 for a dimension that is not fixed; absent if the rank is not known. */
  shape?: number[];
}

/**
 * An inspected file with facts about it; `kind` determines the fields of `summary`. Texts are cut to 200 characters and
 * lists to 20 entries.
 */
export type InspectedFile = {
  [Kind in keyof InspectedSummaries]: {
    /** Path below the directory. */
    path: string;
    /** Kind of the file. */
    kind: Kind;
    /** Facts about the file. */
    summary: InspectedSummaries[Kind];
  };
}[keyof InspectedSummaries];

/** The facts about a file, by its kind. */
export interface InspectedSummaries {
  tflite: InspectedTflite;
  'saved-model': InspectedSavedModel;
  tabular: InspectedTabular;
  'tf-js': InspectedTfJs;
  'core-ml': InspectedCoreMl;
  labels: InspectedLabels;
  safetensors: InspectedSafetensors;
  'safetensors-index': InspectedSafetensorsIndex;
  onnx: InspectedOnnx;
  pytorch: InspectedPytorch;
  'torch-model-archive': InspectedModelArchive;
  pickle: InspectedPickle;
  xgboost: InspectedXgboost;
}

/** Facts about a TensorFlow Lite model. */
export interface InspectedTflite {
  /** Version of the schema. */
  schemaVersion: number;
  /** Number of subgraphs. */
  subgraphs: number;
  /** Number of operators in all subgraphs. */
  operators: number;
  /** Number of tensors in all subgraphs. */
  tensors: number;
  /** Inputs of the first subgraph. */
  inputs: InspectedTensor[];
  /** Outputs of the first subgraph. */
  outputs: InspectedTensor[];
  /** Name and number of lines of the label file inside; absent if there is none. */
  labels?: { file: string; lines: number };
  /** Whether it was compiled for the Edge TPU. */
  edgeTpu: boolean;
  /** Description that its author wrote. */
  description?: string;
}

/** Facts about a TensorFlow SavedModel. */
export interface InspectedSavedModel {
  /** Version of the schema. */
  schemaVersion: number;
  /** Number of meta graphs. */
  metaGraphs: number;
  /** Tags of the meta graphs. */
  tags: string[];
  /** TensorFlow that wrote the model. */
  tensorflowVersion?: string;
  /** Functions that can be called, with their inputs and outputs. */
  signatures: { name: string; inputs: InspectedTensor[]; outputs: InspectedTensor[] }[];
  /** Absent if the model has none. */
  variables?: { tensors: number; shards: number; bytes: number };
  /** Number of assets. */
  assets: number;
}

/** Facts about the `environment.json` of a tabular model. */
export interface InspectedTabular {
  /** The image that serves the export. */
  servingContainer: string;
}

/** Facts about the `model.json` of a TensorFlow.js model. */
export interface InspectedTfJs {
  /** For example `graph-model`. */
  format?: string;
  /** Number of weights. */
  weights: number;
  /** Number of files with weights. */
  shards: number;
  /** Size of all shards, in bytes. */
  bytes: number;
}

/** Facts about a Core ML model. */
export interface InspectedCoreMl {
  /** Version of the specification. */
  specificationVersion: number;
  /** The field of the model's `Type`, for example `neuralNetworkClassifier`. */
  type: string;
  /** Inputs of the model. */
  inputs: InspectedTensor[];
  /** Outputs of the model. */
  outputs: InspectedTensor[];
  /** Description that its author wrote. */
  description?: string;
}

/** Facts about a file of labels. */
export interface InspectedLabels {
  /** Number of lines. */
  lines: number;
}

/** Facts about a safetensors file. */
export interface InspectedSafetensors {
  /** Number of tensors. */
  tensors: number;
  /** Element types of the tensors. */
  types: string[];
}

/** Facts about the index of a safetensors model in several files. */
export interface InspectedSafetensorsIndex {
  /** Number of tensors in all shards. */
  tensors: number;
  /** Number of shards. */
  shards: number;
}

/** Facts about an ONNX model. */
export interface InspectedOnnx {
  /** Version of the intermediate representation. */
  irVersion: number;
  /** `domain version`; the default domain is `ai.onnx`. */
  opsets: string[];
  /** Number of nodes in the graph. */
  nodes: number;
  /** Number of initializers. */
  initializers: number;
  /** Inputs of the graph. */
  inputs: InspectedTensor[];
  /** Outputs of the graph. */
  outputs: InspectedTensor[];
  /** Program that wrote the model. */
  producer?: string;
}

/** Facts about a PyTorch file. */
export interface InspectedPytorch {
  /** How the file is built. */
  layout: 'zip' | 'torchscript' | 'legacy';
  /** Number of tensors. */
  tensors?: number;
}

/** Facts about a model archive of TorchServe. */
export interface InspectedModelArchive {
  /** Number of files in the archive. */
  entries: number;
  /** Name of the model in its manifest. */
  modelName?: string;
  /** Handler in its manifest. */
  handler?: string;
}

/** Facts about a pickle or joblib file, which is never unpickled. */
export interface InspectedPickle {
  /** Version of the pickle protocol. */
  protocol?: number;
  /** For example `zlib`; absent if the file is not compressed. */
  compression?: string;
}

/** Facts about an XGBoost model. */
export interface InspectedXgboost {
  /** How the file is encoded. */
  layout: 'json' | 'ubjson' | 'legacy';
  /** XGBoost that wrote the model. */
  version?: string;
}
