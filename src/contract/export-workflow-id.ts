import { createHash } from 'node:crypto';
import type { ExportModelInput } from './input';
import { parseModelName } from './resource-names';

/** What tells one export from another: Model and version, format and destinations, and none of the other options. */
export function exportIdentity({ name, outputConfig, formatPreference }: ExportModelInput): readonly unknown[] {
  const { exportFormatId, artifactDestination, imageDestination } = outputConfig;
  return [
    name.replace('%40', '@'),
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

/** Short name of a value: 12 hexadecimal digits of the SHA-256 of its JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
