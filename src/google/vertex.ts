import { z } from 'zod';
import { parseModelName } from '../contract/resource-names';
import type { BeforeSend, RestClient } from './rest';

const exportFormatSchema = z.object({
  id: z.string(),
  exportableContents: z.array(z.string()).default([]),
});

const modelSchema = z.object({
  name: z.string(),
  versionId: z.string().optional(),
  versionAliases: z.array(z.string()).default([]),
  displayName: z.string().default(''),
  supportedExportFormats: z.array(exportFormatSchema).default([]),
  artifactUri: z.string().exactOptional(),
  containerSpec: z.object({ imageUri: z.string().exactOptional() }).exactOptional(),
  versionCreateTime: z.string().exactOptional(),
});

const outputInfoSchema = z.object({
  artifactOutputUri: z.string().exactOptional(),
  imageOutputUri: z.string().exactOptional(),
});

const operationSchema = z.object({
  name: z.string(),
  metadata: z
    .object({
      genericMetadata: z
        .object({ createTime: z.string().exactOptional(), updateTime: z.string().exactOptional() })
        .default({}),
      outputInfo: outputInfoSchema.default({}),
    })
    .default({ genericMetadata: {}, outputInfo: {} }),
  done: z.boolean().default(false),
  error: z.object({ code: z.int(), message: z.string().default('') }).exactOptional(),
});

/** An empty list is `{}`: an answer with other fields only is none, and must not read as "there is nothing". */
function isPage(field: string): (page: Record<string, unknown>) => boolean {
  return ({ nextPageToken, ...fields }) =>
    fields[field] !== undefined || nextPageToken !== '' || Object.keys(fields).length === 0;
}

const operationListSchema = z
  .looseObject({
    operations: z.array(operationSchema).exactOptional(),
    nextPageToken: z.string().default(''),
  })
  .refine(isPage('operations'))
  .transform(({ operations = [], nextPageToken }) => ({ operations, nextPageToken }));

const modelPageSchema = z
  .looseObject({ models: z.array(modelSchema).exactOptional(), nextPageToken: z.string().default('') })
  .refine(isPage('models'))
  .transform(({ models = [], nextPageToken }) => ({ models, nextPageToken }));

/** What this package reads of a Model. */
export type VertexModel = z.output<typeof modelSchema>;
export type VertexExportFormat = z.output<typeof exportFormatSchema>;
/** A long-running export operation. */
export type ExportOperation = z.output<typeof operationSchema>;
/** A part of a list; `nextPageToken` is empty at its end. */
export type OperationPage = z.output<typeof operationListSchema>;

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

/** How an export is sent. */
export interface ExportSending {
  /** Ends the waiting before the request is sent; a request that was sent is never aborted. */
  readonly signal?: AbortSignal | undefined;
  /** See {@link RestRequest.beforeSend}. It must not send requests of its own. */
  readonly beforeSend?: BeforeSend | undefined;
}

/** The calls of Vertex AI that an export needs. Each calls `beforeSend` before each time its request is sent. */
export interface VertexApi {
  /** The Model, and the service's own clock when it answered. */
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
  /** Starts an export. Its answer is the only place where the operation's name is given. */
  exportModel(name: string, body: ExportRequestBody, sending?: ExportSending): Promise<ExportOperation>;
  /** A page of the operations of a Model, or of all that a location lists; the first where the token is empty. */
  listOperations(
    parent: string,
    pageToken: string,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<OperationPage>;
  getOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend): Promise<ExportOperation>;
  /** Waits at the service for the end, at most `timeoutMs`; may come back at once. */
  waitOperation(
    name: string,
    timeoutMs: number,
    signal?: AbortSignal,
    beforeSend?: BeforeSend,
  ): Promise<ExportOperation>;
  /** Asks for an end; the operation may still succeed. */
  cancelOperation(name: string, signal?: AbortSignal, beforeSend?: BeforeSend): Promise<void>;
}

const API_VERSION = 'v1beta1';
const LIST_PAGE_SIZE = 100;
/** A Model's record can be large, and its containers and schemas are not read. */
const MODEL_FIELDS = 'name,versionId,versionAliases,displayName,supportedExportFormats';

/**
 * Vertex AI by REST.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/reference/rest/v1beta1/projects.locations.models
 *
 * @param endpoint where a location's API is; see {@link vertexEndpoint}
 */
export function vertexRest(rest: RestClient, endpoint: (location: string) => string): VertexApi {
  const target = (resource: string, query: Record<string, string> = {}) => {
    const location = /^projects\/[^/]+\/locations\/([^/]+)\//.exec(resource)?.[1] ?? '';
    const search = new URLSearchParams(query).toString();
    return {
      url: `${endpoint(location)}/${API_VERSION}/${encodeURI(resource)}${search ? `?${search}` : ''}`,
      resource,
      headers: { 'x-goog-request-params': `name=${encodeURIComponent(resource.replace(/:[a-z]+$/i, ''))}` },
    };
  };

  return {
    async getModel(name, signal, beforeSend) {
      const { data, headers } = await rest.json(modelSchema, { method: 'GET', ...target(name), signal, beforeSend });
      const date = Date.parse(headers.date ?? '');
      return { model: data, serviceTime: new Date(Number.isNaN(date) ? Date.now() : date) };
    },

    async listModels({ parent, filter, pageSize, pageToken }, signal, beforeSend) {
      const query = {
        pageSize: String(pageSize),
        readMask: MODEL_FIELDS,
        ...(filter ? { filter } : {}),
        ...(pageToken ? { pageToken } : {}),
      };
      const headers = { 'x-goog-request-params': `parent=${encodeURIComponent(parent)}` };
      const request = { method: 'GET' as const, ...target(`${parent}/models`, query), headers, signal, beforeSend };
      const { data } = await rest.json(modelPageSchema, request);
      return data;
    },

    async exportModel(name, body, { beforeSend } = {}) {
      const request = { method: 'POST' as const, ...target(`${name}:export`), body, beforeSend };
      const { data } = await rest.json(operationSchema, request);
      return data;
    },

    async listOperations(parent, pageToken, signal, beforeSend) {
      const query = { pageSize: String(LIST_PAGE_SIZE), ...(pageToken ? { pageToken } : {}) };
      const place = target(`${withoutVersion(parent)}/operations`, query);
      const request = { method: 'GET' as const, ...place, signal, beforeSend };
      const { data } = await rest.json(operationListSchema, request);
      return data;
    },

    async getOperation(name, signal, beforeSend) {
      const { data } = await rest.json(operationSchema, { method: 'GET', ...target(name), signal, beforeSend });
      return data;
    },

    async waitOperation(name, timeoutMs, signal, beforeSend) {
      const { data } = await rest.json(operationSchema, {
        method: 'POST',
        ...target(`${name}:wait`, { timeout: `${timeoutMs / 1_000}s` }),
        // Its own time, and that of any other request on top.
        timeoutMs: timeoutMs + rest.timeoutMs,
        signal,
        beforeSend,
      });
      return data;
    },

    async cancelOperation(name, signal, beforeSend) {
      const request = { method: 'POST' as const, ...target(`${name}:cancel`), body: {}, signal, beforeSend };
      // Anything else than an empty answer does not come from the service: the cancel did not reach it.
      await rest.json(z.strictObject({}), request);
    },
  };
}

/** Where Google serves the API of a location. */
export function vertexEndpoint(location: string): string {
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** A Model's name without `@version`: the parent of its operations. */
function withoutVersion(name: string): string {
  const parsed = parseModelName(name);
  return parsed ? `projects/${parsed.project}/locations/${parsed.location}/models/${parsed.model}` : name;
}
