import { ApiError, badRequest } from '../api-error';
import { Catalog } from './catalog';
import { parseExportRequest, refusals } from './export-request';
import { ImageRegistry } from './image';
import { masked, modelFilter, page } from './model-list';
import { anyFolder } from './model-folders';
import type { EmulatorModel, ExportOutcome, ModelEntry } from './models';
import { checkModels, loadModels, postedFolders } from './models';
import type { ApiVersion, Operation } from './operations';
import { Operations } from './operations';
import type { Capabilities, EmulatorOptions } from '../options';
import { Projects } from './projects';
import { ArtifactStore } from './store';

/** The parts of a request's path. */
export interface Target {
  readonly apiVersion: ApiVersion;
  readonly project: string;
  readonly location: string;
  readonly model: string;
  readonly version: string;
  readonly operation: string;
  readonly query: URLSearchParams;
}

const DEFAULT_DURATION_MS = 1_000;
const DEFAULT_WAIT_MS = 30_000;
const MAX_WAIT_MS = 60_000;
const MAX_PAGE = 1_000;

/** The emulated service, without HTTP. */
export class Service {
  readonly operations: Operations;
  readonly capabilities: Capabilities;
  private readonly exportsByModel = new Map<string, number>();
  private readonly outcomes = new Map<
    string,
    { outcomes: readonly ExportOutcome[]; durationMs?: number | undefined }
  >();
  private readonly store: ArtifactStore;
  private readonly projects: Projects;
  private readonly catalog: Catalog;

  constructor(private readonly options: Required<Pick<EmulatorOptions, 'models' | 'layout'>> & EmulatorOptions) {
    this.store = new ArtifactStore(options.storageUrl);
    this.operations = new Operations(this.store, new ImageRegistry(options.registryUrl));
    this.capabilities = { ...options.capabilities };
    this.projects = new Projects(options.projectNumbers);
    this.catalog = new Catalog(loadModels(options), this.projects);
  }

  /** Adds entries from code in this process. */
  addModels(models: readonly EmulatorModel[]): void {
    this.catalog.add(checkModels(models, anyFolder(process.cwd())));
  }

  /** Adds entries from an HTTP request. They can only use allowed folders. */
  addPostedModels(models: unknown): void {
    this.catalog.add(checkModels(models, postedFolders(this.options)));
  }

  /** Sets how the next exports of a Model end. Several outcomes apply to successive exports; the last one is repeated. */
  setOutcome(name: string, outcomes: readonly ExportOutcome[], durationMs?: number): void {
    this.exportsByModel.delete(name);
    this.outcomes.set(name, { outcomes, durationMs });
  }

  /** Key of a quota: the project's number and the region. */
  region({ project, location }: Target): string {
    return `${this.projects.number(project)}/${location}`;
  }

  getModel(target: Target): unknown {
    return this.find(target).model;
  }

  listModels(target: Target): unknown {
    const matches = modelFilter(target.query.get('filter') ?? '');
    const models = this.catalog
      .defaults(target)
      .map(({ model }) => model)
      .filter(matches);
    const { items, ...rest } = page(models, target.query, MAX_PAGE);
    const mask = target.query.get('readMask') ?? target.query.get('read_mask');
    return { models: items.map((model) => masked(model, mask)), ...rest };
  }

  listVersions(target: Target): unknown {
    this.find({ ...target, version: '' });
    const versions = this.catalog.versions(target).map(({ model }) => model);
    const { items, ...rest } = page(versions, target.query, MAX_PAGE);
    return { models: items, ...rest };
  }

  async exportModel(target: Target, body: unknown): Promise<unknown> {
    const request = parseExportRequest(body);
    const { model, exports, durationMs, outcome } = this.find(target);
    const { formatId, outputUriPrefix, outputUri } = request;
    if (model.supportedExportFormats === undefined || model.supportedExportFormats.length === 0) {
      throw refusals.notExportable(model.name);
    }
    const format = model.supportedExportFormats.find(({ id }) => id === formatId);
    if (format === undefined) throw refusals.formatNotSupported(model.name, formatId);
    const contents: string[] = format.exportableContents ?? ['ARTIFACT'];
    if (outputUriPrefix !== undefined && !contents.includes('ARTIFACT')) throw refusals.contents(formatId, 'ARTIFACT');
    if (outputUri !== undefined && !contents.includes('IMAGE')) throw refusals.contents(formatId, 'IMAGE');
    if (outputUriPrefix !== undefined) await this.checkBucket(outputUriPrefix, target.location, isTabular(model));

    // A format can have the name of a built-in property.
    const { directory, image } = (Object.hasOwn(exports, formatId) ? exports[formatId] : undefined) ?? {};
    const set = this.outcomes.get(model.name);
    const outcomes = set?.outcomes ?? [outcome ?? 'success'].flat();
    const started = this.exportsByModel.get(model.name) ?? 0;
    this.exportsByModel.set(model.name, started + 1);
    const operation = this.operations.start({
      apiVersion: target.apiVersion,
      parent: this.parent(target),
      versionId: model.versionId,
      formatId,
      ...(directory !== undefined && outputUriPrefix !== undefined && { directory }),
      ...(image !== undefined && outputUri !== undefined && { image }),
      ...(outputUriPrefix !== undefined && {
        artifactOutputUri: this.createdDirectory(outputUriPrefix, model, target.model, formatId),
      }),
      ...(outputUri !== undefined && { imageOutputUri: outputUri }),
      durationMs: set?.durationMs ?? durationMs ?? this.options.durationMs ?? DEFAULT_DURATION_MS,
      outcome: outcomes[Math.min(started, outcomes.length - 1)] ?? 'success',
    });
    return this.resource(operation);
  }

