import type { Service, Target } from './service';

interface Route {
  /** As the discovery document names it. */
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly submits?: boolean;
  readonly answer: (service: Service, target: Target, body: unknown) => unknown;
}

const LOCATION = String.raw`projects/(?<project>[^/]+)/locations/(?<location>[^/]+)`;
const MODEL = String.raw`${LOCATION}/models/(?<model>[^/@:]+)`;
const VERSION = '(?:@(?<version>[^/:]+))?';
const OPERATION = String.raw`${LOCATION}(?:/models/(?<model>[^/@:]+))?/operations/(?<operation>[^/:]+)`;
const path = (pattern: string): RegExp => new RegExp(`^/(?:ui/|(?<api>v1|v1beta1)/)${pattern}$`);
const versioned = (pattern: string): RegExp => new RegExp(`^/(?<api>v1|v1beta1)/${pattern}$`);

/** Every call that is answered; all else is 404. Operations are below `/ui/` too. */
const ROUTES: readonly Route[] = [
  { name: 'models.get', method: 'GET', path: versioned(MODEL + VERSION), answer: (s, t) => s.getModel(t) },
  { name: 'models.list', method: 'GET', path: versioned(`${LOCATION}/models`), answer: (s, t) => s.listModels(t) },
  {
    name: 'models.listVersions',
    method: 'GET',
    path: versioned(`${MODEL}:listVersions`),
    answer: (s, t) => s.listVersions(t),
  },
  {
    name: 'models.export',
    method: 'POST',
    path: versioned(`${MODEL}${VERSION}:export`),
    submits: true,
    answer: (s, t, body) => s.exportModel(t, body),
  },
  { name: 'operations.get', method: 'GET', path: path(OPERATION), answer: (s, t) => s.getOperation(t) },
  {
    name: 'operations.list',
    method: 'GET',
    path: path(`${LOCATION}(?:/models/(?<model>[^/@:]+))?/operations`),
    answer: (s, t) => s.listOperations(t),
  },
  { name: 'operations.wait', method: 'POST', path: path(`${OPERATION}:wait`), answer: (s, t) => s.waitOperation(t) },
  {
    name: 'operations.cancel',
    method: 'POST',
    path: path(`${OPERATION}:cancel`),
    answer: (s, t) => s.cancelOperation(t),
  },
  { name: 'operations.delete', method: 'DELETE', path: path(OPERATION), answer: (s, t) => s.deleteOperation(t) },
];

/** A route that fits a request, with the parts of its path. */
export interface Match {
  readonly route: Route;
  readonly target: Target;
}

/** Finds the route of a decoded path. */
export function matchRoute(method: string, decodedPath: string, query: URLSearchParams): Match | undefined {
  for (const route of ROUTES) {
    const groups = route.method === method ? route.path.exec(decodedPath)?.groups : undefined;
    if (groups === undefined) continue;
    const part = (name: string): string => (groups as Record<string, string | undefined>)[name] ?? '';
    const target: Target = {
      apiVersion: part('api') === 'v1' ? 'v1' : 'v1beta1',
      project: part('project'),
      location: part('location'),
      model: part('model'),
      version: part('version'),
      operation: part('operation'),
      query,
    };
    return { route, target };
  }
  return undefined;
}
