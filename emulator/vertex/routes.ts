import { LOCATION, MODEL, OPERATION_PARENT, VERSION } from './resource-names';
import type { Service, Target } from './service';

interface Route {
  /** Name of the method in Google's discovery document. */
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  readonly submits?: boolean;
  readonly answer: (service: Service, target: Target, body: unknown) => unknown;
}

const OPERATION = String.raw`${OPERATION_PARENT}/operations/(?<operation>[^/:]+)`;
const path = (pattern: string): RegExp => new RegExp(`^/(?:ui/|(?<api>v1|v1beta1)/)${pattern}$`);
const versioned = (pattern: string): RegExp => new RegExp(`^/(?<api>v1|v1beta1)/${pattern}$`);

/** All supported methods. Other requests are answered with 404. Operations are also served below `/ui/`. */
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
    path: path(`${OPERATION_PARENT}/operations`),
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

/** A route that matches a request, with the parts of its path. */
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
