import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails } from '../../contract/failures';
import type { FleetExport } from '../../contract/fleet-result';
import type {
  FleetSource,
  PlanExportsRequest,
  PlannedExport,
  PlannedExports,
  PlannedLast,
} from '../../contract/fleet-activities';
import { childWorkflowId, formerChildWorkflowId } from '../../contract/workflow-id';
import { cut } from '../../internal/text';
import { ExportFailureType } from '../../contract/failures';
import { exportOf } from '../../contract/fleet-input';
import { formatId } from '../../contract/fields';
import { jsonBytes } from '../../contract/fleet-limits';
import { normalizeModelName, parseModelName, withoutVersion } from '../../contract/resource-names';
import type { VertexModel } from '../../google/vertex';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, withFailures } from '../failures/failure';
import { missingContents, pinnedName } from '../export/select-export-format';

/** Models of one request, with their formats. */
const MODELS_PER_PAGE = 100;
/** Bytes of a planned export beside the defaults: the names of Model and format, the workflow id and the fields. */
const EXPORT_BYTES = 500;
/** Longest message of a Model that nothing can be started for, in characters: a fleet carries many of them. */
const MAX_MESSAGE = 500;

/** Formats of a Model that are expected where all are asked for: it decides how many Models a request asks for. */
const EXPECTED_FORMATS = 4;

type Formats = Extract<FleetSource, { models: unknown }>['formats'];
type ModelsSource = Extract<FleetSource, { models: unknown }>;
type ParentSource = Extract<FleetSource, { parent: string }>;
type VertexDependencies = Pick<ExportDependencies, 'vertex'>;

/** Chooses formats and workflow ids of a part of a fleet. */
export async function planExports(deps: VertexDependencies, request: PlanExportsRequest): Promise<PlannedExports> {
  const { source } = request;
  if ('exports' in source) {
    const planned = source.exports.map((entry) => plannedExport(request, exportOf(request.defaults, entry)));
    return { planned, failed: [], skipped: 0 };
  }
  return 'models' in source ? planModels(deps, request, source) : planParent(deps, request, source);
}

async function planModels(
  deps: VertexDependencies,
  request: PlanExportsRequest,
  source: ModelsSource,
): Promise<PlannedExports> {
  const { models, formats } = source;
  const part = new Part(request);
  for (const [index, name] of models.entries()) {
    // Only the first can have been planned in part.
    const after = index === 0 ? source.after : undefined;
    try {
      const added = formats === 'all' ? await planAll(deps, part, name, after) : part.add(name, formats, after);
      if (added.isFull) {
        const rest: ModelsSource = { models: models.slice(index), ...(formats && { formats }) };
        return { ...part.result(), rest: added.last ? { ...rest, after: added.last } : rest };
      }
    } catch (error) {
      // One Model that does not exist must not keep the others from being exported; credentials are those of all.
      const isOfModel =
        error instanceof ApplicationFailure &&
        error.nonRetryable === true &&
        error.type !== ExportFailureType.CredentialsUnavailable;
      if (!isOfModel) throw error;
      part.failed.push(failedModel(name, error));
    }
  }
  return part.result();
}

async function planAll(
  deps: VertexDependencies,
  part: Part,
  name: string,
  after: PlannedLast | undefined,
): Promise<Added> {
  const { cancellationSignal: signal } = Context.current();
  const { model } = await withFailures('model', () => deps.vertex.getModel(normalizeModelName(name), signal));
  const fitting = formatsOf(model, 'all');
  if (fitting.length === 0) throw nothingToExport(name, model);
  return part.add(pinnedName(name, model), fitting, after);
}

async function planParent(
  deps: VertexDependencies,
  request: PlanExportsRequest,
  source: ParentSource,
): Promise<PlannedExports> {
  const { parent, filter, formats, pageToken, after } = source;
  const page = { parent, filter, pageToken, pageSize: pageSizeOf(request, formats) };
  const { models, nextPageToken } = await withFailures('models', () =>
    deps.vertex.listModels(page, Context.current().cancellationSignal),
  );
  const names = models.map(({ name }) => `${parent}/models/${name.replace(/^.*\/models\/|@.*$/g, '')}`);
  // Where the Model is no longer listed the whole page is planned again: the fleet starts no export twice.
  const begin = Math.max(0, names.indexOf(after?.model ?? ''));
  const part = new Part(request);
  for (const [index, model] of models.slice(begin).entries()) {
    // The service names a project by its number here; the parent's own words keep one name for one Model.
    const name = pinnedName(names[begin + index] ?? '', model);
    const fitting = formatsOf(model, formats);
    if (parseModelName(name) === undefined || fitting.length === 0) {
      part.skipped += 1;
      continue;
    }
    // Without formats, each export chooses its own.
    const { isFull } = part.add(name, formats && fitting, index === 0 ? after : undefined);
    if (isFull) return { ...part.result(), rest: { ...source, ...(part.last && { after: part.last }) } };
  }
  return { ...part.result(), ...(nextPageToken && { nextPageToken }) };
}

