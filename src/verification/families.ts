import type { Inspector } from './inspection';
import { inspectSafetensors, inspectSafetensorsIndex } from './safetensors';
import { inspectTfJs } from './tf-js';

/** Files by their paths below the export's directory. */
export interface FilePattern {
  /** What is missing where no file fits, for the finding. */
  readonly name: string;
  readonly pattern: RegExp;
}

/** A kind of file that can be looked into. */
export interface FileKind {
  readonly pattern: RegExp;
  readonly inspect: Inspector;
}

/** What an export of a format consists of. */
export interface Family {
  /** Of each row at least one file must be there, and have content. */
  readonly required: readonly FilePattern[];
  /** Files that may stand beside those; all others are strangers. Left out: anything may be there. */
  readonly optional?: readonly RegExp[];
  /** Files that are looked into: the first row that fits counts. */
  readonly kinds: readonly FileKind[];
}

const LABELS = /(^|\/)(dict|labels?|\w+_labels)\.txt$/;
const MARKER = /\/$/;

const SAFETENSORS: readonly FileKind[] = [
  { pattern: /\.safetensors\.index\.json$/, inspect: inspectSafetensorsIndex },
  { pattern: /\.safetensors$/, inspect: inspectSafetensors },
];

/**
 * A row an export format. Only what every good model has is required: labels, signatures and the like differ between
 * converters. Source: https://cloud.google.com/vertex-ai/docs/export/export-edge-model and export-model-tabular.
 */
const FAMILIES: Readonly<Record<string, Family>> = {
  tflite: {
    required: [{ name: 'a .tflite file', pattern: /\.tflite$/ }],
    optional: [LABELS, /(^|\/)tflite_metadata\.json$/],
    kinds: [],
  },
  'edgetpu-tflite': {
    required: [{ name: 'a .tflite file', pattern: /\.tflite$/ }],
    optional: [LABELS, /(^|\/)tflite_metadata\.json$/],
    kinds: [],
  },
  'tf-saved-model': {
    required: [{ name: 'saved_model.pb', pattern: /(^|\/)saved_model\.pb$/ }],
    optional: [/(^|\/)(variables|assets|assets\.extra)\//, /(^|\/)(fingerprint|keras_metadata)\.pb$/, LABELS],
    kinds: [],
  },
  'tf-js': {
    required: [
      { name: 'model.json', pattern: /(^|\/)model\.json$/ },
      { name: 'a weight shard beside model.json', pattern: /(^|\/)(?!model\.json$|dict\.txt$)[^/]+$/ },
    ],
    optional: [/\.bin$/, /(^|\/)group\d+-shard\d+of\d+$/, LABELS],
    kinds: [{ pattern: /(^|\/)model\.json$/, inspect: inspectTfJs }],
  },
  'core-ml': {
    required: [{ name: 'a .mlmodel file', pattern: /\.mlmodel$/ }],
    optional: [LABELS, /\.mlpackage\//],
    kinds: [],
  },
  'custom-trained': {
    required: [{ name: 'a file', pattern: /[^/]$/ }],
    kinds: SAFETENSORS,
  },
};

/** The tree of a tabular model: its SavedModel stands below `predict/`. */
const TABULAR: Family = {
  required: [
    { name: 'environment.json', pattern: /^environment\.json$/ },
    { name: 'predict/001/saved_model.pb', pattern: /^predict\/[^/]+\/saved_model\.pb$/ },
  ],
  optional: [/^predict\//, /^(feature_attributions|instance|prediction_schema)\.yaml$/, /^[a-z_]+\.pb$/],
  kinds: [],
};

/** The family of a format's files; `undefined` for ids that are not known here, `genie` among them. */
export function familyOf(exportFormatId: string, paths: readonly string[]): Family | undefined {
  const tabular = exportFormatId === 'tf-saved-model' && paths.some((path) => path.startsWith('predict/'));
  return tabular ? TABULAR : FAMILIES[exportFormatId];
}

/** Whether a file is one that exports of the family have. */
export function belongs({ required, optional }: Family, path: string): boolean {
  if (optional === undefined) return true;
  return [MARKER, ...optional, ...required.map(({ pattern }) => pattern)].some((pattern) => pattern.test(path));
}
