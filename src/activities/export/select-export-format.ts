import { Context } from '@temporalio/activity';
import type { ExportPlan, ExportSource } from '../../contract/export-activities';
import type { NormalizedExportInput } from '../../contract/export-input';
import { ExportFailureType } from '../../contract/failures';
import { exportFolderName } from '../../contract/workflow-id';
import { modelName, normalizeModelName, parseModelName, parseStorageUri } from '../../contract/resource-names';
import { parseExportModelInput } from '../../contract/export-input';
import { GoogleApiError } from '../../google/api-error';
import type { StorageBucket } from '../../google/storage';
import type { VertexExportFormat, VertexModel } from '../../google/vertex';
import type { ExportDependencies } from '../dependencies';
import { exportFailure, inputFailure, withFailures } from '../failures/failure';
import type { ReportDetails } from '../heartbeats';
import { defined } from '../../internal/defined';
import { nearest } from '../../internal/nearest';

/** Checks the raw input, pins the version, chooses the format and checks the destinations. Starts nothing. */
export async function selectExportFormat(
  deps: ExportDependencies,
  raw: unknown,
  report: ReportDetails,
): Promise<ExportPlan> {
  report(() => ({ step: 'selecting, or waiting for quota' }));
  const parsed = parseExportModelInput(raw);
  if ('problems' in parsed) throw inputFailure(parsed.problems);
  const { input } = parsed;
  const { cancellationSignal: signal, info } = Context.current();

  const name = normalizeModelName(input.name);
  const { model, serviceTime } = await withFailures('model', () => deps.vertex.getModel(name, signal));
  const pinned = pinnedName(name, model);
  const format = chooseFormat(pinned, model, input);

  const { artifactDestination, imageDestination } = input.outputConfig;
  if (artifactDestination) await checkBucket(deps, pinned, artifactDestination.outputUriPrefix, signal);

  return {
    model: pinned,
    modelDisplayName: model.displayName,
    exportFormatId: format.id,
    destinations: defined({
      outputUriPrefix: artifactDestination?.outputUriPrefix,
      imageUri: imageDestination?.outputUri,
    }),
    // The service's Date header has whole seconds: they are rounded down, so that no operation of this run is older.
    notBefore: new Date(Math.floor(serviceTime.getTime() / 1_000) * 1_000).toISOString(),
    perRunFolder: input.perRunFolder,
    folderName: exportFolderName(info.workflowExecution?.workflowId ?? ''),
    verification: input.verification,
    polling: input.polling,
    ...(input.longExports && { longExports: input.longExports }),
    deadlineMs: input.deadline,
    maxExportAttempts: input.maxExportAttempts,
    onBlocked: input.onBlocked,
    deletePartialArtifacts: input.deletePartialArtifacts,
    source: exportSource(model),
    manifest: input.manifest,
  };
}

function exportSource({ artifactUri, versionCreateTime: createTime, containerSpec }: VertexModel): ExportSource {
  return defined({ artifactUri, createTime, servingImageUri: containerSpec?.imageUri });
}

/** Adds the version that was read to a name, so that a later default or alias never changes what is exported. */
export function pinnedName(asked: string, model: VertexModel): string {
  const parsed = parseModelName(asked);
  if (parsed === undefined || model.versionId === undefined) return asked;
  return modelName({ ...parsed, version: model.versionId });
}

/** Most formats that a message lists. */
const LISTED_FORMATS = 20;

type Contents = 'ARTIFACT' | 'IMAGE';

/** The destinations that a format can't be written to. In Google's samples, no `exportableContents` means artifacts. */
export function missingContents(format: VertexExportFormat, wanted: readonly Contents[]): Contents[] {
  const given = format.exportableContents.length === 0 ? ['ARTIFACT'] : format.exportableContents;
  return wanted.filter((contents) => !given.includes(contents));
}