  getOperation(target: Target): unknown {
    return this.resource(this.findOperation(target));
  }

  listOperations(target: Target): unknown {
    const { list = 'implemented', locationList = 'with-nested' } = this.capabilities;
    if (list === 'unimplemented') throw unimplemented('ListOperations');
    const hiddenMs = typeof list === 'object' ? list.appearsAfterMs : 0;
    const filter = target.query.get('filter') ?? '';
    const done = /^\s*done\s*[=:]\s*(true|false)\s*$/.exec(filter)?.[1];
    if (filter.trim() !== '' && done === undefined) throw badRequest('filter', `Invalid filter: \`${filter}\`.`);
    const listed =
      target.model !== ''
        ? this.operations.ofModel(this.parent(target))
        : locationList === 'with-nested'
          ? this.operations.below(this.place(target))
          : [];
    const operations = listed
      .filter(
        (operation) =>
          Date.now() - operation.createdAt >= hiddenMs && (done === undefined || operation.done === (done === 'true')),
      )
      .reverse();
    const { items, ...rest } = page(operations, target.query, MAX_PAGE);
    return { operations: items.map((operation) => this.resource(operation)), ...rest };
  }

  async waitOperation(target: Target): Promise<unknown> {
    const { wait = 'honoured' } = this.capabilities;
    if (wait === 'unimplemented') throw unimplemented('WaitOperation');
    const operation = this.findOperation(target);
    const seconds = /^(\d+(?:\.\d+)?)s$/.exec(target.query.get('timeout') ?? '')?.[1];
    const timeoutMs = seconds === undefined ? DEFAULT_WAIT_MS : Number(seconds) * 1_000;
    if (wait === 'honoured') await this.operations.wait(operation, Math.min(timeoutMs, MAX_WAIT_MS));
    return this.resource(operation);
  }

  cancelOperation(target: Target): unknown {
    if (this.capabilities.cancel === 'unimplemented') throw unimplemented('CancelOperation');
    this.operations.cancel(this.findOperation(target));
    return {};
  }

  deleteOperation(target: Target): unknown {
    this.operations.delete(this.findOperation(target));
    return {};
  }

  private async checkBucket(prefix: string, location: string, tabular: boolean): Promise<void> {
    const [, bucket = '', path = ''] = /^gs:\/\/([^/]+)\/?(.*)$/s.exec(prefix) ?? [];
    if (tabular && path === '') throw refusals.bucketRoot(prefix);
    const bucketLocation = await this.store.bucketLocation(bucket);
    if (bucketLocation === undefined) throw refusals.bucketNotFound(prefix);
    if (bucketLocation !== location) throw refusals.bucketRegion(prefix, bucketLocation, location);
  }

  private createdDirectory(prefix: string, model: ModelEntry['model'], modelId: string, formatId: string): string {
    const base = prefix.endsWith('/') ? prefix : `${prefix}/`;
    const time = new Date().toISOString();
    if (this.options.layout === 'reference') return `${base}model-export-${model.displayName}-${time}`;
    return `${base}model-${modelId}/${formatId}/${time.replace('Z', '000Z')}`;
  }

  private find(target: Target): ModelEntry {
    const { version } = target;
    const entry = this.catalog
      .versions(target)
      .find(({ model }) => model.versionId === version || model.versionAliases.includes(version || 'default'));
    if (entry) return entry;
    const { project, location, model } = target;
    throw refusals.modelNotFound(
      `projects/${project}/locations/${location}/models/${model}${version && `@${version}`}`,
    );
  }

  private findOperation(target: Target): Operation {
    const operation = target.model
      ? this.operations.get(`${this.parent(target)}/operations/${target.operation}`)
      : this.operations.below(this.place(target)).find(({ name }) => name.endsWith(`/operations/${target.operation}`));
    if (operation) return operation;
    throw new ApiError('NOT_FOUND', `The operation does not exist: ${target.operation}`);
  }

  /** Location of an operation, with the project's number. */
  private place({ project, location }: Target): string {
    return `projects/${this.projects.number(project)}/locations/${location}`;
  }

  private parent(target: Target): string {
    return `${this.place(target)}/models/${target.model}`;
  }

  private resource(operation: Operation): unknown {
    const type = `type.googleapis.com/google.cloud.aiplatform.${operation.apiVersion}`;
    const { artifactOutputUri, imageOutputUri, error, done } = operation;
    return {
      name: operation.name,
      metadata: {
        '@type': `${type}.ExportModelOperationMetadata`,
        genericMetadata: { createTime: micros(operation.createdAt), updateTime: micros(operation.updatedAt) },
        outputInfo: { ...(artifactOutputUri && { artifactOutputUri }), ...(imageOutputUri && { imageOutputUri }) },
      },
      ...(done && { done, ...(error ? { error } : { response: { '@type': `${type}.ExportModelResponse` } }) }),
    };
  }
}

function micros(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}

function unimplemented(method: string): ApiError {
  return new ApiError('UNIMPLEMENTED', `Method not implemented: google.longrunning.Operations.${method}.`);
}

/** Whether a Model is tabular. Only its metadata schema shows it. */
function isTabular(model: ModelEntry['model']): boolean {
  return /tabular|tables/.test(model.metadataSchemaUri ?? '');
}
