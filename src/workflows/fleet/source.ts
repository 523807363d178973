import { defined } from '../../internal/defined';
import type { FleetSettings, FleetSource } from '../../contract/fleet-state';
import type { ExportModelsEntry, ExportModelsInput } from '../../contract/fleet-input';
import { FLEET_BYTES, jsonBytes } from '../../contract/fleet-limits';
import { withoutVersion } from '../../contract/resource-names';

/** Maximum number of entries in a part. */
const ENTRIES = 100;
/** Maximum number of Models in a part if formats are read from Vertex AI: each Model is a request and many exports. */
const MODELS = 20;
/** Bytes of a planned export in addition to its entry and the defaults: workflow id and field names. */
const PLANNED_BYTES = 300;

/** The source of a checked input, without duplicates. */
export function newSource(input: ExportModelsInput, { duplicates }: FleetSettings): FleetSource | undefined {
  const repeated = new Set(duplicates);
  const { exports, models, parent, filter, formats } = input;
  const options = formats === undefined ? {} : { formats };
  if (exports) return { exports: exports.filter((_, index) => !repeated.has(index)) };
  if (models) return { models: models.filter((_, index) => !repeated.has(index)), ...options };
  return parent === undefined ? undefined : { parent, ...defined({ filter }), ...options };
}

/**
 * The source with all names of a Model next to each other. Several names can resolve to the same export once the version
 * of an alias is known.
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
 * The next part of a source, and the rest of a list after it.
 *
 * @param defaultsBytes size of the defaults, which each planned export repeats; undefined for fleets of earlier versions,
 * whose parts are not limited by bytes
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

/** Joins the rest of a part and the rest of the source after the part. */
export function joined(part: FleetSource | undefined, rest: FleetSource | undefined): FleetSource | undefined {
  if (part === undefined || rest === undefined) return part ?? rest;
  if ('models' in part && 'models' in rest) return { ...part, models: [...part.models, ...rest.models] };
  if ('exports' in part && 'exports' in rest) return { exports: [...part.exports, ...rest.exports] };
  return part;
}

/** Number of entries whose plan fits into the limit; at least one. */
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
