/** Which files a format must have, below the export's directory. */
export interface FormatFiles {
  /** Each row: any one of these makes the file present. Matched against the whole relative path. */
  readonly required: readonly RequiredFile[];
}

export interface RequiredFile {
  /** What is missing, for the finding. */
  readonly name: string;
  readonly pattern: RegExp;
}

/**
 * One row a family of formats. Only what every good model has is required: labels, signatures and the like differ
 * between converters. Source: https://cloud.google.com/vertex-ai/docs/export/export-edge-model and export-model-tabular.
 */
const FORMAT_FILES: Readonly<Record<string, FormatFiles>> = {
  tflite: { required: [{ name: 'a .tflite file', pattern: /(^|\/)[^/]+\.tflite$/ }] },
  'edgetpu-tflite': { required: [{ name: 'a .tflite file', pattern: /(^|\/)[^/]+\.tflite$/ }] },
  'tf-saved-model': { required: [{ name: 'saved_model.pb', pattern: /(^|\/)saved_model\.pb$/ }] },
  'tf-js': {
    required: [
      { name: 'model.json', pattern: /(^|\/)model\.json$/ },
      { name: 'a weight shard beside model.json', pattern: /(^|\/)(?!model\.json$|dict\.txt$)[^/]+$/ },
    ],
  },
  'core-ml': { required: [{ name: 'a .mlmodel file', pattern: /(^|\/)[^/]+\.mlmodel$/ }] },
};

/** The files of a tabular export's tree beside its SavedModel: where one is there, all are expected. */
const TABULAR_FILES: readonly RequiredFile[] = [
  { name: 'environment.json', pattern: /^environment\.json$/ },
  { name: 'predict/001/saved_model.pb', pattern: /^predict\/[^/]+\/saved_model\.pb$/ },
];

const ANY_FILE: readonly RequiredFile[] = [{ name: 'a file', pattern: /./ }];

/** Files that an export in this format must have; for ids without a row at least one file of any name. */
export function requiredFiles(exportFormatId: string, paths: readonly string[]): readonly RequiredFile[] {
  const tabular = exportFormatId === 'tf-saved-model' && paths.some((path) => path.startsWith('predict/'));
  if (tabular) return TABULAR_FILES;
  return FORMAT_FILES[exportFormatId]?.required ?? ANY_FILE;
}

/** Whether the files of a format are known here. */
export function isKnownFormat(exportFormatId: string): boolean {
  return exportFormatId in FORMAT_FILES || exportFormatId === 'custom-trained';
}
