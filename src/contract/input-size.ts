import type { InputProblem } from './problems';
import { problem } from './problems';

/** Maximum size of an input. */
export interface SizeLimits {
  /** Number of values, including objects and lists. */
  readonly values: number;
  /** UTF-16 code units of all texts, including field names. */
  readonly characters: number;
  /** Nesting depth of objects and lists. */
  readonly depth: number;
}

/** Maximum number of fields of one object. It is far above the number of known fields. */
const MAX_FIELDS = 2_000;

/**
 * The problem of an input that is too large to be checked by a schema; undefined if it is not too large. Counting stops
 * at a limit, so that an oversized input is rejected at low cost.
 */
export function sizeProblem(input: unknown, limits: SizeLimits, advice: string): InputProblem | undefined {
  let values = 0;
  let characters = 0;
  const open: (readonly [value: unknown, depth: number])[] = [[input, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [value, depth] = next;
    values += 1;
    if (typeof value === 'string') characters += value.length;
    else if (typeof value === 'object' && value !== null) {
      if (depth >= limits.depth) return tooLarge(`has more than ${limits.depth} levels`, advice);
      const isList = Array.isArray(value);
      // A longer list is not walked.
      if (isList && value.length > limits.values) return tooLarge(`has more than ${limits.values} values`, advice);
      let fields = 0;
      for (const key in value) {
        if (!Object.hasOwn(value, key)) continue;
        fields += 1;
        if (!isList && fields > MAX_FIELDS) return tooLarge(`has an object of more than ${MAX_FIELDS} fields`, advice);
        if (!isList) characters += key.length;
        open.push([(value as Readonly<Record<string, unknown>>)[key], depth + 1]);
        if (values + open.length > limits.values) return tooLarge(`has more than ${limits.values} values`, advice);
      }
    }
    if (characters > limits.characters) return tooLarge(`has more than ${limits.characters} characters`, advice);
  }
  return undefined;
}

function tooLarge(size: string, advice: string): InputProblem {
  return problem('', `${size}: ${advice}`);
}
