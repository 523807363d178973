import { createHash } from 'node:crypto';
import type { ExportModelInput } from './export-input';
import { normalizeModelName, parseModelName } from './resource-names';

/** What tells one export from another: Model and version, format and destinations, and none of the other options. */
export function exportIdentity({ name, outputConfig, formatPreference }: ExportModelInput): readonly unknown[] {
  const { exportFormatId, artifactDestination, imageDestination } = outputConfig;
  return [
    normalizeModelName(name),
    exportFormatId ?? formatPreference ?? null,
    // With and without the slash it is the same place.
    artifactDestination?.outputUriPrefix.replace(/\/?$/, '/') ?? null,
    imageDestination?.outputUri ?? null,
  ];
}

/** `export-<model>-<format or auto>-<digest>`: the same for exports of the same {@link exportIdentity}. */
export function exportWorkflowId(input: ExportModelInput): string {
  const format = input.outputConfig.exportFormatId ?? 'auto';
  return `export-${parseModelName(input.name)?.model ?? 'model'}-${format}-${digestOf(exportIdentity(input))}`;
}

/** Longest parts of a child's workflow id, in characters; with the digest and the hyphens at most 200 in all. */
const MAX_FLEET_PART = 60;
const MAX_MODEL_PART = 64;
const MAX_VERSION_PART = 20;
const MAX_FORMAT_PART = 32;

/**
 * Workflow id of one export of a fleet: fleet, Model, version, format, and a digest of the fleet and of everything that
 * the export's identity consists of. At most 200 characters. The same export of the same fleet always has the same id;
 * the Model's display name, which can change, is not part of it.
 */
export function childWorkflowId(fleet: string, input: ExportModelInput): string {
  const { model = 'model', version = 'default' } = parseModelName(input.name) ?? {};
  const format = input.outputConfig.exportFormatId ?? 'auto';
  const digest = digestOf([fleet, ...exportIdentity(input)]);
  return [
    // By characters: half of one is not a part of a valid id.
    Array.from(fleet).slice(0, MAX_FLEET_PART).join(''),
    model.slice(0, MAX_MODEL_PART),
    version.slice(0, MAX_VERSION_PART),
    format.slice(0, MAX_FORMAT_PART),
    digest,
  ].join('-');
}

/** Workflow id of one export of a fleet as it was made before {@link childWorkflowId}: fleets that run keep to it. */
export function formerChildWorkflowId(fleet: string, input: ExportModelInput): string {
  return `${fleet}-${exportWorkflowId(input)}`;
}

/** Longest folder name, in characters: object names have at most 1,024 bytes, and more follows. */
const MAX_FOLDER = 200;

/**
 * Name of the folder of a workflow id, safe as a part of an object's name. Different ids have different folders: an id
 * that has to be changed or cut gets a digest behind it.
 */
export function exportFolderName(workflowId: string): string {
  const safe = workflowId.replace(/[^A-Za-z0-9._-]/g, '_');
  const isWhole = safe === workflowId && safe.length <= MAX_FOLDER && /[^.]/.test(safe);
  if (isWhole) return safe;
  const digest = digestOf(workflowId);
  return `${safe.slice(0, MAX_FOLDER - digest.length - 1).replace(/^\.+$/, '_')}-${digest}`;
}

/** Short name of a value: 12 hexadecimal digits of the SHA-256 of its JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
