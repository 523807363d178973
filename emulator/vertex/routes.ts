import type { MessageValue } from './message-body';
import type { ParameterTypes } from './request-parameters';
import { LOCATION, MODEL, OPERATION_PARENT, VERSION } from './resource-names';
import type { Service } from './service';
import type { Target } from './target';

/** A served method. */
export interface Route {
  /** Name of the method in Google's discovery document. */
  readonly name: string;
  readonly method: string;
  readonly path: RegExp;
  /** Whether it starts a long-running operation. */
  readonly submits?: boolean;
  /** Query parameters of both versions of the API. */
  readonly parameters?: ParameterTypes;
  /** Further query parameters of v1. */
  readonly v1Parameters?: ParameterTypes;
  /** Type of the request's body; missing if there is none. */
  readonly request?: string;
  /** Type of the answer. */
  readonly response: string;
  readonly answer: (service: Service, target: Target, body: MessageValue) => unknown;
}

const OPERATION = String.raw`${OPERATION_PARENT}/operations/(?<operation>[^/:]+)`;
const path = (pattern: string): RegExp => new RegExp(`^/(?:ui/|(?<api>v1|v1beta1)/)${pattern}$`);
const versioned = (pattern: string): RegExp => new RegExp(`^/(?<api>v1|v1beta1)/${pattern}$`);

const PAGE: ParameterTypes = { pageSize: 'int32', pageToken: 'string' };
const LIST: ParameterTypes = { ...PAGE, filter: 'string' };

