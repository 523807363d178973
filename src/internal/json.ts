/** Deepest nesting: Google's replies have about 20 levels, but a Model's `metadata`, which is not read, can have more. */
const MAX_DEPTH = 200;
/** Most arrays, objects and members in total. A listing of 200,000 files has about a million. */
const MAX_VALUES = 2_000_000;
/** Longest text that is parsed without a check: it can't need much memory. */
const UNCHECKED_LENGTH = 16_384;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses JSON. Returns `undefined` if the text is not JSON, is nested more than 200 levels deep, or has more than 2,000,000
 * values: the last two need many times the memory of the text.
 */
export function jsonOrUndefined(text: string): unknown {
  if (text.length > UNCHECKED_LENGTH && !isModest(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Counts in one pass, without recursion, and stops at the first excess. */
function isModest(text: string): boolean {
  let depth = 0;
  let values = 0;
  let isString = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (isString) {
      if (character === BACKSLASH) index += 1;
      else if (character === QUOTE) isString = false;
      continue;
    }
    switch (character) {
      case QUOTE:
        isString = true;
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth += 1;
        values += 1;
        if (depth > MAX_DEPTH) return false;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
    }
    if (values > MAX_VALUES) return false;
  }
  return true;
}
