import { badRequest } from '../api-error';
import type { ModelEntry } from './models';

type Model = ModelEntry['model'];

/** One term of a filter of models.list, for example `labels.team="vision"`. */
const TERM = /^(model|display_?name|labels\.([\w-]+)|labels)\s*(=|!=|:)\s*(?:"([^"]*)"|(\S+))$/i;

/** Longest filter, in characters. Its pattern needs quadratic time for long whitespace. */
const MAX_FILTER_LENGTH = 2_000;

/** A label can have the name of a built-in property. */
function labelOf({ labels = {} }: Model, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** Parses a filter to a predicate: `model`, `display_name` with `=` and `!=`, `labels.k=v`, `labels.k:*`; joined by AND. */
export function modelFilter(filter: string): (model: Model) => boolean {
  if (filter.length > MAX_FILTER_LENGTH) {
    throw badRequest('filter', `The filter has more than ${MAX_FILTER_LENGTH} characters.`);
  }
  if (filter.trim() === '') return () => true;
  const terms = filter.split(/\s+AND\s+/).map((text) => {
    const [, field = '', label, operator, quoted, bare] = TERM.exec(text.trim()) ?? [];
    const value = quoted ?? bare ?? '';
    if (field === '') throw badRequest('filter', `Invalid filter: \`${text.trim()}\`.`);
    return (model: Model) => {
      if (label !== undefined) {
        const actual = labelOf(model, label);
        return operator === ':' ? actual !== undefined : (actual === value) === (operator === '=');
      }
      if (field.toLowerCase() === 'labels') return labelOf(model, value) !== undefined;
      const actual = field.toLowerCase() === 'model' ? (model.name.split('/').at(-1) ?? '') : model.displayName;
      return (actual === value || model.name === value) === (operator !== '!=');
    };
  });
  return (model) => terms.every((term) => term(model));
}

/** A page of a list. Page tokens are opaque to clients; they are offsets. */
export function page<T>(
  items: readonly T[],
  query: URLSearchParams,
  most: number,
): { items: T[]; nextPageToken?: string } {
  const size = Number(query.get('pageSize') ?? query.get('page_size') ?? 0);
  if (!Number.isInteger(size) || size < 0) throw badRequest('page_size', 'page_size must not be negative.');
  const token = query.get('pageToken') ?? query.get('page_token') ?? '';
  const offset = token === '' ? '0' : Buffer.from(token, 'base64url').toString();
  if (!/^\d+$/.test(offset)) throw badRequest('page_token', 'The page_token is invalid.');
  const end = Number(offset) + Math.min(size || most, most);
  const next = end < items.length ? { nextPageToken: Buffer.from(String(end)).toString('base64url') } : {};
  return { items: items.slice(Number(offset), end), ...next };
}

/** Reduces an object to the fields of a mask such as `name,displayName`. */
export function masked(model: Model, mask: string | null): Record<string, unknown> {
  if (mask === null || mask === '' || mask === '*') return model;
  const fields = mask.split(',').map((field) => field.trim().replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()));
  return Object.fromEntries(Object.entries(model).filter(([name]) => fields.includes(name)));
}
