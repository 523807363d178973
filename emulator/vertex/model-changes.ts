import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ApiError, badRequest } from '../api-error';
import type { Catalog, CatalogEntry, ModelPlace } from './catalog';
import { parseModelName } from './catalog';
import { maskPaths } from './field-mask';
import { shown } from './field-names';
import type { MessageValue } from './message-body';
import { modelSchema } from './models';
import type { ChangeJob, ChangeOperation, Operations } from './operations';
import type { Projects } from './projects';
import type { Target } from './target';
import { checkAliases, checkDisplayName, checkLabels, checkModel, givenModelSchema } from './uploaded-model';

const destinationSchema = z.object({
  modelId: z.string().default(''),
  parentModel: z.string().default(''),
});
const uploadSchema = destinationSchema.extend({ model: z.record(z.string(), z.unknown()).optional() });
const copySchema = destinationSchema.extend({
  sourceModel: z.string().default(''),
  encryptionSpec: z.unknown().optional(),
});
const aliasesSchema = z.object({ versionAliases: z.array(z.string()).default([]) });

/** Fields that a patch can change, by whether the name in the URL has a version. Labels are in both. */
const PATCHED = {
  model: ['displayName', 'description', 'labels'],
  version: ['versionDescription', 'labels'],
} as const;

type Destination = z.output<typeof destinationSchema>;

/** The methods that change Models. */
export class ModelChanges {
  constructor(
    private readonly catalog: Catalog,
    private readonly operations: Operations,
    private readonly projects: Projects,
    private readonly durationMs: number,
  ) {}

  upload(target: Target, body: MessageValue): ChangeOperation {
    const { model, ...destination } = uploadSchema.parse(body);
    if (model === undefined) throw badRequest('model', 'model is required.');
    const { fields, versionAliases, ...files } = checkModel(model, destination.parentModel !== '');
    const place = this.destination(target, destination);
    return this.start('upload', target, place, () =>
      this.addVersion(place, destination, versionAliases, { exports: {}, model: fields, ...files }),
    );
  }

  copy(target: Target, body: MessageValue): ChangeOperation {
    const { sourceModel, encryptionSpec, ...destination } = copySchema.parse(body);
    const from = parseModelName(sourceModel);
    if (from === undefined) throw badRequest('source_model', `Invalid source_model: \`${shown(sourceModel)}\`.`);
    if (this.projects.number(from.project) !== this.projects.number(target.project)) {
      throw badRequest('source_model', 'The source_model must be in the same project.');
    }
    const source = this.catalog.find(from);
    const place = this.destination(target, destination);
    return this.start('copy', target, place, () =>
      this.addVersion(place, destination, [], {
        ...source,
        model: {
          ...source.model,
          deployedModels: undefined,
          modelSourceInfo: { ...source.model.modelSourceInfo, copy: true },
          originalModelInfo: { model: `${this.nameOf(from)}@${source.model.versionId}` },
          ...(encryptionSpec !== undefined && { encryptionSpec }),
        },
      }),
    );
  }

  delete(target: Target): ChangeOperation {
    if (target.version !== '') throw badRequest('name', 'The name of a Model to delete must not have a version.');
    this.catalog.find(target);
    this.refuseDeployed(target, this.catalog.versions(target));
    return this.start('delete', target, target, () => {
      this.catalog.replace(target, []);
      return {};
    });
  }

  deleteVersion(target: Target): ChangeOperation {
    const deleted = this.findVersion(target);
    if (this.catalog.versions(target).length === 1) {
      throw precondition("The only version of a Model can't be deleted. Delete the Model instead.");
    }
    if (deleted.model.versionAliases.includes('default')) {
      throw precondition("The default version of a Model can't be deleted. Set another version as default first.");
    }
    this.refuseDeployed(target, [deleted]);
    const { versionId } = deleted.model;
    return this.start('delete', target, target, () => {
      const kept = this.catalog.versions(target).filter(({ model }) => model.versionId !== versionId);
      this.catalog.replace(target, kept);
      return {};
    });
  }

  patch(target: Target, body: MessageValue): unknown {
    const isVersion = target.version !== '' && target.version !== '-';
    const found = this.catalog.find({ ...target, version: isVersion ? target.version : '' });
    const paths = maskPaths('updateMask', target.parameters.text('updateMask')).map((path) => path.join('.'));
    if (paths.length === 0) throw badRequest('update_mask', 'update_mask is required.');
    const [allowed, others] = isVersion ? [PATCHED.version, PATCHED.model] : [PATCHED.model, PATCHED.version];
    for (const path of paths) {
      if (allowed.some((name) => name === path)) continue;
      if (others.some((name) => name === path)) {
        throw precondition(
          `\`${path}\` belongs to ${isVersion ? 'the Model' : 'a version'}: use a name ${isVersion ? 'without' : 'with'} a version.`,
        );
      }
      throw badRequest('update_mask', `update_mask: \`${shown(path)}\` can't be updated.`);
    }
    const given = givenModelSchema.parse(body);
    if (given.etag !== undefined && given.etag !== found.model.etag) {
      throw new ApiError('ABORTED', 'The etag does not match that of the Model: it was changed. Read it again.');
    }
    if (paths.includes('displayName') && !given.displayName)
      throw badRequest('model.display_name', 'display_name is required.');
    checkDisplayName(given.displayName);
    checkLabels(given.labels ?? {});
    const now = new Date().toISOString();
    this.update(target, (entry) => {
      if (isVersion && entry !== found) return entry;
      const model: CatalogEntry['model'] = { ...entry.model, updateTime: now, versionUpdateTime: now, etag: newEtag() };
      for (const path of paths) {
        if (given[path] === undefined) Reflect.deleteProperty(model, path);
        else Object.assign(model, { [path]: given[path] });
      }
      return { ...entry, model };
    });
    return this.catalog.find({ ...target, version: found.model.versionId }).model;
  }

