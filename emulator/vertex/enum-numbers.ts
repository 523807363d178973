import { ENUMS, fieldOf } from './messages';
import type { ApiVersion } from './operations';

/** A message with numbers in place of the names of enums, as clients ask for with `enum-encoding=int`. */
export function withEnumNumbers(value: unknown, message: string, apiVersion: ApiVersion): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withEnumNumbers(item, message, apiVersion));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => {
      const field = fieldOf(message, name, apiVersion);
      if (field === undefined || inner === null) return [name, inner];
      if (field.type === 'enum') return [name, enumNumber(inner, ENUMS[field.enumName] ?? [])];
      if (field.shape === 'map') {
        const entries = Object.entries(inner as object);
        return [
          name,
          Object.fromEntries(entries.map(([key, item]) => [key, withEnumNumbers(item, field.type, apiVersion)])),
        ];
      }
      return [name, withEnumNumbers(inner, field.type, apiVersion)];
    }),
  );
}

function enumNumber(value: unknown, names: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => enumNumber(item, names));
  const number = typeof value === 'string' ? names.indexOf(value) : -1;
  return number < 0 ? value : number;
}
