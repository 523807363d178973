import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails } from '../../contract/failures';
import type { FleetExport } from '../../contract/fleet-result';
import type { PlanExportsRequest, PlannedExports } from '../../contract/fleet-activities';
import type { PlannedLast, FleetSource, PlannedExport } from '../../contract/fleet-state';
import { childWorkflowId, formerChildWorkflowId } from '../../contract/workflow-id';
import { cut } from '../../internal/text';
import { ExportFailureType } from '../../contract/failures';
import { exportOf } from '../../contract/fleet-input';
import { formatId } from '../../contract/fields';
import { jsonBytes } from '../../contract/fleet-limits';
import { normalizeModelName, parseModelName } from '../../contract/resource-names';
import { defined } from '../../internal/defined';
import type { VertexModel } from '../../google/vertex';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, withFailures } from '../failures/failure';
import { missingContents, pinnedName } from '../export/select-export-format';

/** Most Models of one list request. */
const MODELS_PER_PAGE = 100;
/** Expected size of a planned export besides the defaults, in bytes: names of Model and format, workflow id, fields. */
const EXPORT_BYTES = 500;
/** Longest failure message of a Model, in characters: a fleet carries many of them. */
const MAX_MESSAGE = 500;

/** Expected formats of a Model if all are requested; it determines the number of Models of a list request. */
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
    // Only the first Model can have been planned in part.
    const after = index === 0 ? source.after : undefined;
    try {
      const added = formats === 'all' ? await planAll(deps, part, name, after) : part.add(name, formats, after);
      if (added.isFull) {
        const rest: ModelsSource = { models: models.slice(index), ...defined({ formats }) };
        return { ...part.result(), rest: added.last ? { ...rest, after: added.last } : rest };
      }
    } catch (error) {
      // A Model that does not exist must not prevent the export of the others. Credentials are those of all Models.
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
  // If the Model is no longer listed, the whole page is planned again; the fleet starts no export twice.
  const begin = Math.max(0, names.indexOf(after?.model ?? ''));
  const part = new Part(request);
  for (const [index, model] of models.slice(begin).entries()) {
    // The service may name the project by its number here; the name of the parent keeps one name for each Model.
    const name = pinnedName(names[begin + index] ?? '', model);
    const fitting = formatsOf(model, formats);
    if (parseModelName(name) === undefined || fitting.length === 0) {
      part.skipped += 1;
      continue;
    }
    // Without formats, each export selects its own.
    const { isFull } = part.add(name, formats && fitting, index === 0 ? after : undefined);
    if (isFull) return { ...part.result(), rest: { ...source, ...(part.last && { after: part.last }) } };
  }
  return { ...part.result(), ...(nextPageToken && { nextPageToken }) };
}

/** The number of Models whose plans are expected to fit into one result. */
function pageSizeOf({ maxBytes, defaults }: PlanExportsRequest, formats: Formats): number {
  if (maxBytes === undefined) return MODELS_PER_PAGE;
  const each = jsonBytes(defaults) + EXPORT_BYTES;
  const count = formats === 'all' ? EXPECTED_FORMATS : (formats?.length ?? 1);
  return Math.min(MODELS_PER_PAGE, Math.max(1, Math.floor(maxBytes / (each * count))));
}

/** The result of planning a Model's exports. */
interface Added {
  /** Whether not all of them fitted. */
  readonly isFull: boolean;
  /** The last one of this Model that was planned. */
  readonly last?: PlannedLast | undefined;
}

/** The planned exports of one request, up to the size that the fleet asked for. */
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
   * @param after the last export of an earlier result
   */
  add(name: string, formats: readonly string[] | undefined, after: PlannedLast | undefined): Added {
    const model = normalizeModelName(name).replace(/@.*$/, '');
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
      last = { model, ...defined({ exportFormatId }) };
      this.last = last;
    }
    return { isFull: false };
  }

  result(): PlannedExports {
    return { planned: this.planned, failed: this.failed, skipped: this.skipped };
  }
}

/** The requested formats of a Model that can be written as artifacts. */
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
      ? 'Export this Model separately, with an imageDestination.'
      : 'The Model has no supportedExportFormats. Remove it from the input.',
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
