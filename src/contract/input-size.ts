import type { InputProblem } from './problems';
import { problem } from './problems';

/** The most that an input may consist of. */
export interface SizeLimits {
  /** Values of all kinds, objects and lists included. */
  readonly values: number;
  /** UTF-16 code units of all texts, field names included. */
  readonly characters: number;
  /** Objects and lists within each other. */
  readonly depth: number;
}

/** Fields of one object: far more than any that is known, and few enough to list them all at once. */
const MAX_FIELDS = 2_000;

/**
 * Why an input is too large to be checked against a schema; `undefined` where it is not. It stops counting at a limit,
 * so that no input costs much before it is refused.
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
      // A list as long as that is not walked to its end.
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

function tooLarge(what: string, advice: string): InputProblem {
  return problem('', `${what}: ${advice}`);
}
