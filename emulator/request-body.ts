import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';

/** A body that is rejected. The message has the reason. */
export class BodyError extends Error {
  constructor(
    message: string,
    readonly status: 400 | 413 = 400,
  ) {
    super(message);
  }
}

const MIB = 1024 * 1024;
/** Largest body of JSON, in bytes. */
export const MAX_JSON_BYTES = 16 * MIB;
/** Largest body that is forwarded to an object store or a registry, in bytes. It is held in memory. */
export const MAX_UPLOAD_BYTES = 100 * MIB;

/** Share of the limit that is read beyond it, so that a client that is still sending can read the answer. */
const DRAINED_LIMITS = 4;
const MAX_DEPTH = 100;
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads a body.
 *
 * @throws BodyError if it has more than `maxBytes`
 */
export async function readBody(request: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk as Uint8Array);
    bytes += part.length;
    if (bytes <= maxBytes) chunks.push(part);
    else chunks.length = 0;
    if (bytes > DRAINED_LIMITS * maxBytes) break;
  }
  if (bytes > maxBytes) throw new BodyError(`The body has more than ${maxBytes / MIB} MiB. Send a smaller body.`, 413);
  return Buffer.concat(chunks);
}

/**
 * Parses untrusted JSON; undefined if there is only white space.
 *
 * @throws BodyError if it is not JSON in UTF-8, is nested too deeply, or has names or text that no client needs
 */
export function parseJson(content: Buffer): unknown {
  if (!isUtf8(content)) throw new BodyError('The body is not valid UTF-8.');
  const text = content.toString();
  if (text.trim() === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BodyError(error instanceof Error ? error.message : String(error));
  }
  const problem = problemOf(value);
  if (problem !== undefined) throw new BodyError(problem);
  return value;
}

/** The problem of a value, found without recursion, since its depth is not bounded; undefined if there is none. */
function problemOf(root: unknown): string | undefined {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string' && LONE_SURROGATE.test(value)) return 'A string has half of a surrogate pair.';
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_DEPTH) return `The JSON is nested deeper than ${MAX_DEPTH} levels.`;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '__proto__') return 'The name "__proto__" is not allowed.';
      if (LONE_SURROGATE.test(name)) return 'A name has half of a surrogate pair.';
      open.push({ value: inner, depth: depth + 1 });
    }
  }
  return undefined;
}
