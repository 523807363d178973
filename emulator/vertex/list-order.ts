import { badRequest } from '../api-error';
import { camelCase, shown } from './field-names';

/**
 * Parses an `orderBy` such as `display_name, create_time desc` to a comparison of items.
 *
 * @param fields values of the fields that can be used, by name in lowerCamelCase
 * @throws ApiError INVALID_ARGUMENT if it can't be parsed or names another field
 */
export function parseOrder<T>(
  orderBy: string,
  fields: Readonly<Record<string, (item: T) => string>>,
): ((a: T, b: T) => number) | undefined {
  if (orderBy.trim() === '') return undefined;
  const orders = orderBy.split(',').map((part) => {
    const [, name = '', direction = 'asc'] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/i.exec(part) ?? [];
    const valueOf = Object.hasOwn(fields, camelCase(name)) ? fields[camelCase(name)] : undefined;
    if (valueOf === undefined) throw badRequest('order_by', `Invalid order_by: \`${shown(orderBy)}\`.`);
    const sign = direction.toLowerCase() === 'desc' ? -1 : 1;
    return (a: T, b: T): number => {
      const [first, second] = [valueOf(a), valueOf(b)];
      return first === second ? 0 : first < second ? -sign : sign;
    };
  });
  return (a, b) => orders.map((compare) => compare(a, b)).find((result) => result !== 0) ?? 0;
}
