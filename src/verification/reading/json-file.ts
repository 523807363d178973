import type { z } from 'zod';
import { firstIssue } from '../../contract';
import type { SparseBytes } from './sparse-bytes';
import { ReadLimitError } from './sparse-bytes';

/** Values of a JSON text, so that one which consists of brackets does not fill the memory. */
const MAX_VALUES = 400_000;

const COMMA = 0x2c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;

/**
 * The JSON of a part of a file, whole unless told otherwise.
 *
 * @param what stands for the part in messages: `its header`
 * @throws MalformedFileError where it is no JSON, or not of the schema
 * @throws ReadLimitError where it is too large to be looked into
 */
export function jsonOf<T>(
  bytes: SparseBytes,
  schema: z.ZodType<T>,
  { what = 'its JSON', start = 0, length = bytes.size }: { what?: string; start?: number; length?: number } = {},
): T {
  if (length === 0) throw bytes.malformed(start === 0 ? 'is empty (0 bytes)' : `${what} is empty`);
  bytes.needIndex(start, length);
  const content = bytes.slice(start, length);
  if (countValues(content) > MAX_VALUES)
    throw new ReadLimitError(bytes.path, `${what} has more than ${MAX_VALUES} values and was not looked into`);
  const parsed = schema.safeParse(parse(bytes, bytes.text(start, length), what));
  if (parsed.success) return parsed.data;
  throw bytes.malformed(`${what} is not as it should be at ${firstIssue(parsed.error)}`);
}

function parse(bytes: SparseBytes, text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw bytes.malformed(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function countValues(content: Buffer): number {
  let count = 1;
  for (const byte of content) {
    if (byte === COMMA || byte === OPENING_BRACKET || byte === OPENING_BRACE) count += 1;
  }
  return count;
}
