import { isDeepStrictEqual } from 'node:util';
import type { ExportedFile } from '../contract/export-result';
import type { StorageUri } from '../contract/resource-names';
import { jsonOrUndefined } from '../internal/json';
import { MANIFEST_NAME } from './digests';
import type { ExportManifest, ManifestPredicate } from './statement';
import { exportManifestSchema, statementOf } from './statement';

/** The URI of the manifest, or a note with the reason why it was not written. */
export interface WrittenManifest {
  readonly manifestUri?: string;
  readonly notes: readonly string[];
}

/** The manifest as an object of Cloud Storage. */
export interface ManifestObject {
  readonly place: StorageUri;
  readonly content: string;
  readonly contentType: string;
  /** Whether an existing object is equivalent. */
  readonly isSame: (existing: string) => boolean;
}

/**
 * Writes an object unless an equivalent one exists. `refused` means that another object exists, and may not be replaced.
 */
export type WriteOnce = (
  object: ManifestObject,
) => Promise<
  { readonly outcome: 'written' | 'already there' } | { readonly outcome: 'refused'; readonly failure: unknown }
>;

/**
 * Writes the manifest of a verified export beside it. A manifest of the same operation and files, from an earlier attempt,
 * is kept. If another object exists and may not be replaced, the result is a note.
 *
 * @param directory of the export, with a slash at its end
 * @param sha256 digests of the files that were read completely, by path
 */
export async function writeManifest(
  write: WriteOnce,
  { bucket, path }: StorageUri,
  predicate: ManifestPredicate,
  files: readonly ExportedFile[],
  sha256: ReadonlyMap<string, string>,
): Promise<WrittenManifest> {
  const manifest = await statementOf(predicate, files, sha256);
  const name = `${path.replace(/[^/]*\/$/, '')}${MANIFEST_NAME}`;
  const manifestUri = `gs://${bucket}/${name}`;
  const written = await write({
    place: { bucket, path: name },
    content: JSON.stringify(manifest),
    contentType: 'application/json',
    isSame: (existing) => isSameExport(existing, manifest),
  });
  if (written.outcome !== 'refused') return { manifestUri, notes: [] };
  const reason = written.failure instanceof Error ? written.failure.message : String(written.failure);
  return { notes: [`the manifest was not written, because another object exists at ${manifestUri}: ${reason}`] };
}

/** Whether a manifest records the same files of the same operation; time and run may differ. */
function isSameExport(existing: string, manifest: ExportManifest): boolean {
  const parsed = exportManifestSchema.safeParse(jsonOrUndefined(existing));
  if (!parsed.success) return false;
  const { verifiedAt, runId } = manifest.predicate;
  const found = { ...parsed.data, predicate: { ...parsed.data.predicate, verifiedAt, runId } };
  return isDeepStrictEqual(found, exportManifestSchema.parse(manifest));
}
