import type { ArtifactFile, ListedFile } from './artifact-file';
import { changesBetween } from './changes';
import { checkContent } from './content';
import type { Family } from './formats';
import { belongs, familyOf } from './formats';
import type { InspectedFile } from './inspected';
import type { Inspection } from './inspection';
import { checkListing, unexpectedFiles } from './listing';
import type { UploadedSource } from './source';
import { compareWithSource } from './source';
import { inspectFiles } from './structure';

/**
 * How much of a model directory is verified: `listing` checks names, sizes and the presence of checksums, `structure`
 * also inspects the files, and `content` also reads every byte and compares it with the recorded checksums.
 *
 * @experimental
 */
export type VerificationLevel = 'listing' | 'structure' | 'content';

/** What a verification of files needs to know beside the files. */
export interface FilesRequest {
  /** Vertex AI's id of the export format, for example `tf-saved-model`. */
  readonly formatId: string;
  readonly level: VerificationLevel;
  /** Whether every file should have a recorded crc32c; a note names each one without. */
  readonly expectsChecksums: boolean;
  /** What the model was uploaded from, if the files should be a copy of it. */
  readonly source?: UploadedSource | undefined;
  /** Lists the directory again after the checks, if it may have changed while it was listed. */
  readonly listAgain?: (() => Promise<readonly ListedFile[]>) | undefined;
}

/** The result of verifying files: they are valid if there are no findings. */
export interface FilesVerification {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  readonly inspected: readonly InspectedFile[];
  /** SHA-256 of each file in hex, by path; empty unless the level is `content`. */
  readonly sha256: ReadonlyMap<string, string>;
}

/**
 * Verifies the files of one export. Faults of the files become findings; the promise rejects only if a file can't be
 * read.
 */
export async function verifyFiles(
  files: readonly ArtifactFile[],
  { formatId, level, expectsChecksums, source, listAgain }: FilesRequest,
): Promise<FilesVerification> {
  const family = familyOf(
    formatId,
    files.map(({ path }) => path),
  );
  const listing = await checkListing(family, files, expectsChecksums);
  const comparison = source ? await compareWithSource(files, source) : { findings: [], notes: [] };
  const structure = level === 'listing' ? NOT_INSPECTED : await inspectFiles(family?.kinds ?? [], files);
  const content = level === 'content' ? await checkContent(files) : { findings: [], sha256: new Map<string, string>() };
  const changes = listAgain ? await changesBetween(files, await listAgain()) : [];
  return {
    findings: [...listing.findings, ...comparison.findings, ...structure.findings, ...content.findings, ...changes],
    notes: [
      ...listing.notes,
      ...comparison.notes,
      ...(await notesOnUnexpectedFiles(family, files, structure)),
      ...structure.notes,
      ...notesOnCoverage(formatId, level, family, structure),
    ],
    inspected: structure.inspected,
    sha256: content.sha256,
  };
}

const NOT_INSPECTED: Inspection = { findings: [], notes: [], inspected: [], used: [] };

/** Names files that exports of the format do not have; another program may have written them. */
async function notesOnUnexpectedFiles(
  family: Family | undefined,
  files: readonly ArtifactFile[],
  { used }: Inspection,
): Promise<string[]> {
  if (family === undefined) return [];
  const known = new Set(used);
  return unexpectedFiles((path) => known.has(path) || belongs(family, path), files);
}

/** Adds a note if nothing was inspected. */
function notesOnCoverage(
  formatId: string,
  level: VerificationLevel,
  family: Family | undefined,
  { inspected }: Inspection,
): string[] {
  if (family === undefined) {
    return [`the export format ${formatId} is not known: only names, sizes and checksums were checked`];
  }
  return level !== 'listing' && inspected.length === 0 ? ['no file is of a kind that can be inspected'] : [];
}