function chooseFormat(name: string, model: VertexModel, input: NormalizedExportInput): VertexExportFormat {
  const { exportFormatId, artifactDestination, imageDestination } = input.outputConfig;
  const formats = model.supportedExportFormats;
  if (formats.length === 0) {
    throw exportFailure(`${name} is not exportable: it has no supportedExportFormats`, {
      type: ExportFailureType.NotExportable,
      action:
        'Vertex AI can only deploy this Model. Export another version, or train the Model with an exportable type.',
    });
  }
  const wanted: Contents[] = [
    ...(artifactDestination ? (['ARTIFACT'] as const) : []),
    ...(imageDestination ? (['IMAGE'] as const) : []),
  ];
  const supported = formats
    .map(({ id, exportableContents }) => `${id} (${exportableContents.join(', ') || 'contents not stated'})`)
    .slice(0, LISTED_FORMATS)
    .join(', ');

  if (exportFormatId !== undefined) {
    const format = formats.find(({ id }) => id === exportFormatId);
    if (format === undefined) throw unsupported(name, [exportFormatId], formats, supported);
    const missing = missingContents(format, wanted);
    if (missing.length > 0)
      throw mismatch(name, `the format ${format.id} has no ${missing.join(' and no ')}`, supported);
    return format;
  }

  const candidates = input.formatPreference
    ? input.formatPreference.flatMap((id) => formats.filter((format) => format.id === id))
    : formats;
  if (candidates.length === 0) throw unsupported(name, input.formatPreference ?? [], formats, supported);
  const suitable = candidates.find((format) => missingContents(format, wanted).length === 0);
  if (suitable) return suitable;
  const ids = candidates.map(({ id }) => id).join(', ');
  throw mismatch(name, `none of the formats ${ids} has ${wanted.join(' and ')}`, supported);
}

function unsupported(
  name: string,
  asked: readonly string[],
  formats: readonly VertexExportFormat[],
  supported: string,
): Error {
  const ids = formats.map(({ id }) => id);
  const [first = ''] = asked;
  const close = nearest(first, ids);
  const hint = asked.length === 1 && close !== undefined ? ` Did you mean ${close}?` : '';
  return exportFailure(`${name} does not support ${asked.join(', ')}.${hint} It supports: ${supported}`, {
    type: ExportFailureType.FormatNotSupported,
    action: 'Ask for one of the supported formats; ids are matched exactly.',
    problems: asked.map((id) => `${id} is not supported`),
  });
}

function mismatch(name: string, problem: string, supported: string): Error {
  return exportFailure(`${name} can't be exported to these destinations: ${problem}. It supports: ${supported}`, {
    type: ExportFailureType.DestinationMismatch,
    action:
      'Set artifactDestination for formats with ARTIFACT and imageDestination for formats with IMAGE. Remove a destination that the format does not support.',
  });
}

async function checkBucket(
  deps: ExportDependencies,
  model: string,
  prefix: string,
  signal: AbortSignal,
): Promise<void> {
  const name = parseStorageUri(prefix)?.bucket ?? '';
  const location = parseModelName(model)?.location ?? '';
  const bucket = await withFailures('bucket', () => readBucket(deps, name, signal));
  if (bucket === undefined || bucket.location.toLowerCase() === location) return;
  throw exportFailure(
    `The bucket gs://${name} is in ${bucket.location.toLowerCase()}, the Model ${model} in ${location}`,
    {
      type: ExportFailureType.BucketRegionMismatch,
      action: `Export to a bucket in ${location}. Vertex AI refuses multi-regions such as \`us\`.`,
    },
  );
}

const MISSING_RIGHT: readonly (string | undefined)[] = [
  undefined,
  'forbidden',
  'insufficientPermissions',
  'IAM_PERMISSION_DENIED',
];

/** Whether the account lacks the right to read the bucket. A 403 for another reason would fail the export, too. */
function isMissingRight({ status, reason }: GoogleApiError): boolean {
  return status === 'PERMISSION_DENIED' && MISSING_RIGHT.includes(reason);
}

/** The bucket's record; `undefined` if the worker may not read it: the service then checks the location itself. */
async function readBucket(
  deps: ExportDependencies,
  name: string,
  signal: AbortSignal,
): Promise<StorageBucket | undefined> {
  try {
    return await deps.storage.getBucket(name, signal);
  } catch (error) {
    if (error instanceof GoogleApiError && isMissingRight(error)) {
      Context.current().log.info('The location of the bucket cannot be read; Vertex AI checks it.', { bucket: name });
      return undefined;
    }
    throw error;
  }
}
