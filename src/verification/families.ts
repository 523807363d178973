import type { ArtifactFile, Inspection, Inspector } from './artifact-file';
import { ChangedFileError, finding, joined } from './artifact-file';
import { inspectSafetensors, inspectSafetensorsIndex } from './safetensors';
import { inspectTfJs } from './tf-js';

interface Family {
  /** Files that the inspector reads. */
  readonly pattern: RegExp;
  /** Only in exports of this format; elsewhere such a name can mean anything. */
  readonly exportFormatId?: string;
  readonly inspect: Inspector;
}

/** The first row whose pattern a path matches says how the file is looked into. */
const FAMILIES: readonly Family[] = [
  { pattern: /\.safetensors\.index\.json$/, inspect: inspectSafetensorsIndex },
  { pattern: /\.safetensors$/, inspect: inspectSafetensors },
  { pattern: /(^|\/)model\.json$/, exportFormatId: 'tf-js', inspect: inspectTfJs },
];

/** Looks into the files whose kinds are known here. */
export async function inspectFiles(exportFormatId: string, files: readonly ArtifactFile[]): Promise<Inspection> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const inspections: Inspection[] = [];
  for (const file of files) {
    const family = FAMILIES.find(
      ({ pattern, exportFormatId: only }) => pattern.test(file.path) && (only ?? exportFormatId) === exportFormatId,
    );
    if (family) inspections.push(await inspected(family, file, byPath));
  }
  const inspection = joined(inspections);
  const none =
    inspections.length === 0 ? ['no file is of a kind that is looked into: names, sizes and checksums only'] : [];
  return { ...inspection, notes: [...inspection.notes, ...none] };
}

async function inspected(
  { inspect }: Family,
  file: ArtifactFile,
  files: ReadonlyMap<string, ArtifactFile>,
): Promise<Inspection> {
  try {
    return await inspect(file, files);
  } catch (error) {
    if (error instanceof ChangedFileError) return finding(file.path, error.message);
    throw error;
  }
}
