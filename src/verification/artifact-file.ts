import type { ExportedFile, InspectedFile } from '../contract';

/** A file of an export whose parts can be read. */
export interface ArtifactFile extends ExportedFile {
  /** Reads exactly so many bytes; they must lie within the file. */
  read(start: number, length: number): Promise<Buffer>;
}

/** The file that was listed is not there any more. */
export class ChangedFileError extends Error {
  constructor() {
    super('was replaced or deleted while it was verified');
  }
}

/** What a look inside files gave: findings make the verification fail, notes do not. */
export interface Inspection {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  /** What was learned, for people. */
  readonly inspected: readonly InspectedFile[];
}

/** An inspector never trusts a file: lengths and offsets are checked before they are used. */
export type Inspector = (file: ArtifactFile, files: ReadonlyMap<string, ArtifactFile>) => Promise<Inspection>;

/** An index or manifest that is read as a whole may have so many bytes; a longer one is not looked into. */
export const MAX_INDEX_BYTES = 32 * 1024 * 1024;

export function finding(path: string, text: string): Inspection {
  return { findings: [`${path}: ${text}`], notes: [], inspected: [] };
}

/** Joins what several looks gave. */
export function joined(inspections: readonly Inspection[]): Inspection {
  return {
    findings: inspections.flatMap(({ findings }) => findings),
    notes: inspections.flatMap(({ notes }) => notes),
    inspected: inspections.flatMap(({ inspected }) => inspected),
  };
}

/** The parsed JSON of a whole file, or why there is none. */
export async function readJson(
  file: ArtifactFile,
): Promise<{ readonly value: unknown } | { readonly problem: string }> {
  if (file.bytes > MAX_INDEX_BYTES) return { problem: `has ${file.bytes} bytes, too many for an index` };
  if (file.bytes === 0) return { problem: 'is empty (0 bytes)' };
  return parsedJson(await file.read(0, file.bytes));
}

export function parsedJson(content: Buffer): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)) };
  } catch (error) {
    return { problem: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
