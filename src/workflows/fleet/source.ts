import type { FleetSettings, FleetSource } from '../../contract/fleet-activities';
import type { ExportModelsEntry, ExportModelsInput } from '../../contract/fleet-input';
import { FLEET_BYTES, jsonBytes } from '../../contract/fleet-limits';
import { withoutVersion } from '../../contract/resource-names';

/** Entries planned at a time. */
const ENTRIES = 100;
/** The same where the formats are read from Vertex AI: each Model is a request, and can come to many exports. */
const MODELS = 20;
/** Bytes of a planned export beside its entry and the defaults: workflow id and field names. */
const PLANNED_BYTES = 300;

/** All that a checked input names, without what it names twice. */
export function sourceOf(input: ExportModelsInput, { duplicates }: FleetSettings): FleetSource | undefined {
  const twice = new Set(duplicates);
  const { exports, models, parent, filter, formats } = input;
  const chosen = formats === undefined ? {} : { formats };
  if (exports) return { exports: exports.filter((_, index) => !twice.has(index)) };
  if (models) return { models: models.filter((_, index) => !twice.has(index)), ...chosen };
  return parent === undefined ? undefined : { parent, ...(filter !== undefined && { filter }), ...chosen };
}

/**
 * The source with all names of one Model beside each other, in the order of the first of each. Several names can come
 * to the same export once the version behind an alias is known.
 */
export function groupedByModel(source: FleetSource | undefined): FleetSource | undefined {
  if (source === undefined || !('models' in source)) return source;
  const groups = new Map<string, string[]>();
  for (const name of source.models) {
    const model = withoutVersion(name);
    const group = groups.get(model);
    if (group) group.push(name);
    else groups.set(model, [name]);
  }
  return { ...source, models: [...groups.values()].flat() };
}

/**
 * The next part, and what is left of a list after it.
 *
 * @param defaultsBytes length of the defaults, which each planned export repeats; left out by fleets that began before
 * parts were limited by bytes
 */
export function nextPart(
  source: FleetSource,
  defaultsBytes?: number,
): { part: FleetSource; rest: FleetSource | undefined } {
  if ('exports' in source) {
    const { exports } = source;
    const size = defaultsBytes === undefined ? ENTRIES : fitting(exports, defaultsBytes);
    const rest = exports.slice(size);
    return { part: { exports: exports.slice(0, size) }, rest: rest.length > 0 ? { exports: rest } : undefined };
  }
  if ('models' in source) {
    const { models, after, ...formats } = source;
    const size = formats.formats === 'all' ? MODELS : ENTRIES;
    const rest = models.slice(size);
    return {
      part: { models: models.slice(0, size), ...formats, ...(after && { after }) },
      rest: rest.length > 0 ? { models: rest, ...formats } : undefined,
    };
  }
  return { part: source, rest: undefined };
}

/** What is left of a source: the rest of its part, and what follows the part. */
export function joined(part: FleetSource | undefined, rest: FleetSource | undefined): FleetSource | undefined {
  if (part === undefined || rest === undefined) return part ?? rest;
  if ('models' in part && 'models' in rest) return { ...part, models: [...part.models, ...rest.models] };
  if ('exports' in part && 'exports' in rest) return { exports: [...part.exports, ...rest.exports] };
  return part;
}

/** Number of the first entries whose plan has a bounded size; at least one. */
function fitting(entries: readonly ExportModelsEntry[], defaultsBytes: number): number {
  let bytes = 0;
  let count = 0;
  for (const entry of entries.slice(0, ENTRIES)) {
    bytes += jsonBytes(entry) + defaultsBytes + PLANNED_BYTES;
    if (count > 0 && bytes > FLEET_BYTES.planned) break;
    count += 1;
  }
  return count;
}
