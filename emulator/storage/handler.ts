import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { BodyError } from '../request-body';
import { answerBatch } from './batch';
import { Catalog } from './catalog';
import type { StorageAnswer, StorageCall } from './call';
import { FolderContents } from './folder-contents';
import { MemoryContents } from './memory-contents';
import { FolderRecords, NO_RECORDS } from './records';
import { ResumableUploads } from './resumable';
import { Rewrites } from './rewrite';
import type { StoreParts } from './routes';
import { answerJson } from './routes';
import { sendAnswer } from './send';
import { StorageError } from './storage-error';
import { answerXml, isXmlDownload, xmlError } from './xml';

const JSON_API = /^\/(?:(?:(?:resumable\/)?upload\/|download\/)?storage\/v1\/|batch\/storage\/v1\/?$)/;

/** Whether a request is for the object store. */
export function isStorageRequest(method: string, pathname: string): boolean {
  return JSON_API.test(pathname) || isXmlDownload(method, pathname);
}

/** An object store that speaks Cloud Storage's JSON API, and the downloads of its XML API. */
export class ObjectStore {
  private readonly parts: StoreParts;
  private readonly loaded: Promise<void>;
  /** Requests that have not ended. */
  private readonly running = new Set<Promise<void>>();

  /** @param options.dataFolder folder to keep everything in. Default: in memory */
  constructor({ dataFolder }: { readonly dataFolder?: string }) {
    const catalog = catalogOf(dataFolder);
    this.parts = { catalog, resumable: new ResumableUploads(catalog), rewrites: new Rewrites(catalog) };
    this.loaded = catalog.load();
    // Requests report the error; without one, it must not end the process.
    this.loaded.catch(() => undefined);
  }

  /** Answers a request for which {@link isStorageRequest} is true. Resolves when the answer was sent; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
    const ending = this.respond(request, response, target);
    this.running.add(ending);
    try {
      await ending;
    } finally {
      this.running.delete(ending);
    }
  }

  /** Waits until running requests have ended. Their connections must be closed before. */
  async close(): Promise<void> {
    await this.loaded.catch(() => undefined);
    await Promise.allSettled(this.running);
  }

  private async respond(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
    const call: StorageCall = {
      method: methodOf(request),
      query: target.searchParams,
      headers: request.headers,
      origin: `http://${request.headers.host ?? target.host}`,
      body: request,
    };
    const isHead = call.method === 'HEAD';
    try {
      await sendAnswer(response, await this.answer(call, target.pathname), call.query, isHead);
    } catch (error) {
      // The status was sent, or the client has closed the connection.
      if (response.headersSent || response.destroyed) {
        response.destroy();
        return;
      }
      const answer = errorAnswer(error, isXmlDownload(call.method, target.pathname));
      await sendAnswer(response, answer, call.query, isHead).catch(() => response.destroy());
    }
  }

  private async answer(call: StorageCall, pathname: string): Promise<StorageAnswer> {
    await this.loaded;
    if (pathname.startsWith('/batch/')) {
      return answerBatch(call, (inner, innerPath) => answerJson(this.parts, inner, innerPath));
    }
    if (isXmlDownload(call.method, pathname)) return answerXml(this.parts, call, pathname);
    return answerJson(this.parts, call, pathname);
  }
}

function catalogOf(dataFolder: string | undefined): Catalog {
  if (dataFolder === undefined) return new Catalog(NO_RECORDS, new MemoryContents());
  const [buckets, unfinished] = [path.join(dataFolder, 'buckets'), path.join(dataFolder, 'unfinished')];
  return new Catalog(new FolderRecords(buckets, unfinished), new FolderContents(buckets, unfinished));
}

/** The method; some clients send another one in a header, because a proxy permits only GET and POST. */
function methodOf({ method = 'GET', headers }: IncomingMessage): string {
  const override = [headers['x-http-method-override'] ?? []].flat()[0];
  return method === 'POST' && override !== undefined ? override.toUpperCase() : method;
}

function errorAnswer(error: unknown, isXml: boolean): StorageAnswer {
  const known = storageError(error);
  const { status, headers } = known;
  if (status === 304) return { status, headers };
  if (!isXml) return { status, headers, json: known.body() };
  const text = Buffer.from(xmlError(known));
  const type = { 'content-type': 'application/xml; charset=UTF-8', 'content-length': String(text.length) };
  return { status, headers: { ...headers, ...type }, content: Readable.from([text]) };
}

function storageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof BodyError) return new StorageError(error.status, 'badRequest', error.message);
  return new StorageError(500, 'internalError', error instanceof Error ? error.message : String(error));
}
