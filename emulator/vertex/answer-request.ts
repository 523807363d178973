import type { IncomingHttpHeaders } from 'node:http';
import type { Answer } from '../answer';
import { html, json } from '../answer';
import { ApiError } from '../api-error';
import { BodyError, parseJson } from '../request-body';
import { withEnumNumbers } from './enum-numbers';
import { selectFields } from './field-tree';
import { parseMessage } from './message-body';
import { parseFields } from './partial-response';
import { isPublished } from './published-methods';
import type { QuotaMeter } from './quota';
import type { SystemParameters } from './request-parameters';
import { DEFAULT_SYSTEM_PARAMETERS, parseParameters } from './request-parameters';
import type { Match } from './routes';
import { matchRoute } from './routes';
import type { Service } from './service';

/** A request to the API, whose path is decoded. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly content: Buffer;
}

/** A request with its route; without one if the emulator does not serve the method. */
export type RoutedRequest = ApiRequest & { readonly match?: Match };

/**
 * Finds the route of a request. A POST request with the header `X-HTTP-Method-Override` is one of that method, and if its
 * body is a form, the body is its query: clients send long queries in this way.
 */
export function routed(request: ApiRequest): RoutedRequest {
  const override = request.headers['x-http-method-override'];
  const isOverridden = request.method === 'POST' && typeof override === 'string';
  const method = isOverridden ? override.toUpperCase() : request.method;
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  const sent = isOverridden && isForm ? [...new URLSearchParams(request.content.toString())] : [];
  const match = matchRoute(method, request.path);
  return {
    ...request,
    method,
    query: new URLSearchParams([...request.query, ...sent]),
    content: sent.length > 0 ? Buffer.alloc(0) : request.content,
    ...(match !== undefined && { match }),
  };
}

/** Answers a request to the API. A published method that the emulator does not have is UNIMPLEMENTED. */
export async function answerRequest(service: Service, quota: QuotaMeter, request: RoutedRequest): Promise<Answer> {
  const { method, path, match } = request;
  let system = DEFAULT_SYSTEM_PARAMETERS;
  try {
    if (match === undefined) {
      if (!isPublished(method, path)) return html(404);
      throw new ApiError(
        'UNIMPLEMENTED',
        `The local Vertex AI does not have the method ${method} ${path.slice(0, 200)}.`,
      );
    }
    const { route, target } = match;
    const { requiredToken } = service.capabilities;
    if (typeof requiredToken === 'string' && request.headers.authorization !== `Bearer ${requiredToken}`) {
      throw unauthenticated();
    }
    const types = { ...route.parameters, ...(target.apiVersion === 'v1' && route.v1Parameters) };
    const parsed = parseParameters(request.query, types);
    system = parsed.system;
    const { apiVersion } = target;
    const fields = system.fields === '' ? undefined : parseFields(system.fields, route.response, apiVersion);
    const body = parseMessage(parseBody(request.content), route.request ?? '', apiVersion);
    quota.take('requestsPerMinute', service.region(target));
    if (route.submits) quota.take('submissionsPerMinute', service.region(target));
    const answer = await route.answer(service, { ...target, parameters: parsed.parameters }, body);
    const numbered = system.enumNumbers ? withEnumNumbers(answer, route.response, apiVersion) : answer;
    return json(200, fields === undefined ? numbered : selectFields(numbered, fields), {}, system.prettyPrint);
  } catch (error) {
    if (error instanceof ApiError) return errorAnswer(error, system);
    throw error;
  }
}

/** Reasons in Google's first error format, by HTTP status. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'badRequest',
  401: 'authError',
  403: 'forbidden',
  404: 'notFound',
  409: 'conflict',
  429: 'rateLimitExceeded',
  501: 'notImplemented',
};

function errorAnswer(error: ApiError, { firstErrorFormat, prettyPrint }: SystemParameters): Answer {
  const { httpStatus, message } = error;
  const errors = [{ message, domain: 'global', reason: REASONS[httpStatus] ?? 'backendError' }];
  return json(httpStatus, error.body(firstErrorFormat ? { errors } : {}), {}, prettyPrint);
}

function parseBody(content: Buffer): unknown {
  try {
    return parseJson(content);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new ApiError('INVALID_ARGUMENT', `Invalid JSON payload received. ${error.message}`);
  }
}

function unauthenticated(): ApiError {
  return new ApiError(
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'ACCESS_TOKEN_EXPIRED',
        domain: 'googleapis.com',
      },
    ],
  );
}
