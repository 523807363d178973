import { z } from 'zod';
import { cut, isWellFormed, printable } from '../internal/text';
import { messageText } from './message-text';

/** Text for people: cut to a length, valid Unicode. */
export function shownText(maxLength: number): z.ZodType<string> {
  return z.string().transform((text) => cut(text, maxLength));
}

/** A message of the service: cut to a length, on one line, without credentials. */
export const messageField = z.string().transform((text) => messageText(text));

/** Text that is compared or sent again: longer text and invalid Unicode are refused, not cut. */
export function exactText(maxLength: number): z.ZodType<string> {
  return z.string().max(maxLength).refine(isWellFormed);
}

/** A field that is `undefined` if its value is not valid. */
export function optionalField<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return z
    .unknown()
    .optional()
    .transform((value) => {
      const parsed = schema.safeParse(value);
      return parsed.success ? parsed.data : undefined;
    });
}

/** An optional URI, of at most about 1,100 characters; one with characters that can't be printed counts as absent. */
export const optionalUri = optionalField(
  z
    .string()
    .min(1)
    .max(2_100)
    .refine((uri) => isWellFormed(uri) && printable(uri) === uri),
);

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** An optional time in the format of Google's APIs; an invalid one counts as absent. */
export const optionalTime = optionalField(
  z.string().refine((time) => time.length < 50 && RFC_3339.test(time) && !Number.isNaN(Date.parse(time))),
);

/**
 * A list whose length is checked before its items: each invalid item adds an issue, and millions of issues would not fit
 * into memory.
 */
export function boundedList<T>(item: z.ZodType<T>, maxLength: number): z.ZodType<T[]> {
  return z.custom<unknown[]>((value) => Array.isArray(value) && value.length <= maxLength).pipe(z.array(item));
}
