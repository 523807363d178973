import { createHash } from 'node:crypto';
import type { ExportModelInput } from './export-input';
import { normalizeModelName, parseModelName } from './resource-names';

/** Identity of an export: Model, version, format and destinations. The other options do not count. */
export function exportIdentity({ name, outputConfig, formatPreference }: ExportModelInput): readonly unknown[] {
  const { exportFormatId, artifactDestination, imageDestination } = outputConfig;
  return [
    normalizeModelName(name),
    exportFormatId ?? formatPreference ?? null,
    // The slash at the end makes no difference.
    artifactDestination?.outputUriPrefix.replace(/\/?$/, '/') ?? null,
    imageDestination?.outputUri ?? null,
  ];
}

/**
 * Workflow id of an export: `export-<model>-<format or auto>-<digest>`. Exports of the same Model, version, format and
 * destinations have the same id.
 */
export function exportWorkflowId(input: ExportModelInput): string {
  const format = input.outputConfig.exportFormatId ?? 'auto';
  return `export-${parseModelName(input.name)?.model ?? 'model'}-${format}-${digestOf(exportIdentity(input))}`;
}

/** Longest parts of a child's workflow id, in characters. With the digest and hyphens there are at most 200. */
const MAX_FLEET_PART = 60;
const MAX_MODEL_PART = 64;
const MAX_VERSION_PART = 20;
const MAX_FORMAT_PART = 32;

/**
 * Workflow id of an export of a fleet: fleet, Model, version, format, and a digest of the fleet and the export's
 * identity. At most 200 characters. The same export of the same fleet always has the same id.
 */
export function childWorkflowId(fleet: string, input: ExportModelInput): string {
  const { model = 'model', version = 'default' } = parseModelName(input.name) ?? {};
  const format = input.outputConfig.exportFormatId ?? 'auto';
  const digest = digestOf([fleet, ...exportIdentity(input)]);
  return [
    // Cut by characters, since half of a surrogate pair is not valid in an id.
    Array.from(fleet).slice(0, MAX_FLEET_PART).join(''),
    model.slice(0, MAX_MODEL_PART),
    version.slice(0, MAX_VERSION_PART),
    format.slice(0, MAX_FORMAT_PART),
    digest,
  ].join('-');
}

/** Workflow id of an export of a fleet as runs of earlier versions made it. Such runs keep their ids. */
export function formerChildWorkflowId(fleet: string, input: ExportModelInput): string {
  return `${fleet}-${exportWorkflowId(input)}`;
}

/** Longest folder name, in characters. The whole object name has at most 1,024 bytes. */
const MAX_FOLDER = 200;

/**
 * Folder name of a workflow id. It is safe as a part of an object name. Different ids have different names: if an id has
 * to be changed or cut, a digest is appended.
 */
export function exportFolderName(workflowId: string): string {
  const safe = workflowId.replace(/[^A-Za-z0-9._-]/g, '_');
  const isWhole = safe === workflowId && safe.length <= MAX_FOLDER && /[^.]/.test(safe);
  if (isWhole) return safe;
  const digest = digestOf(workflowId);
  return `${safe.slice(0, MAX_FOLDER - digest.length - 1).replace(/^\.+$/, '_')}-${digest}`;
}

/** Digest of a value: 12 hexadecimal digits of the SHA-256 of its JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
