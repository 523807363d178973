import { badRequest } from '../api-error';
import { camelCase, shown } from './field-names';

/** Comparison in a filter. `:` means "has". */
export type FilterOperator = '=' | '!=' | ':';

/** A comparison such as `labels.team="vision"`. The key is empty for a field without one. */
export interface Comparison {
  readonly key: string;
  readonly operator: FilterOperator;
  readonly value: string;
}

/** A field that a filter can use. */
export interface FilterField<T> {
  readonly operators: readonly FilterOperator[];
  /** Whether the field is a map, whose keys follow a dot. */
  readonly isMap?: boolean;
  readonly matches: (item: T, comparison: Comparison) => boolean;
}

/** Fields by name in lowerCamelCase. */
export type FilterFields<T> = Readonly<Record<string, FilterField<T>>>;

/** Longest filter, in characters. */
const MAX_LENGTH = 2_000;

/** Quoted text, an operator, a parenthesis, a dot, or bare text. A bare value may have dots, but no other punctuation. */
const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(!=|[=:()])|([^\s"'=:()!]+))/sy;

interface Token {
  readonly kind: 'quoted' | 'sign' | 'bare';
  readonly text: string;
}

/**
 * Parses a filter to a predicate. Comparisons are joined by AND, OR and NOT; OR binds tighter than AND, as in Google's
 * grammar. A quoted value can have escapes. Source: https://google.aip.dev/160
 *
 * @throws ApiError INVALID_ARGUMENT if it can't be parsed, or if a field or its operator is not supported
 */
export function parseFilter<T>(filter: string, fields: FilterFields<T>): (item: T) => boolean {
  if (filter.length > MAX_LENGTH) throw badRequest('filter', `The filter has more than ${MAX_LENGTH} characters.`);
  if (filter.trim() === '') return () => true;
  const tokens = tokensOf(filter);
  let next = 0;
  const isBare = (text: string): boolean => tokens[next]?.kind === 'bare' && tokens[next]?.text === text;
  const isSign = (text: string): boolean => tokens[next]?.kind === 'sign' && tokens[next]?.text === text;
  const parseAnd = (): ((item: T) => boolean) => {
    const terms = [parseOr()];
    while (next < tokens.length && !isSign(')')) {
      if (isBare('AND')) next += 1;
      terms.push(parseOr());
    }
    return (item) => terms.every((term) => term(item));
  };
  const parseOr = (): ((item: T) => boolean) => {
    const terms = [parseTerm()];
    while (isBare('OR')) {
      next += 1;
      terms.push(parseTerm());
    }
    return (item) => terms.some((term) => term(item));
  };
  const parseTerm = (): ((item: T) => boolean) => {
    if (isBare('NOT')) {
      next += 1;
      const term = parseTerm();
      return (item) => !term(item);
    }
    if (!isSign('(')) return parseComparison();
    next += 1;
    const inner = parseAnd();
    if (!isSign(')')) throw invalid(filter);
    next += 1;
    return inner;
  };
  const parseComparison = (): ((item: T) => boolean) => {
    const [first = '', ...path] = pathTokens();
    const operator = tokens[next]?.text;
    const value = tokens[next + 1];
    const name = camelCase(first);
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined || tokens[next]?.kind !== 'sign' || value === undefined || value.kind === 'sign') {
      throw invalid(filter);
    }
    if ((operator !== '=' && operator !== '!=' && operator !== ':') || !field.operators.includes(operator)) {
      throw badRequest(
        'filter',
        `Invalid filter: \`${shown(filter)}\`. \`${name}\` supports ${field.operators.join(', ')}.`,
      );
    }
    const key = path.join('.');
    const needsKey = field.isMap === true && operator !== ':';
    if ((key !== '' && field.isMap !== true) || (key === '' && needsKey)) throw invalid(filter);
    next += 2;
    return (item) => field.matches(item, { key, operator, value: value.text });
  };
  /** The parts of a field: `labels.team`, or `labels."a key"`. */
  const pathTokens = (): string[] => {
    const token = tokens[next];
    if (token?.kind !== 'bare') throw invalid(filter);
    next += 1;
    const quoted = tokens[next];
    if (!token.text.endsWith('.')) return token.text.split('.');
    if (quoted?.kind !== 'quoted') throw invalid(filter);
    next += 1;
    return [...token.text.slice(0, -1).split('.'), quoted.text];
  };
  const matches = parseAnd();
  if (next < tokens.length) throw invalid(filter);
  return matches;
}

function tokensOf(filter: string): Token[] {
  const tokens: Token[] = [];
  const text = filter.trimEnd();
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) throw invalid(filter);
    const [, quoted, sign, bare] = match;
    if (quoted !== undefined) tokens.push({ kind: 'quoted', text: quoted.slice(1, -1).replace(/\\(.)/gs, '$1') });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push({ kind: 'bare', text: bare ?? '' });
  }
  return tokens;
}

function invalid(filter: string): Error {
  return badRequest('filter', `Invalid filter: \`${shown(filter)}\`.`);
}
