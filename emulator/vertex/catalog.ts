import { refusals } from './export-request';
import type { ModelEntry } from './models';
import type { Projects } from './projects';

/** The parts of a Model's name. The project is an id or a number. */
export interface ModelPlace {
  readonly project: string;
  readonly location: string;
  readonly model: string;
}

/** A Model and, if it is not empty, a version id or alias. */
export interface VersionPlace extends ModelPlace {
  readonly version: string;
}

/** A version of a Model. */
export interface CatalogEntry extends ModelEntry {
  /** Directory of an uploaded Model in the object store. Its exports are copies of it. */
  readonly uploadedFrom?: string;
}

/** The parts of a Model's full name; undefined if it is not one. */
export function parseModelName(name: string): VersionPlace | undefined {
  const [, project, location, model, version = ''] =
    /^projects\/([^/]+)\/locations\/([^/]+)\/models\/([^/@:]+)(?:@([^/:]+))?$/.exec(name) ?? [];
  if (project === undefined || location === undefined || model === undefined) return undefined;
  return { project, location, model, version };
}

/** The Models of an emulator, indexed by name. */
export class Catalog {
  /** Versions of each Model, in the order of addition. */
  private readonly versionsOf = new Map<string, CatalogEntry[]>();

  constructor(
    models: readonly ModelEntry[],
    private readonly projects: Projects,
  ) {
    this.add(models);
  }

  add(models: readonly CatalogEntry[]): void {
    for (const entry of models) {
      const place = parseModelName(entry.model.name);
      if (place === undefined) throw new Error(`not the name of a Model: ${entry.model.name}`);
      const key = this.key(place);
      const versions = this.versionsOf.get(key);
      if (versions) versions.push(entry);
      else this.versionsOf.set(key, [entry]);
    }
  }

  versions(place: ModelPlace): readonly CatalogEntry[] {
    return this.versionsOf.get(this.key(place)) ?? [];
  }

  /** Replaces the versions of a Model. Without versions, the Model is removed. */
  replace(place: ModelPlace, versions: readonly CatalogEntry[]): void {
    if (versions.length === 0) this.versionsOf.delete(this.key(place));
    else this.versionsOf.set(this.key(place), [...versions]);
  }

  /**
   * The version that a name refers to: the default version without a version.
   *
   * @throws ApiError NOT_FOUND
   */
  find(place: VersionPlace): CatalogEntry {
    const { project, location, model, version } = place;
    const entry = this.versions(place).find(
      (found) => found.model.versionId === version || found.model.versionAliases.includes(version || 'default'),
    );
    if (entry) return entry;
    throw refusals.modelNotFound(
      `projects/${project}/locations/${location}/models/${model}${version && `@${version}`}`,
    );
  }

  /** The default version of each Model of a location. */
  defaults({ project, location }: Omit<ModelPlace, 'model'>): CatalogEntry[] {
    const below = this.key({ project, location, model: '' });
    return [...this.versionsOf]
      .filter(([key]) => key.startsWith(below))
      .flatMap(([, versions]) => versions.filter(({ model }) => model.versionAliases.includes('default')));
  }

  /** Locations of the Models of a project. */
  locations(project: string): Set<string> {
    const number = this.projects.number(project);
    return new Set(
      [...this.versionsOf.keys()].flatMap((key) => {
        const [at, location = ''] = key.split('/');
        return at === number ? [location] : [];
      }),
    );
  }

  private key({ project, location, model }: ModelPlace): string {
    return `${this.projects.number(project)}/${location}/${model}`;
  }
}
