import { z } from 'zod';

/** Type of in-toto's statements. Source: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md */
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** Type of a manifest's predicate. */
const PREDICATE_TYPE = 'urn:temporal-vertex-export:export-manifest:v1';

const hex = (digits: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`), `must have ${digits} hexadecimal digits`);

const subjectSchema = z.object({
  /** Path below the export's directory. */
  name: z.string().min(1),
  digest: z.object({ crc32c: hex(8).exactOptional(), md5: hex(32).exactOptional(), sha256: hex(64).exactOptional() }),
  annotations: z.object({ bytes: z.int().min(0), generation: z.string() }),
});

const predicateSchema = z.object({
  /** The exported version: `projects/P/locations/L/models/M@versionId`. */
  model: z.string(),
  exportFormatId: z.string(),
  operation: z.string(),
  /** The directory that the subjects are below. */
  artifactOutputUri: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  verificationLevel: z.enum(['listing', 'structure', 'content']),
  verifiedAt: z.iso.datetime(),
  count: z.int().min(0),
  /** Sum of all sizes. */
  bytes: z.number(),
  /** As in the result of the export: shows whether the manifest itself was changed. */
  manifestSha256: hex(64),
});

/** Schema of a manifest, to parse one that was read. */
export const exportManifestSchema = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(subjectSchema),
  predicateType: z.literal(PREDICATE_TYPE),
  predicate: predicateSchema,
});

/**
 * The manifest of an export, which is beside it as `manifest.json`: every file with its digests, and the operation that
 * made it. It is an in-toto Statement, so that it can be signed and stored with other attestations.
 */
export type ExportManifest = z.infer<typeof exportManifestSchema>;

/** Makes the manifest of a predicate and its subjects. */
export function exportManifest(
  predicate: ExportManifest['predicate'],
  subject: ExportManifest['subject'],
): ExportManifest {
  return { _type: STATEMENT_TYPE, subject, predicateType: PREDICATE_TYPE, predicate };
}
