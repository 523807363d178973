import type { Root } from 'protobufjs/light';
import type { z } from 'zod';
import type { SparseBytes } from './sparse-bytes';

/** Largest message that is decoded, in bytes: real ones are far smaller, and hostile ones must not fill the memory. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** Steps charged for decoding and checking a byte. */
const STEPS_PER_BYTE = 3;

/** A type of small messages. */
export interface MessageType<T> {
  readonly name: string;
  /** @throws Error if the content is not a message of this type */
  decode(content: Buffer): T;
}

/**
 * Makes a message type of a schema. Fields that are not set have their default, messages `null`. The name of a `oneof`
 * has the name of its field that is set.
 */
export function messageType<T>(root: Root, name: string, shape: z.ZodType<T>): MessageType<T> {
  const type = root.lookupType(name);
  return {
    name,
    decode: (content) =>
      shape.parse(type.toObject(type.decode(content), { longs: Number, defaults: true, oneofs: true })),
  };
}

/**
 * Decodes the message in a part of a file.
 *
 * @throws MalformedFileError if it is not a message of the type
 * @throws LimitError if it is too large to be decoded
 */
export function decodeMessage<T>(
  bytes: SparseBytes,
  type: MessageType<T>,
  { start, end }: { readonly start: number; readonly end: number },
): T {
  if (end - start > MAX_MESSAGE_BYTES) {
    throw bytes.limited(`its ${type.name} at byte ${start} has ${end - start} bytes`);
  }
  const content = bytes.slice(start, end - start);
  bytes.meter.charge((end - start) * STEPS_PER_BYTE);
  try {
    return type.decode(content);
  } catch (error) {
    throw bytes.malformed(`has no ${type.name} at byte ${start}: ${reasonOf(error)}`);
  }
}

/** The reason why a message could not be decoded, on one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\s+/g, ' ') : String(error);
}
