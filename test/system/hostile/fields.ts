import { z } from 'zod';

/** The path of a value: keys of objects and indexes of lists. */
export type Path = readonly (string | number)[];

/** A part of an example. */
export interface Field {
  readonly path: Path;
  readonly value: unknown;
}

/** Every part of an example, including containers, but not the whole example. */
export function fieldsOf(example: unknown, path: Path = []): Field[] {
  if (typeof example !== 'object' || example === null) return [];
  return Object.entries(example).flatMap(([key, value]: [string, unknown]) => {
    const place = [...path, Array.isArray(example) ? Number(key) : key];
    return [{ path: place, value }, ...fieldsOf(value, place)];
  });
}

/** The example with another value at a path. */
export function withValue(example: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  if (Array.isArray(example)) {
    return example.map((item: unknown, index) => (index === key ? withValue(item, rest, value) : item));
  }
  const fields = Object.entries(example as object).map(([name, item]: [string, unknown]): [string, unknown] => [
    name,
    name === key ? withValue(item, rest, value) : item,
  ]);
  return Object.fromEntries(fields);
}

/** The path as text. All indexes are written the same. */
export function patternOf(path: Path): string {
  return path.map((key) => (typeof key === 'number' ? '[]' : key)).join('.');
}

/** Fields of a schema for which no example has a value of the same type. They reveal new fields. */
export function uncoveredFields(schema: z.core.$ZodType, examples: readonly unknown[]): string[] {
  const seen = new Set(
    examples.flatMap((example) =>
      fieldsOf(example).flatMap(({ path, value }) => [
        patternOf(path),
        ...(typeof value === 'string' ? [`${patternOf(path)} as text`] : []),
      ]),
    ),
  );
  return schemaFields(schema, []).filter((field) => !seen.has(field));
}

function schemaFields(schema: z.core.$ZodType, path: Path): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, field]) => {
      const place = [...path, name];
      return [patternOf(place), ...schemaFields(field as z.core.$ZodType, place)];
    });
  }
  if (schema instanceof z.ZodArray) return schemaFields(schema.element, [...path, 0]);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => schemaFields(option, path));
  if (schema instanceof z.ZodPipe) return schemaFields(schema.in, path);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault) {
    return schemaFields(schema.unwrap(), path);
  }
  return schema instanceof z.ZodString ? [`${patternOf(path)} as text`] : [];
}
