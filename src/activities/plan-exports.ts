import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ExportFailureDetails, FleetExport, FleetSource, PlanExportsRequest, PlannedExports } from '../contract';
import {
  childWorkflowId,
  cut,
  ExportFailureType,
  exportOf,
  formerChildWorkflowId,
  normalizeModelName,
} from '../contract';
import type { VertexModel } from '../google/vertex';
import type { ExportDependencies } from './dependencies';
import { exportFailure, withFailures } from './failures';
import { missingContents, pinnedName } from './select-export-format';

/** Models of one request, with their formats. */
const MODELS_PER_PAGE = 100;
/** Longest message of a Model that nothing can be started for, in characters: a fleet carries many of them. */
const MAX_MESSAGE = 500;

type Formats = Extract<FleetSource, { models: unknown }>['formats'];
type VertexDependencies = Pick<ExportDependencies, 'vertex'>;

/** Settles formats and workflow ids of a part of a fleet. */
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
  { models, formats }: Extract<FleetSource, { models: unknown }>,
): Promise<PlannedExports> {
  if (formats !== 'all') {
    const planned = models.flatMap((name) => plannedFormats(request, name, formats));
    return { planned, failed: [], skipped: 0 };
  }
  const { cancellationSignal: signal } = Context.current();
  const parts: PlannedExports[] = [];
  for (const name of models) {
    try {
      const { model } = await withFailures('model', () => deps.vertex.getModel(normalizeModelName(name), signal));
      const fitting = formatsOf(model, formats);
      if (fitting.length === 0) throw nothingToExport(name, model);
      parts.push({ planned: plannedFormats(request, pinnedName(name, model), fitting), failed: [], skipped: 0 });
    } catch (error) {
      // One Model that is not there must not keep the others from being exported.
      if (!(error instanceof ApplicationFailure) || error.nonRetryable !== true) throw error;
      parts.push({ planned: [], failed: [failedModel(name, error)], skipped: 0 });
    }
  }
  return joined(parts);
}

async function planParent(
  deps: VertexDependencies,
  request: PlanExportsRequest,
  { parent, filter, formats, pageToken }: Extract<FleetSource, { parent: string }>,
): Promise<PlannedExports> {
  const page = { parent, filter, pageToken, pageSize: MODELS_PER_PAGE };
  const { models, nextPageToken } = await withFailures('models', () =>
    deps.vertex.listModels(page, Context.current().cancellationSignal),
  );
  const parts = models.map((model) => {
    const fitting = formatsOf(model, formats);
    // The service names a project by its number here; the parent's own words keep one name for one Model.
    const name = pinnedName(`${parent}/models/${model.name.replace(/^.*\/models\/|@.*$/g, '')}`, model);
    // Without formats, each export chooses its own.
    const planned = fitting.length === 0 ? [] : plannedFormats(request, name, formats && fitting);
    return { planned, failed: [], skipped: fitting.length === 0 ? 1 : 0 };
  });
  return { ...joined(parts), ...(nextPageToken && { nextPageToken }) };
}

/** Formats of a Model that were asked for and can be written as artifacts. */
function formatsOf(model: VertexModel, formats: Formats): string[] {
  return model.supportedExportFormats
    .filter((format) => missingContents(format, ['ARTIFACT']).length === 0)
    .map(({ id }) => id)
    .filter((id) => formats === undefined || formats === 'all' || formats.includes(id));
}

function plannedFormats(
  request: PlanExportsRequest,
  name: string,
  formats: readonly string[] | undefined,
): PlannedExports['planned'] {
  if (formats === undefined) return [plannedExport(request, exportOf(request.defaults, { name }))];
  return [...new Set(formats)].map((exportFormatId) =>
    plannedExport(request, exportOf(request.defaults, { name, outputConfig: { exportFormatId } })),
  );
}

function plannedExport({ fleet, childIds }: PlanExportsRequest, input: ReturnType<typeof exportOf>) {
  const idOf = childIds === 'bounded' ? childWorkflowId : formerChildWorkflowId;
  return { workflowId: idOf(fleet, input), input };
}

function joined(parts: readonly PlannedExports[]): PlannedExports {
  return {
    planned: parts.flatMap(({ planned }) => planned),
    failed: parts.flatMap(({ failed }) => failed),
    skipped: parts.reduce((sum, { skipped }) => sum + skipped, 0),
  };
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
