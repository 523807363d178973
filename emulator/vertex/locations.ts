import { ApiError } from '../api-error';
import type { Catalog } from './catalog';
import type { FilterField } from './list-filter';
import { parseFilter } from './list-filter';
import { pageOf } from './list-page';
import type { Target } from './target';

/** Locations of the service. Source: the endpoints in Google's discovery documents. */
export const LOCATION_IDS: readonly string[] = [
  ...['africa-south1', 'asia-east1', 'asia-east2', 'asia-northeast1', 'asia-northeast2', 'asia-northeast3'],
  ...['asia-south1', 'asia-south2', 'asia-southeast1', 'asia-southeast2', 'asia-southeast3', 'australia-southeast1'],
  ...['australia-southeast2', 'eu', 'europe-central2', 'europe-north1', 'europe-north2', 'europe-southwest1'],
  ...['europe-west1', 'europe-west10', 'europe-west12', 'europe-west15', 'europe-west2', 'europe-west3'],
  ...['europe-west4', 'europe-west6', 'europe-west8', 'europe-west9', 'me-central1', 'me-central2', 'me-west1'],
  ...['northamerica-northeast1', 'northamerica-northeast2', 'southamerica-east1', 'southamerica-west1', 'us'],
  ...['us-central1', 'us-central2', 'us-east1', 'us-east4', 'us-east5', 'us-east7', 'us-south1', 'us-west1'],
  ...['us-west2', 'us-west3', 'us-west4', 'us-west8'],
];

const idFilter: FilterField<string> = {
  operators: ['=', '!='],
  matches: (id, { operator, value }) => (id === value || value.endsWith(`/locations/${id}`)) === (operator === '='),
};

/** The locations of the service and those of the emulator's Models. */
export class Locations {
  constructor(private readonly catalog: Catalog) {}

  list({ project, parameters }: Target): unknown {
    const ids = [...new Set([...LOCATION_IDS, ...this.catalog.locations(project)])].sort();
    const matches = parseFilter(parameters.text('filter'), {
      locationId: idFilter,
      name: idFilter,
      displayName: idFilter,
    });
    const items = ids.filter(matches).map((id) => resource(project, id));
    return pageOf('locations', items, parameters, `locations of ${project}`);
  }

  get({ project, location }: Target): unknown {
    if (LOCATION_IDS.includes(location) || this.catalog.locations(project).has(location)) {
      return resource(project, location);
    }
    throw new ApiError('PERMISSION_DENIED', `Permission denied on 'locations/${location}' (or it may not exist).`);
  }
}

function resource(project: string, id: string): unknown {
  return {
    name: `projects/${project}/locations/${id}`,
    locationId: id,
    displayName: id,
    labels: { 'cloud.googleapis.com/region': id },
  };
}
