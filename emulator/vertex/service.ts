import { ApiError } from '../api-error';
import type { Capabilities, EmulatorOptions } from '../options';
import { Catalog } from './catalog';
import { parseExportRequest, refusals } from './export-request';
import { parseFieldMask } from './field-mask';
import { selectFields } from './field-tree';
import { ImageRegistry } from './image';
import type { FilterFields } from './list-filter';
import { parseFilter } from './list-filter';
import { pageOf } from './list-page';
import { Locations } from './locations';
import type { MessageValue } from './message-body';
import { ModelChanges } from './model-changes';
import { anyFolder } from './model-folders';
import { listedModels, listedVersions } from './model-list';
import { ModelPolicies } from './model-policies';
import type { EmulatorModel, ExportOutcome, ModelEntry } from './models';
import { checkModels, loadModels, postedFolders } from './models';
import { operationResource } from './operation-resource';
import type { ChangeOperation, Operation } from './operations';
import { Operations } from './operations';
import { Projects } from './projects';
import { ArtifactStore } from './store';
import type { Target } from './target';

const DEFAULT_DURATION_MS = 1_000;
const DEFAULT_WAIT_MS = 30_000;
const MAX_WAIT_MS = 60_000;

/** Field of an operations filter. */
const OPERATION_FILTER: FilterFields<Operation> = {
  done: {
    operators: ['=', ':', '!='],
    matches: ({ done }, { operator, value }) => (done === (value === 'true')) === (operator !== '!='),
  },
};

/** The emulated service, without HTTP. */
export class Service {
  readonly operations: Operations;
  readonly capabilities: Capabilities;
  readonly changes: ModelChanges;
  readonly policies: ModelPolicies;
  readonly locations: Locations;
  private readonly exportsByModel = new Map<string, number>();
  private readonly outcomes = new Map<
    string,
    { outcomes: readonly ExportOutcome[]; durationMs?: number | undefined }
  >();
  private directoryTime = 0;
  private readonly store: ArtifactStore;
  private readonly projects: Projects;
  private readonly catalog: Catalog;