/** All served methods. Operations are also served below `/ui/`. */
export const ROUTES: readonly Route[] = [
  {
    name: 'models.get',
    method: 'GET',
    path: versioned(MODEL + VERSION),
    response: 'Model',
    answer: (s, t) => s.getModel(t),
  },
  {
    name: 'models.list',
    method: 'GET',
    path: versioned(`${LOCATION}/models`),
    parameters: { ...LIST, readMask: 'google-fieldmask' },
    v1Parameters: { orderBy: 'string' },
    response: 'ListModelsResponse',
    answer: (s, t) => s.listModels(t),
  },
  {
    name: 'models.listVersions',
    method: 'GET',
    path: versioned(`${MODEL}:listVersions`),
    parameters: { ...LIST, readMask: 'google-fieldmask', orderBy: 'string' },
    response: 'ListModelVersionsResponse',
    answer: (s, t) => s.listVersions(t),
  },
  {
    name: 'models.listCheckpoints',
    method: 'GET',
    path: versioned(`${MODEL}${VERSION}:listCheckpoints`),
    parameters: PAGE,
    response: 'ListModelVersionCheckpointsResponse',
    answer: (s, t) => s.listCheckpoints(t),
  },
  {
    name: 'models.export',
    method: 'POST',
    path: versioned(`${MODEL}${VERSION}:export`),
    submits: true,
    request: 'ExportModelRequest',
    response: 'Operation',
    answer: (s, t, body) => s.exportModel(t, body),
  },
  {
    name: 'models.upload',
    method: 'POST',
    path: versioned(`${LOCATION}/models:upload`),
    submits: true,
    request: 'UploadModelRequest',
    response: 'Operation',
    answer: (s, t, body) => s.change(s.changes.upload(t, body)),
  },
  {
    name: 'models.copy',
    method: 'POST',
    path: versioned(`${LOCATION}/models:copy`),
    submits: true,
    request: 'CopyModelRequest',
    response: 'Operation',
    answer: (s, t, body) => s.change(s.changes.copy(t, body)),
  },
  {
    name: 'models.patch',
    method: 'PATCH',
    path: versioned(MODEL + VERSION),
    parameters: { updateMask: 'google-fieldmask' },
    request: 'Model',
    response: 'Model',
    answer: (s, t, body) => s.changes.patch(t, body),
  },
  {
    name: 'models.mergeVersionAliases',
    method: 'POST',
    path: versioned(`${MODEL}${VERSION}:mergeVersionAliases`),
    request: 'MergeVersionAliasesRequest',
    response: 'Model',
    answer: (s, t, body) => s.changes.mergeVersionAliases(t, body),
  },
  {
    name: 'models.delete',
    method: 'DELETE',
    path: versioned(MODEL + VERSION),
    submits: true,
    response: 'Operation',
    answer: (s, t) => s.change(s.changes.delete(t)),
  },
  {
    name: 'models.deleteVersion',
    method: 'DELETE',
    path: versioned(`${MODEL}${VERSION}:deleteVersion`),
    submits: true,
    response: 'Operation',
    answer: (s, t) => s.change(s.changes.deleteVersion(t)),
  },
  {
    name: 'models.getIamPolicy',
    method: 'POST',
    path: versioned(`${MODEL}:getIamPolicy`),
    parameters: { 'options.requestedPolicyVersion': 'int32' },
    response: 'Policy',
    answer: (s, t) => s.policies.get(t),
  },
  {
    name: 'models.setIamPolicy',
    method: 'POST',
    path: versioned(`${MODEL}:setIamPolicy`),
    request: 'SetIamPolicyRequest',
    response: 'Policy',
    answer: (s, t, body) => s.policies.set(t, body),
  },
  {
    name: 'models.testIamPermissions',
    method: 'POST',
    path: versioned(`${MODEL}:testIamPermissions`),
    parameters: { permissions: 'strings' },
    response: 'TestIamPermissionsResponse',
    answer: (s, t) => s.policies.test(t),
  },
  {
    name: 'locations.get',
    method: 'GET',
    path: versioned(LOCATION),
    response: 'Location',
    answer: (s, t) => s.locations.get(t),
  },
  {
    name: 'locations.list',
    method: 'GET',
    path: versioned('projects/(?<project>[^/]+)/locations'),
    parameters: { ...LIST, extraLocationTypes: 'strings' },
    response: 'ListLocationsResponse',
    answer: (s, t) => s.locations.list(t),
  },
  {
    name: 'operations.get',
    method: 'GET',
    path: path(OPERATION),
    response: 'Operation',
    answer: (s, t) => s.getOperation(t),
  },
  {
    name: 'operations.list',
    method: 'GET',
    path: path(`${OPERATION_PARENT}/operations`),
    parameters: { ...LIST, returnPartialSuccess: 'boolean' },
    response: 'ListOperationsResponse',
    answer: (s, t) => s.listOperations(t),
  },
  {
    name: 'operations.wait',
    method: 'POST',
    path: path(`${OPERATION}:wait`),
    parameters: { timeout: 'google-duration' },
    response: 'Operation',
    answer: (s, t) => s.waitOperation(t),
  },
  {
    name: 'operations.cancel',
    method: 'POST',
    path: path(`${OPERATION}:cancel`),
    response: 'Empty',
    answer: (s, t) => s.cancelOperation(t),
  },
  {
    name: 'operations.delete',
    method: 'DELETE',
    path: path(OPERATION),
    response: 'Empty',
    answer: (s, t) => s.deleteOperation(t),
  },
];

/** A route that matches a request, with the parts of its path. */
export interface Match {
  readonly route: Route;
  readonly target: Omit<Target, 'parameters'>;
}

/** Finds the route of a decoded path. */
export function matchRoute(method: string, decodedPath: string): Match | undefined {
  for (const route of ROUTES) {
    const groups = route.method === method ? route.path.exec(decodedPath)?.groups : undefined;
    if (groups === undefined) continue;
    const part = (name: string): string => (groups as Record<string, string | undefined>)[name] ?? '';
    const target = {
      apiVersion: part('api') === 'v1' ? 'v1' : 'v1beta1',
      project: part('project'),
      location: part('location'),
      model: part('model'),
      version: part('version'),
      operation: part('operation'),
    } as const;
    return { route, target };
  }
  return undefined;
}