  mergeVersionAliases(target: Target, body: MessageValue): unknown {
    const { versionId } = this.findVersion(target).model;
    const { versionAliases: merged } = aliasesSchema.parse(body);
    if (merged.length === 0) throw badRequest('version_aliases', 'version_aliases is required.');
    const removed = merged.filter((alias) => alias.startsWith('-')).map((alias) => alias.slice(1));
    const added = merged.filter((alias) => !alias.startsWith('-'));
    checkAliases([...added, ...removed]);
    if (removed.some((alias) => added.includes(alias))) {
      throw badRequest('version_aliases', 'version_aliases must not add and remove the same alias.');
    }
    if (removed.includes('default')) {
      throw badRequest('version_aliases', "The alias `default` can't be removed. Add it to another version.");
    }
    this.update(target, (entry) => {
      const isMerged = entry.model.versionId === versionId;
      const gone = isMerged ? [...removed, ...added] : added;
      const kept = entry.model.versionAliases.filter((alias) => !gone.includes(alias));
      return { ...entry, model: { ...entry.model, versionAliases: isMerged ? [...kept, ...added] : kept } };
    });
    return this.catalog.find({ ...target, version: versionId }).model;
  }

  /** The version whose id a name must have. */
  private findVersion(target: Target): CatalogEntry {
    if (!/^\d+$/.test(target.version)) throw badRequest('name', 'The name must have a version id: `models/{model}@1`.');
    return this.catalog.find(target);
  }

  /** The Model that an upload or a copy adds a version to, or that it creates. */
  private destination({ project, location }: Target, { modelId, parentModel }: Destination): ModelPlace {
    if (modelId !== '' && parentModel !== '') {
      throw badRequest('model_id', 'Only one of model_id and parent_model can be set.');
    }
    if (parentModel !== '') {
      const place = parseModelName(parentModel);
      const isThere =
        place?.location === location && this.projects.number(place.project) === this.projects.number(project);
      if (place === undefined || !isThere) {
        throw badRequest(
          'parent_model',
          `Invalid parent_model: \`${shown(parentModel)}\`. It must be in \`${location}\`.`,
        );
      }
      this.catalog.find({ ...place, version: '' });
      return place;
    }
    if (modelId !== '' && !/^[a-z_][a-z0-9_-]{0,62}$/.test(modelId)) {
      throw badRequest('model_id', `Invalid model_id: \`${shown(modelId)}\`.`);
    }
    const place = { project, location, model: modelId === '' ? newModelId() : modelId };
    this.refuseExisting(place);
    return place;
  }

  private refuseExisting(place: ModelPlace): void {
    if (this.catalog.versions(place).length === 0) return;
    throw new ApiError('ALREADY_EXISTS', `The Model already exists: ${this.nameOf(place)}`);
  }

  private refuseDeployed(place: ModelPlace, versions: readonly CatalogEntry[]): void {
    if (!versions.some(({ model }) => (model.deployedModels ?? []).length > 0)) return;
    throw precondition(`The Model \`${this.nameOf(place)}\` is deployed. Undeploy it first.`);
  }

  /** Adds a version at the end of an operation. Other requests can have changed the Model meanwhile. */
  private addVersion(
    place: ModelPlace,
    { parentModel }: Destination,
    aliases: readonly string[],
    entry: Omit<CatalogEntry, 'model'> & { readonly model: Readonly<Record<string, unknown>> },
  ): Readonly<Record<string, unknown>> {
    if (parentModel === '') this.refuseExisting(place);
    else this.catalog.find({ ...place, version: '' });
    const versions = this.catalog.versions(place);
    const newest = Math.max(0, ...versions.map(({ model }) => Number(model.versionId) || 0));
    const versionId = String(newest + 1);
    const now = new Date().toISOString();
    const first = versions[0]?.model;
    const versionAliases = [...new Set([...(first === undefined ? ['default'] : []), ...aliases])];
    this.update(place, (other) => {
      const kept = other.model.versionAliases.filter((alias) => !versionAliases.includes(alias));
      return { ...other, model: { ...other.model, versionAliases: kept, updateTime: now } };
    });
    const model = modelSchema.parse({
      displayName: first?.displayName ?? '',
      ...entry.model,
      name: this.nameOf(place),
      versionId,
      versionAliases,
      createTime: first?.createTime ?? now,
      updateTime: now,
      versionCreateTime: now,
      versionUpdateTime: now,
      etag: newEtag(),
    });
    this.catalog.add([{ ...entry, model }]);
    return { model: this.nameOf(place), modelVersionId: versionId };
  }

  private update(place: ModelPlace, change: (entry: CatalogEntry) => CatalogEntry): void {
    this.catalog.replace(place, this.catalog.versions(place).map(change));
  }

  private start(
    kind: ChangeJob['kind'],
    { apiVersion }: Target,
    place: ModelPlace,
    apply: ChangeJob['apply'],
  ): ChangeOperation {
    const { durationMs } = this;
    return this.operations.startChange({ kind, apiVersion, parent: this.nameOf(place), durationMs, apply });
  }

  private nameOf({ project, location, model }: ModelPlace): string {
    return `projects/${this.projects.number(project)}/locations/${location}/models/${model}`;
  }
}

function precondition(message: string): ApiError {
  return new ApiError('FAILED_PRECONDITION', message);
}

function newEtag(): string {
  return randomBytes(9).toString('base64');
}

/** A 19-digit number, as the service's ids. */
function newModelId(): string {
  return String(1_000_000_000_000_000_000n + (randomBytes(8).readBigUInt64BE() % 8_000_000_000_000_000_000n));
}