  constructor(private readonly options: Required<Pick<EmulatorOptions, 'models' | 'layout'>> & EmulatorOptions) {
    this.store = new ArtifactStore(options.storageUrl);
    this.operations = new Operations(this.store, new ImageRegistry(options.registryUrl));
    this.capabilities = { ...options.capabilities };
    this.projects = new Projects(options.projectNumbers);
    this.catalog = new Catalog(loadModels(options), this.projects);
    const durationMs = options.durationMs ?? DEFAULT_DURATION_MS;
    this.changes = new ModelChanges(this.catalog, this.operations, this.projects, durationMs);
    this.policies = new ModelPolicies(this.catalog, this.projects, this.capabilities);
    this.locations = new Locations(this.catalog);
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
  region({ project, location }: Pick<Target, 'project' | 'location'>): string {
    return `${this.projects.number(project)}/${location}`;
  }

  getModel(target: Target): unknown {
    return this.catalog.find(target).model;
  }

  listModels(target: Target): unknown {
    const models = this.catalog.defaults(target).map(({ model }) => model);
    return this.pageOfModels(target, listedModels(models, target.parameters), 'models');
  }

  /** The versions of a Model. Their names have version ids. */
  listVersions(target: Target): unknown {
    this.catalog.find(target);
    const models = this.catalog.versions(target).map(({ model }) => model);
    const named = listedVersions(models, target.parameters).map((model) => ({
      ...model,
      name: `${model.name}@${model.versionId}`,
    }));
    return this.pageOfModels(target, named, 'versions');
  }

  listCheckpoints(target: Target): unknown {
    const { checkpoints = [], name } = this.catalog.find(target).model;
    return pageOf('checkpoints', checkpoints, target.parameters, `checkpoints of ${name}@${target.version}`);
  }

  private pageOfModels(target: Target, models: readonly ModelEntry['model'][], kind: string): unknown {
    const { apiVersion, parameters } = target;
    const mask = parseFieldMask('readMask', parameters.text('readMask'), 'Model', apiVersion);
    const read = models.map((model) => selectFields(model, mask));
    return pageOf('models', read, parameters, `${kind} of ${this.parent(target)}`);
  }

  async exportModel(target: Target, body: MessageValue): Promise<unknown> {
    const request = parseExportRequest(body);
    const { model, exports, durationMs, outcome, uploadedFrom } = this.catalog.find(target);
    const { outputUriPrefix, outputUri } = request;
    if (model.supportedExportFormats === undefined || model.supportedExportFormats.length === 0) {
      throw refusals.notExportable(model.name);
    }
    const { defaultFormat = 'first' } = this.capabilities;
    const isDefault = request.formatId === '' && defaultFormat === 'first';
    const format = model.supportedExportFormats.find(({ id }) => isDefault || id === request.formatId);
    if (format === undefined) throw refusals.formatNotSupported(model.name, request.formatId);
    const formatId = format.id;
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
    const operation = this.operations.startExport({
      kind: 'export',
      apiVersion: target.apiVersion,
      parent: this.parent(target),
      versionId: model.versionId,
      formatId,
      ...(directory !== undefined && outputUriPrefix !== undefined && { directory }),
      ...(uploadedFrom !== undefined && outputUriPrefix !== undefined && { uploadedFrom }),
      ...(image !== undefined && outputUri !== undefined && { image }),
      ...(outputUriPrefix !== undefined && {
        artifactOutputUri: this.createdDirectory(outputUriPrefix, model, target.model, formatId),
      }),
      ...(outputUri !== undefined && { imageOutputUri: outputUri }),
      durationMs: set?.durationMs ?? durationMs ?? this.options.durationMs ?? DEFAULT_DURATION_MS,
      outcome: outcomes[Math.min(started, outcomes.length - 1)] ?? 'success',
    });
    return operationResource(operation);
  }

  /** The resource of a change that was started. */
  change(operation: ChangeOperation): unknown {
    return operationResource(operation);
  }

  getOperation(target: Target): unknown {
    return operationResource(this.findOperation(target));
  }

  listOperations(target: Target): unknown {
    const { list = 'implemented', locationList = 'with-nested' } = this.capabilities;
    if (list === 'unimplemented') throw unimplemented('ListOperations');
    const hiddenMs = typeof list === 'object' ? list.appearsAfterMs : 0;
    const { parameters } = target;
    if (parameters.flag('returnPartialSuccess')) {
      throw new ApiError('UNIMPLEMENTED', 'return_partial_success is not supported.');
    }
    const matches = parseFilter(parameters.text('filter'), OPERATION_FILTER);
    const parent = target.model === '' ? this.place(target) : this.parent(target);
    const isNested = target.model === '' && locationList === 'with-nested';
    const operations = (isNested ? this.operations.below(parent) : this.operations.of(parent))
      .filter((operation) => Date.now() - operation.createdAt >= hiddenMs && matches(operation))
      .reverse();
    return pageOf('operations', operations.map(operationResource), parameters, `operations of ${parent}`);
  }

  async waitOperation(target: Target): Promise<unknown> {
    const { wait = 'honoured' } = this.capabilities;
    if (wait === 'unimplemented') throw unimplemented('WaitOperation');
    const operation = this.findOperation(target);
    const timeoutMs = Math.max(0, target.parameters.milliseconds('timeout') ?? DEFAULT_WAIT_MS);
    if (wait === 'honoured') await this.operations.wait(operation, Math.min(timeoutMs, MAX_WAIT_MS));
    return operationResource(operation);
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
    // Exports that start in the same millisecond have different directories.
    this.directoryTime = Math.max(Date.now(), this.directoryTime + 1);
    const time = new Date(this.directoryTime).toISOString();
    if (this.options.layout === 'reference') return `${base}model-export-${model.displayName}-${time}`;
    return `${base}model-${modelId}/${formatId}/${time.replace('Z', '000Z')}`;
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
}

function unimplemented(method: string): ApiError {
  return new ApiError('UNIMPLEMENTED', `Method not implemented: google.longrunning.Operations.${method}.`);
}

/** Whether a Model is tabular. Only its metadata schema shows it. */
function isTabular(model: ModelEntry['model']): boolean {
  return /tabular|tables/.test(model.metadataSchemaUri ?? '');
}