/** Models of one request whose plans are expected to fit into one answer. */
function pageSizeOf({ maxBytes, defaults }: PlanExportsRequest, formats: Formats): number {
  if (maxBytes === undefined) return MODELS_PER_PAGE;
  const each = jsonBytes(defaults) + EXPORT_BYTES;
  const count = formats === 'all' ? EXPECTED_FORMATS : (formats?.length ?? 1);
  return Math.min(MODELS_PER_PAGE, Math.max(1, Math.floor(maxBytes / (each * count))));
}

/** How far a Model's exports were planned. */
interface Added {
  /** Whether there was no room for all of them. */
  readonly isFull: boolean;
  /** The last one of this Model that was planned. */
  readonly last?: PlannedLast | undefined;
}

/** What is planned of a part, up to the size that the fleet asked for. */
class Part {
  readonly failed: FleetExport[] = [];
  skipped = 0;
  /** The last export that was planned. */
  last: PlannedLast | undefined;
  private readonly planned: PlannedExport[] = [];
  private bytes = 0;

  constructor(private readonly request: PlanExportsRequest) {}

  /**
   * Plans a Model's exports.
   *
   * @param after the export that an earlier answer ended with
   */
  add(name: string, formats: readonly string[] | undefined, after: PlannedLast | undefined): Added {
    const model = withoutVersion(name);
    const { defaults, maxBytes = Infinity } = this.request;
    const ids: readonly (string | undefined)[] = formats === undefined ? [undefined] : [...new Set(formats)];
    const begin = after?.model === model ? ids.indexOf(after.exportFormatId) + 1 : 0;
    let last: PlannedLast | undefined;
    for (const exportFormatId of ids.slice(begin)) {
      const entry = exportFormatId === undefined ? { name } : { name, outputConfig: { exportFormatId } };
      const one = plannedExport(this.request, exportOf(defaults, entry));
      this.bytes += jsonBytes(one);
      if (this.planned.length > 0 && this.bytes > maxBytes) return { isFull: true, last };
      this.planned.push(one);
      last = { model, ...(exportFormatId !== undefined && { exportFormatId }) };
      this.last = last;
    }
    return { isFull: false };
  }

  result(): PlannedExports {
    return { planned: this.planned, failed: this.failed, skipped: this.skipped };
  }
}

/** Formats of a Model that were asked for and can be written as artifacts. */
function formatsOf(model: VertexModel, formats: Formats): string[] {
  return model.supportedExportFormats
    .filter((format) => missingContents(format, ['ARTIFACT']).length === 0)
    .map(({ id }) => id)
    .filter((id) => formatId.safeParse(id).success)
    .filter((id) => formats === undefined || formats === 'all' || formats.includes(id));
}

function plannedExport({ fleet, childIds }: PlanExportsRequest, input: ReturnType<typeof exportOf>): PlannedExport {
  const idOf = childIds === 'bounded' ? childWorkflowId : formerChildWorkflowId;
  return { workflowId: idOf(fleet, input), input };
}

function nothingToExport(name: string, model: VertexModel): ApplicationFailure {
  const ids = model.supportedExportFormats.map(({ id }) => id).join(', ');
  return exportFailure(ids ? `${name} has no format with ARTIFACT; it supports: ${ids}` : `${name} is not exportable`, {
    type: ids ? ExportFailureType.DestinationMismatch : ExportFailureType.NotExportable,
    action: ids
      ? 'Export it by itself, with an imageDestination.'
      : 'The Model has no supportedExportFormats: leave it out.',
  });
}

function failedModel(model: string, error: ApplicationFailure): FleetExport {
  const [details] = (error.details ?? []) as (ExportFailureDetails | undefined)[];
  return {
    model,
    outcome: 'failed',
    failure: { message: cut(error.message, MAX_MESSAGE), ...(details && { type: details.type }) },
  };
}
