import { inspectCoreMl } from './core-ml/core-ml';
import type { Inspector } from '../inspection';
import { inspectLabels } from './labels';
import { inspectOnnx } from './onnx/onnx';
import { inspectPickle } from './pickle/pickle';
import { inspectPytorch } from './pytorch/pytorch';
import { inspectSafetensors, inspectSafetensorsIndex } from './safetensors/safetensors';
import { inspectCustomSavedModel, inspectSavedModel } from './tensorflow/saved-model';
import { inspectEnvironment } from './tensorflow/tabular';
import { inspectTfJs } from './tensorflow/tf-js';
import { inspectEdgeTpu, inspectTflite } from './tflite/tflite';
import { inspectModelArchive } from './pytorch/model-archive';
import { inspectXgboost } from './xgboost/xgboost';

/** Files by their paths below the export's directory. */
export interface FilePattern {
  /** Names the missing file in a finding. */
  readonly name: string;
  readonly pattern: RegExp;
}

/** A kind of file that can be inspected. */
export interface FileKind {
  readonly pattern: RegExp;
  readonly inspect: Inspector;
}

/** The files of an export format. */
export interface Family {
  /** At least one file must match each row and not be empty. */
  readonly required: readonly FilePattern[];
  /** Files that may exist beside the required ones; others are unexpected. If absent, any file is expected. */
  readonly optional?: readonly RegExp[];
  /** Files that are inspected; the first matching row applies. */
  readonly kinds: readonly FileKind[];
}

const LABELS = /(^|\/)(dict|labels?|\w+_labels)\.txt$/;
const MARKER = /\/$/;

const SAVED_MODEL = /(^|\/)saved_model\.pb$/;
const TFLITE = { name: 'a .tflite file', pattern: /\.tflite$/ };
const TFLITE_OPTIONAL = [LABELS, /(^|\/)tflite_metadata\.json$/];
const LABEL_FILES: FileKind = { pattern: LABELS, inspect: inspectLabels };

/** Files of custom-trained models, which can have any format: only names that mean one format are listed. */
const UPLOADED: readonly FileKind[] = [
  { pattern: /\.safetensors\.index\.json$/, inspect: inspectSafetensorsIndex },
  { pattern: /\.safetensors$/, inspect: inspectSafetensors },
  { pattern: SAVED_MODEL, inspect: inspectCustomSavedModel },
  { pattern: /\.onnx$/, inspect: inspectOnnx },
  { pattern: /\.(pt|pth|jit)$|(^|\/)pytorch_model[^/]*\.bin$/, inspect: inspectPytorch },
  { pattern: /\.mar$/, inspect: inspectModelArchive },
  { pattern: /\.(pkl|pickle|joblib)$/, inspect: inspectPickle },
  { pattern: /\.(bst|ubj)$/, inspect: inspectXgboost },
  { pattern: /\.tflite$/, inspect: inspectTflite },
];

/**
 * One row for each export format. Only files that every valid model has are required: converters differ in labels,
 * signatures and the like. Source: https://cloud.google.com/vertex-ai/docs/export/export-edge-model and export-model-tabular.
 */
const FAMILIES: ReadonlyMap<string, Family> = new Map(
  Object.entries<Family>({
    tflite: {
      required: [TFLITE],
      optional: TFLITE_OPTIONAL,
      kinds: [{ pattern: TFLITE.pattern, inspect: inspectTflite }, LABEL_FILES],
    },
    'edgetpu-tflite': {
      required: [TFLITE],
      optional: TFLITE_OPTIONAL,
      kinds: [{ pattern: TFLITE.pattern, inspect: inspectEdgeTpu }, LABEL_FILES],
    },
    'tf-saved-model': {
      required: [{ name: 'saved_model.pb', pattern: SAVED_MODEL }],
      optional: [/(^|\/)(variables|assets|assets\.extra)\//, /(^|\/)(fingerprint|keras_metadata)\.pb$/, LABELS],
      kinds: [{ pattern: SAVED_MODEL, inspect: inspectSavedModel }, LABEL_FILES],
    },
    'tf-js': {
      required: [
        { name: 'model.json', pattern: /(^|\/)model\.json$/ },
        { name: 'a weight shard beside model.json', pattern: /(^|\/)(?!model\.json$|dict\.txt$)[^/]+$/ },
      ],
      optional: [LABELS],
      kinds: [{ pattern: /(^|\/)model\.json$/, inspect: inspectTfJs }, LABEL_FILES],
    },
    'core-ml': {
      required: [{ name: 'a .mlmodel file', pattern: /\.mlmodel$/ }],
      optional: [LABELS, /\.mlpackage\//],
      kinds: [{ pattern: /\.mlmodel$/, inspect: inspectCoreMl }, LABEL_FILES],
    },
    'custom-trained': {
      required: [{ name: 'a file', pattern: /[^/]$/ }],
      kinds: UPLOADED,
    },
  }),
);

/** The files of a tabular model: its SavedModel is below `predict/`. */
const TABULAR: Family = {
  required: [
    { name: 'environment.json', pattern: /^environment\.json$/ },
    { name: 'predict/001/saved_model.pb', pattern: /^predict\/[^/]+\/saved_model\.pb$/ },
  ],
  optional: [/^predict\//, /^(feature_attributions|instance|prediction_schema)\.yaml$/, /^[a-z_]+\.pb$/],
  kinds: [
    { pattern: /^environment\.json$/, inspect: inspectEnvironment },
    { pattern: SAVED_MODEL, inspect: inspectSavedModel },
  ],
};

/** Vertex AI's ids of the known formats. */
export const FORMAT_IDS: readonly string[] = [...FAMILIES.keys()];

/** The files of a format; `undefined` for unknown ids, such as `genie`. */
export function familyOf(exportFormatId: string, paths: readonly string[]): Family | undefined {
  const tabular = exportFormatId === 'tf-saved-model' && paths.some((path) => path.startsWith('predict/'));
  return tabular ? TABULAR : FAMILIES.get(exportFormatId);
}

/** Whether exports of the family may have a file. */
export function belongs({ required, optional }: Family, path: string): boolean {
  if (optional === undefined) return true;
  return [MARKER, ...optional, ...required.map(({ pattern }) => pattern)].some((pattern) => pattern.test(path));
}
