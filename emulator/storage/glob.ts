import { invalid } from './storage-error';

/** A part of a pattern: literal text is one part for each character. */
type Part =
  | { readonly kind: 'character'; readonly accepts: (character: string) => boolean }
  /** Any number of characters; `*` stops at a slash. */
  | { readonly kind: 'many'; readonly accepts: (character: string) => boolean };

const MAX_ALTERNATIVES = 100;

const notSlash = (character: string): boolean => character !== '/';
const anything = (): boolean => true;

/**
 * A test of names by a glob pattern. Its time grows with the product of both lengths, never faster.
 *
 * Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list#list-objects-and-prefixes-using-glob
 *
 * @throws StorageError if the pattern is invalid
 */
export function globOf(pattern: string): (name: string) => boolean {
  const alternatives = alternativesOf(Array.from(pattern)).map(partsOf);
  return (name) => {
    const characters = Array.from(name);
    return alternatives.some((parts) => isMatch(parts, characters));
  };
}

function isMatch(parts: readonly Part[], characters: readonly string[]): boolean {
  let states = withSkipped(parts, new Set([0]));
  for (const character of characters) {
    const next = new Set<number>();
    for (const state of states) {
      const part = parts[state];
      if (part?.accepts(character) !== true) continue;
      next.add(part.kind === 'many' ? state : state + 1);
    }
    if (next.size === 0) return false;
    states = withSkipped(parts, next);
  }
  return states.has(parts.length);
}

/** Adds the states that are reached without a character, since `*` also matches none. */
function withSkipped(parts: readonly Part[], states: Set<number>): Set<number> {
  // A set also visits what is added during the loop.
  for (const state of states) if (parts[state]?.kind === 'many') states.add(state + 1);
  return states;
}

/** Replaces `{a,b}` by one pattern for each alternative. */
function alternativesOf(pattern: readonly string[]): string[][] {
  const open = unescapedIndex(pattern, '{', 0);
  if (open < 0) return [[...pattern]];
  const close = unescapedIndex(pattern, '}', open);
  if (close < 0) throw invalidGlob(pattern);
  const choices: string[][] = [[]];
  let depth = 0;
  for (const [index, character] of pattern.slice(open + 1, close).entries()) {
    if (character === '{') depth += 1;
    if (character === ',' && depth === 0 && pattern[open + index] !== '\\') choices.push([]);
    else choices.at(-1)?.push(character);
  }
  if (depth > 0) throw invalidGlob(pattern);
  const rest = alternativesOf(pattern.slice(close + 1));
  if (choices.length * rest.length > MAX_ALTERNATIVES) throw invalidGlob(pattern);
  return choices.flatMap((choice) => rest.map((ending) => [...pattern.slice(0, open), ...choice, ...ending]));
}

function unescapedIndex(pattern: readonly string[], character: string, from: number): number {
  return pattern.findIndex((found, index) => index >= from && found === character && pattern[index - 1] !== '\\');
}

function partsOf(pattern: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const character = pattern[index] ?? '';
    if (character === '*') {
      const isDouble = pattern[index + 1] === '*';
      parts.push({ kind: 'many', accepts: isDouble ? anything : notSlash });
      if (isDouble) index += 1;
    } else if (character === '?') {
      parts.push({ kind: 'character', accepts: notSlash });
    } else if (character === '[') {
      const close = pattern.indexOf(']', index + 2);
      if (close < 0) throw invalidGlob(pattern);
      parts.push({ kind: 'character', accepts: classOf(pattern.slice(index + 1, close)) });
      index = close;
    } else {
      const literal = character === '\\' ? pattern[(index += 1)] : character;
      parts.push({ kind: 'character', accepts: (found) => found === literal });
    }
  }
  return parts;
}

/** A test for `[abc]`, `[a-z]`, `[!a]` and `[^a]`. */
function classOf(characters: readonly string[]): (character: string) => boolean {
  const isNegated = ['!', '^'].includes(characters[0] ?? '');
  const ranges: [string, string][] = [];
  for (let rest = isNegated ? characters.slice(1) : characters; rest.length > 0;) {
    const [first = '', dash, last] = rest;
    const isRange = dash === '-' && last !== undefined;
    ranges.push([first, isRange ? last : first]);
    rest = rest.slice(isRange ? 3 : 1);
  }
  return (character) => isNegated !== ranges.some(([first, last]) => first <= character && character <= last);
}

function invalidGlob(pattern: readonly string[]): Error {
  return invalid(`Invalid glob pattern: ${pattern.join('').slice(0, 200)}`, 'matchGlob');
}
