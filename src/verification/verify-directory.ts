import type { ArtifactFile } from './artifact-file';
import { FORMAT_IDS } from './formats';
import type { InspectedFile } from './inspected';
import type { VerificationLevel } from './verify-files';
import { verifyFiles } from './verify-files';

/**
 * How a model directory is verified.
 *
 * @experimental
 */
export interface VerifyDirectoryOptions {
  /**
   * Vertex AI's id of the format: `tf-saved-model`, `tflite`, `edgetpu-tflite`, `tf-js`, `core-ml`, `custom-trained`.
   */
  readonly format: string;
  /** Default `structure`. */
  readonly level?: VerificationLevel;
}

/**
 * The result of verifying a model directory.
 *
 * @experimental
 */
export interface DirectoryVerification {
  /** Faults of the files, one line each. The directory is valid if there are none. */
  readonly findings: readonly string[];
  /** Facts worth knowing that are not faults, one line each, for example files that the format does not have. */
  readonly notes: readonly string[];
  /** Facts about each inspected file; `kind` determines the fields of `summary`. */
  readonly inspected: readonly InspectedFile[];
}

/**
 * Verifies the files of a model directory, as the export workflow verifies an export. It needs neither Temporal nor
 * Vertex AI, and never executes anything of a model.
 *
 * @example
 * ```ts
 * import { localDirectory, verifyDirectory } from 'temporal-vertex-export/verification';
 *
 * const { findings } = await verifyDirectory(await localDirectory('./model'), { format: 'tflite' });
 * if (findings.length > 0) throw new Error(findings.join('\n'));
 * ```
 *
 * @param files of the directory, from {@link localDirectory}, `storageDirectory` or your implementation of {@link ArtifactFile}
 * @throws RangeError if the format or the level is not known
 * @throws the error of `read` if a file can't be read
 * @experimental
 */
export async function verifyDirectory(
  files: readonly ArtifactFile[],
  { format, level = 'structure' }: VerifyDirectoryOptions,
): Promise<DirectoryVerification> {
  requireOneOf('format', FORMAT_IDS, format);
  requireOneOf('level', LEVELS, level);
  const { findings, notes, inspected } = await verifyFiles(files, {
    formatId: format,
    level,
    expectsChecksums: files.some(({ crc32c }) => crc32c !== undefined),
  });
  const isUncompared = level === 'content' && files.every(({ crc32c, md5 }) => (crc32c ?? md5) === undefined);
  return { findings, notes: isUncompared && files.length > 0 ? [...notes, NOTHING_RECORDED] : notes, inspected };
}

const LEVELS: readonly string[] = ['listing', 'structure', 'content'] satisfies VerificationLevel[];

const NOTHING_RECORDED =
  'no file has a recorded checksum: every byte was read, but there was nothing to compare the bytes with';

function requireOneOf(option: string, known: readonly string[], value: string): void {
  if (known.includes(value)) return;
  throw new RangeError(`Unknown ${option} ${JSON.stringify(value)}. Use one of: ${known.join(', ')}.`);
}
