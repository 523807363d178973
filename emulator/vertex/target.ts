import type { VersionPlace } from './catalog';
import type { ApiVersion } from './operations';
import type { Parameters } from './request-parameters';

/** The parts of a request's URL. Parts that the route does not have are empty. */
export interface Target extends VersionPlace {
  readonly apiVersion: ApiVersion;
  readonly operation: string;
  readonly parameters: Parameters;
}
