import { z } from 'zod';
import { exactSchema } from '../contract/exact-schema';
import type { ExportedFile } from '../contract/export-result';
import { defined } from '../internal/defined';
import { forEachInSlices } from '../verification/slices';
import { sortedInSlices } from '../verification/sorted';
import { byPath } from './digests';

/** Type of in-toto's statements. Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** Type of a manifest's predicate. */
const PREDICATE_TYPE = 'urn:temporal-vertex-export:export-manifest:v1';

/**
 * The manifest of an export, which is beside it as `manifest.json`: every file with its digests, and the operation that
 * made it. It is an in-toto Statement, so that it can be signed and stored with other attestations.
 */
export interface ExportManifest {
  /** Type of in-toto's statements. */
  _type: typeof STATEMENT_TYPE;
  /** Every file, in the order of their paths. */
  subject: ManifestSubject[];
  /** Type of a manifest's predicate. */
  predicateType: typeof PREDICATE_TYPE;
  /** What was exported, by which operation and workflow, and how it was verified. */
  predicate: ManifestPredicate;
}

/** A file of an export in its manifest. */
export interface ManifestSubject {
  /** Path below the export's directory. */
  name: string;
  /** Digests of the file, in hex. */
  digest: {
    /** As Cloud Storage recorded it; eight digits. */
    crc32c?: string;
    /** As Cloud Storage recorded it; absent for an object that was composed of others. */
    md5?: string;
    /** Of the bytes that were read; absent unless the verification level was `content`. */
    sha256?: string;
  };
  /** Facts that are not digests. */
  annotations: {
    /** Size in bytes. */
    bytes: number;
    /** Generation of the object. */
    generation: string;
  };
}

/** What a manifest states about its files. */
export interface ManifestPredicate {
  /** The exported version: `projects/P/locations/L/models/M@versionId`. */
  model: string;
  /** Vertex AI's id of the format, for example `tflite`. */
  exportFormatId: string;
  /** Resource name of the operation that made the export. */
  operation: string;
  /** The directory that the subjects are below. */
  artifactOutputUri: string;
  /** Workflow that made the export. */
  workflowId: string;
  /** Run of the workflow. */
  runId: string;
  /** How much of the files was verified. */
  verificationLevel: 'listing' | 'structure' | 'content';
  /** When the files were verified, in ISO 8601. */
  verifiedAt: string;
  /** Number of files. */
  count: number;
  /** Sum of all sizes. */
  bytes: number;
  /** As in the result of the export: shows whether the manifest itself was changed. */
  manifestSha256: string;
}

const hex = (digits: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must have ${digits} hexadecimal digits`);

/** Schema of a manifest, to parse one that was read. */
export const exportManifestSchema: z.ZodType<ExportManifest> = exactSchema<ExportManifest>()(
  z.object({
    _type: z.literal(STATEMENT_TYPE),
    subject: z.array(
      z.object({
        name: z.string().min(1),
        digest: z.object({
          crc32c: hex(8).exactOptional(),
          md5: hex(32).exactOptional(),
          sha256: hex(64).exactOptional(),
        }),
        annotations: z.object({ bytes: z.int().min(0), generation: z.string() }),
      }),
    ),
    predicateType: z.literal(PREDICATE_TYPE),
    predicate: z.object({
      model: z.string(),
      exportFormatId: z.string(),
      operation: z.string(),
      artifactOutputUri: z.string(),
      workflowId: z.string(),
      runId: z.string(),
      verificationLevel: z.enum(['listing', 'structure', 'content']),
      verifiedAt: z.iso.datetime(),
      count: z.int().min(0),
      bytes: z.number(),
      manifestSha256: hex(64),
    }),
  }),
);

/**
 * Makes the manifest of an export.
 *
 * @param sha256 digests of the files that were read completely, by path
 */
export async function statementOf(
  predicate: ManifestPredicate,
  files: readonly ExportedFile[],
  sha256: ReadonlyMap<string, string> = new Map(),
): Promise<ExportManifest> {
  const subject: ManifestSubject[] = [];
  await forEachInSlices(await sortedInSlices(files, byPath), ({ path, bytes, crc32c, md5, generation }) => {
    const digest = defined({ crc32c: toHex(crc32c), md5: toHex(md5), sha256: sha256.get(path) });
    subject.push({ name: path, digest, annotations: { bytes, generation } });
  });
  return { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate };
}

/** The files that a manifest names, in the form of a listing. */
export async function filesOf({ subject }: ExportManifest): Promise<ExportedFile[]> {
  const files: ExportedFile[] = [];
  await forEachInSlices(subject, ({ name, digest: { crc32c, md5 }, annotations: { bytes, generation } }) => {
    files.push({ path: name, bytes, ...defined({ crc32c: toBase64(crc32c), md5: toBase64(md5) }), generation });
  });
  return files;
}

function toHex(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('hex');
}

function toBase64(hexadecimal: string | undefined): string | undefined {
  return hexadecimal === undefined ? undefined : Buffer.from(hexadecimal, 'hex').toString('base64');
}
