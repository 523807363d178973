import { z } from 'zod';
import { cut, isWellFormed, printable } from '../contract/text';
import { messageText } from './message-text';

/** Text for people: shortened, valid Unicode. */
export function shownText(maxLength: number): z.ZodType<string> {
  return z.string().transform((text) => cut(text, maxLength));
}

/** A message of the service: shortened, on one line, without credentials. */
export const messageField = z.string().transform((text) => messageText(text));

/** Text that is compared or sent again, so it is never shortened: what is longer or not valid Unicode is refused. */
export function exactText(maxLength: number): z.ZodType<string> {
  return z.string().max(maxLength).refine(isWellFormed);
}

/** A field that is left out where its value does not pass. */
export function optionalField<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return z
    .unknown()
    .optional()
    .transform((value) => {
      const parsed = schema.safeParse(value);
      return parsed.success ? parsed.data : undefined;
    });
}

/** URIs have at most about 1,100 characters; those that could not be printed as they are count as left out. */
export const optionalUri = optionalField(
  z
    .string()
    .min(1)
    .max(2_100)
    .refine((uri) => isWellFormed(uri) && printable(uri) === uri),
);

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** A time as Google's APIs give it; what is not one counts as left out. */
export const optionalTime = optionalField(
  z.string().refine((time) => time.length < 50 && RFC_3339.test(time) && !Number.isNaN(Date.parse(time))),
);

/**
 * A list whose length is checked before its items: each item that does not pass makes an issue, and millions of them
 * would not fit into memory.
 */
export function boundedList<T>(item: z.ZodType<T>, maxLength: number): z.ZodType<T[]> {
  return z.custom<unknown[]>((value) => Array.isArray(value) && value.length <= maxLength).pipe(z.array(item));
}
