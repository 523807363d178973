import type { FleetSettings, FleetSource } from '../contract/fleet-activities';
import type { ExportModelsInput } from '../contract/fleet-input';

/** Entries planned at a time. */
const ENTRIES = 100;
/** Of a list whose formats are to be found out: each Model is a request then, and can come to many exports. */
const MODELS = 20;

/** All that a checked input names, without what it names twice. */
export function sourceOf(input: ExportModelsInput, { duplicates }: FleetSettings): FleetSource | undefined {
  const twice = new Set(duplicates);
  const { exports, models, parent, filter, formats } = input;
  const chosen = formats === undefined ? {} : { formats };
  if (exports) return { exports: exports.filter((_, index) => !twice.has(index)) };
  if (models) return { models: models.filter((_, index) => !twice.has(index)), ...chosen };
  return parent === undefined ? undefined : { parent, ...(filter !== undefined && { filter }), ...chosen };
}

/** The next part, and what is left of a list after it. */
export function nextPart(source: FleetSource): { part: FleetSource; rest: FleetSource | undefined } {
  if ('exports' in source) {
    const { exports } = source;
    const rest = exports.slice(ENTRIES);
    return { part: { exports: exports.slice(0, ENTRIES) }, rest: rest.length > 0 ? { exports: rest } : undefined };
  }
  if ('models' in source) {
    const { models, ...formats } = source;
    const size = formats.formats === 'all' ? MODELS : ENTRIES;
    const rest = models.slice(size);
    return {
      part: { models: models.slice(0, size), ...formats },
      rest: rest.length > 0 ? { models: rest, ...formats } : undefined,
    };
  }
  return { part: source, rest: undefined };
}
