import type { ModelEntry } from './models';
import type { Projects } from './projects';

/** The parts of a Model's name. The project is an id or a number. */
export interface ModelPlace {
  readonly project: string;
  readonly location: string;
  readonly model: string;
}

/** The Models of an emulator, indexed by name. */
export class Catalog {
  /** Versions of each Model, in the order of addition. */
  private readonly versionsOf = new Map<string, ModelEntry[]>();

  constructor(
    models: readonly ModelEntry[],
    private readonly projects: Projects,
  ) {
    this.add(models);
  }

  add(models: readonly ModelEntry[]): void {
    for (const entry of models) {
      const [, project = '', , location = '', , model = ''] = entry.model.name.split('/');
      const key = this.key({ project, location, model });
      const versions = this.versionsOf.get(key);
      if (versions) versions.push(entry);
      else this.versionsOf.set(key, [entry]);
    }
  }

  versions(place: ModelPlace): readonly ModelEntry[] {
    return this.versionsOf.get(this.key(place)) ?? [];
  }

  /** The default version of each Model of a location. */
  defaults({ project, location }: Omit<ModelPlace, 'model'>): ModelEntry[] {
    const below = this.key({ project, location, model: '' });
    return [...this.versionsOf]
      .filter(([key]) => key.startsWith(below))
      .flatMap(([, versions]) => versions.filter(({ model }) => model.versionAliases.includes('default')));
  }

  private key({ project, location, model }: ModelPlace): string {
    return `${this.projects.number(project)}/${location}/${model}`;
  }
}
