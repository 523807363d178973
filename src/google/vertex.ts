import { z } from 'zod';
import { GoogleTransportError } from './api-error';
import { checkToken } from './pages';
import type { BeforeSend, RestClient, RestRequest } from './rest';
import type { VertexResource } from './resource-url';
import { locationNameOf, modelNameOf, operationNameOf, operationsParentOf, vertexTarget } from './resource-url';
import {
  isModel,
  isModelIn,
  isOperation,
  isOperationOf,
  listedOperation,
  modelPageSchema,
  modelSchema,
  operationListSchema,
  operationSchema,
} from './vertex-replies';

/** The fields of a Model that this package reads. */
export type VertexModel = z.output<typeof modelSchema>;
export type VertexExportFormat = VertexModel['supportedExportFormats'][number];
/** A long-running export operation. */
export type ExportOperation = z.output<typeof operationSchema>;

/** A page of a list; `nextPageToken` is empty on the last page. */
export interface OperationPage {
  operations: ExportOperation[];
  nextPageToken: string;
}

/** Body of `models.export`. */
export interface ExportRequestBody {
  outputConfig: {
    exportFormatId: string;
    artifactDestination?: { outputUriPrefix: string };
    imageDestination?: { outputUri: string };
  };
}

/** Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models/list */
export interface ListModelsRequest {
  /** `projects/P/locations/L` */
  readonly parent: string;
  readonly filter?: string | undefined;
  readonly pageSize: number;
  readonly pageToken?: string | undefined;
}

/** Options of the request that starts an export. */
export interface ExportSending {
  /** Ends the wait before the request is sent; a sent request is never aborted. */
  readonly signal?: AbortSignal | undefined;
  /** See {@link RestRequest.beforeSend}. It must not send requests. */
  readonly beforeSend?: BeforeSend | undefined;
}

/**
 * The calls of Vertex AI that an export needs. Each rejects with an `InvalidResourceNameError` before the request if a name
 * is invalid for its kind, and with a {@link GoogleTransportError} if the answer names another resource. Each calls
 * `beforeSend` every time its request is sent.
 */
