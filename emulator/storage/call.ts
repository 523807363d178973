import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { BodyError, MAX_JSON_BYTES, parseJson, readBody } from '../request-body';
import { invalid, StorageError } from './storage-error';

/** One request to the object store. */
export interface StorageCall {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** Scheme, host and port that the client used. */
  readonly origin: string;
  readonly body: Readable;
}

/** An answer before it is sent: with JSON, with content, or without a body. */
export interface StorageAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly content?: Readable;
}

/** Names in the path of a request, decoded; empty if the path does not have them. */
export interface PathNames {
  readonly bucket: string;
  readonly object: string;
  readonly toBucket: string;
  readonly toObject: string;
  readonly project: string;
}

const recordSchema = z.record(z.string(), z.unknown());

/** A JSON object without a known structure. */
export type JsonObject = z.output<typeof recordSchema>;

/** The JSON object in the body of a request; an empty one if there is no body. */
export async function jsonBody(call: Pick<StorageCall, 'body'>): Promise<JsonObject> {
  return jsonObject(await readBody(call.body, MAX_JSON_BYTES));
}

/**
 * Parses a JSON object.
 *
 * @throws StorageError `parseError` if the content is not a JSON object
 */
export function jsonObject(content: Buffer): JsonObject {
  let value: unknown;
  try {
    value = parseJson(content);
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new StorageError(400, 'parseError', `Parse Error: ${error.message}`);
  }
  const parsed = recordSchema.safeParse(value ?? {});
  if (!parsed.success) throw new StorageError(400, 'parseError', 'Parse Error: the body is not a JSON object.');
  return parsed.data;
}

/**
 * Checks a value by a schema.
 *
 * @throws StorageError `invalid` with every problem
 */
export function checked<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw invalid(`Invalid argument. ${problems.join('; ')}`);
}

/**
 * Changes a JSON value by a patch: `null` removes a field, and objects are merged.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc7396
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  const changes = recordSchema.safeParse(patch);
  if (Array.isArray(patch) || !changes.success) return patch;
  const fields = recordSchema.safeParse(target);
  const merged = new Map(Array.isArray(target) || !fields.success ? [] : Object.entries(fields.data));
  for (const [name, change] of Object.entries(changes.data)) {
    if (change === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), change));
  }
  return Object.fromEntries(merged);
}

/** A JSON object without the fields that are `null`, which mean the same as absent ones. */
export function withoutNull(body: JsonObject): JsonObject {
  return recordSchema.parse(mergePatch({}, body));
}

/** A record without the named fields. */
export function without<T extends object, K extends keyof T>(record: T, ...names: readonly K[]): Omit<T, K> {
  const rest = { ...record };
  for (const name of names) Reflect.deleteProperty(rest, name);
  return rest;
}

/** Whether a parameter is `true`. */
export function isTrue(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === 'true';
}