export interface VertexApi {
  /** The Model, and the time of the answer by the service's clock. */
  getModel(
    name: string,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<{ model: VertexModel; serviceTime: Date }>;
  /** One page of the Models of a location, each in its default version. */
  listModels(
    request: ListModelsRequest,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<{ models: VertexModel[]; nextPageToken: string }>;
  /** Starts an export. Only the answer contains the operation's name. */
  exportModel(name: string, body: ExportRequestBody, sending?: ExportSending): Promise<ExportOperation>;
  /** A page of the operations of a Model or a location; the first page if the token is empty. */
  listOperations(
    parent: string,
    pageToken: string,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<OperationPage>;
  getOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend): Promise<ExportOperation>;
  /** Waits at the service for the end, for at most `timeoutMs`; it may return at once. */
  waitOperation(
    name: string,
    timeoutMs: number,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<ExportOperation>;
  /** Requests a cancel; the operation may still succeed. */
  cancelOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend): Promise<void>;
}

const LIST_PAGE_SIZE = 100;
/** Fields of listed Models: a Model's record can be large. */
const MODEL_FIELDS = 'name,versionId,versionAliases,displayName,supportedExportFormats';

/** The answer to a cancel: an object without fields. */
const emptySchema = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0,
);

/**
 * A client of Vertex AI's REST API.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models
 *
 * @param endpoint returns the URL of a location's API; see {@link vertexEndpoint}
 */
export function vertexRest(rest: RestClient, endpoint: (location: string) => string): VertexApi {
  const request = (
    method: 'GET' | 'POST',
    resource: VertexResource,
    options: Pick<RestRequest, 'body' | 'signal' | 'timeoutMs' | 'beforeSend'> & {
      readonly query?: Record<string, string>;
    } = {},
  ): RestRequest => {
    const { query, ...sent } = options;
    return { method, ...vertexTarget(endpoint, resource, query), refusesInJson: true, ...sent };
  };

  return {
    async getModel(name, signal, beforeSend) {
      const asked = request('GET', { kind: 'model', name }, { signal, beforeSend });
      const { data, headers } = await rest.json(modelSchema, asked);
      if (!isModel(data, modelNameOf(name))) throw otherResource(asked, data.name);
      return { model: data, serviceTime: serviceTime(headers.date) };
    },

    async listModels({ parent, filter, pageSize, pageToken }, signal, beforeSend) {
      const query = {
        pageSize: String(pageSize),
        readMask: MODEL_FIELDS,
        ...(filter && { filter }),
        ...(pageToken && { pageToken }),
      };
      const asked = request('GET', { kind: 'models', parent }, { query, signal, beforeSend });
      const { data } = await rest.json(modelPageSchema, asked);
      const place = locationNameOf(parent);
      const other = data.models.find((model) => !isModelIn(model.name, place));
      if (other) throw otherResource(asked, other.name);
      checkToken(describe(asked), data.nextPageToken, new Set([pageToken ?? '']));
      return data;
    },

    async exportModel(name, body, { beforeSend } = {}) {
      const asked = request('POST', { kind: 'model:export', name }, { body, beforeSend });
      const { data } = await rest.json(operationSchema, asked);
      if (!isOperationOf(data.name, modelNameOf(name))) throw otherResource(asked, data.name);
      return data;
    },

    async listOperations(parent, pageToken, signal, beforeSend) {
      const query = { pageSize: String(LIST_PAGE_SIZE), ...(pageToken && { pageToken }) };
      const asked = request('GET', { kind: 'operations', parent }, { query, signal, beforeSend });
      const { data } = await rest.json(operationListSchema, asked);
      checkToken(describe(asked), data.nextPageToken, new Set([pageToken]));
      const place = operationsParentOf(parent);
      const operations: ExportOperation[] = [];
      for (const item of data.operations) {
        const operation = listedOperation(item, place);
        if (typeof operation === 'object') operations.push(operation);
        else if (operation !== 'other kind') throw unusable(asked, `the answer has an operation that is ${operation}`);
      }
      return { operations, nextPageToken: data.nextPageToken };
    },

    async getOperation(name, signal, beforeSend) {
      const asked = request('GET', { kind: 'operation', name }, { signal, beforeSend });
      const { data } = await rest.json(operationSchema, asked);
      if (!isOperation(data.name, operationNameOf(name))) throw otherResource(asked, data.name);
      return data;
    },

    async waitOperation(name, timeoutMs, signal, beforeSend) {
      const asked = request(
        'POST',
        { kind: 'operation:wait', name },
        {
          query: { timeout: `${timeoutMs / 1_000}s` },
          // The time of the wait, plus that of any other request.
          timeoutMs: timeoutMs + rest.timeoutMs,
          signal,
          beforeSend,
        },
      );
      const { data } = await rest.json(operationSchema, asked);
      if (!isOperation(data.name, operationNameOf(name))) throw otherResource(asked, data.name);
      return data;
    },

    async cancelOperation(name, signal, beforeSend) {
      // An answer that is not empty does not come from the service, so the cancel did not reach it.
      await rest.json(
        emptySchema,
        request('POST', { kind: 'operation:cancel', name }, { body: {}, signal, beforeSend }),
      );
    },
  };
}

/** The time of the service's clock; of the worker's clock if the answer has no date. */
function serviceTime(date: string | undefined): Date {
  const time = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(date ?? '')
    ? Date.parse(date ?? '')
    : Number.NaN;
  return new Date(Number.isNaN(time) ? Date.now() : time);
}

function describe({ method, resource }: RestRequest): string {
  return `${method} ${resource}`;
}

function unusable(asked: RestRequest, problem: string): GoogleTransportError {
  return new GoogleTransportError(`${describe(asked)}: ${problem}`, describe(asked));
}

function otherResource(asked: RestRequest, name: string): GoogleTransportError {
  return unusable(asked, `the answer names another resource: ${name.length > 300 ? 'a name that is too long' : name}`);
}
