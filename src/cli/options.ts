import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { nearest } from '../internal/nearest';
import { UsageError } from './command-error';

/** An accepted option of a command. The keys of a table of options are their names without `--`. */
interface CommandOption<S extends z.ZodType> {
  /** Whether the option has a value. A repeated `list` option has several. */
  readonly type: 'flag' | 'value' | 'list';
  /** Checks the value: `true`, a text, or a list of texts. */
  readonly schema: S;
}

/** An option without a value. It is `true` if it is given. Default `false`. */
export const flag = (): CommandOption<z.ZodDefault<z.ZodBoolean>> => ({
  type: 'flag',
  schema: z.boolean().default(false),
});

/** An option with one value. */
export const value = <S extends z.ZodType>(schema: S): CommandOption<S> => ({ type: 'value', schema });

/** An option that can be repeated. */
export const list = <S extends z.ZodType>(schema: S): CommandOption<S> => ({ type: 'list', schema });

/** The number of a TCP port. */
export function portNumber(lowest: 0 | 1): z.ZodType<number, string> {
  const message = `must be a number from ${lowest} to 65535`;
  return z
    .string()
    .regex(/^\d{1,5}$/, message)
    .transform(Number)
    .refine((port) => port >= lowest && port <= 65_535, message);
}

/** The arguments of a command that takes only options. */
export const noArguments = (command: string): z.ZodType<string[]> =>
  z.array(z.string()).max(0, `${command} takes no arguments, only options.`);

type Schemas<O extends Record<string, CommandOption<z.ZodType>>> = { [Name in keyof O]: O[Name]['schema'] };

/** The checked options of a command. */
export type ParsedOptions<O extends Record<string, CommandOption<z.ZodType>>> = z.output<z.ZodObject<Schemas<O>>>;

interface Parsed<O extends Record<string, CommandOption<z.ZodType>>, A extends z.ZodType> {
  readonly options: ParsedOptions<O>;
  readonly positionals: z.output<A>;
}

/**
 * Parses the arguments of a command.
 *
 * @param positionals schema of the list of arguments that are not options
 * @throws UsageError with every problem; `parseArgs` of Node.js alone stops at the first one
 */
export function parseArguments<O extends Record<string, CommandOption<z.ZodType>>, A extends z.ZodType>(
  args: readonly string[],
  options: O,
  positionals: A,
): Parsed<O, A> {
  const config: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { type }] of Object.entries(options)) {
    config[name] = { type: type === 'flag' ? 'boolean' : 'string', multiple: type === 'list' };
  }
  const parsed = parseArgs({ args: [...args], options: config, strict: false, allowPositionals: true, tokens: true });
  const misused = parsed.tokens.flatMap((token) => (token.kind === 'option' ? problemsOf(token, options) : []));
  const schemas = Object.fromEntries(Object.entries(options).map(([name, { schema }]) => [name, schema]));
  const checkedOptions = z.object(schemas as Schemas<O>).safeParse(parsed.values);
  const checkedPositionals = positionals.safeParse(parsed.positionals);
  const invalid = checkedOptions.error?.issues.map(({ path, message }) => `--${String(path[0])}: ${message}`) ?? [];
  const wrong = checkedPositionals.error?.issues.map(({ message }) => message) ?? [];
  if (misused.length > 0 || !checkedOptions.success || !checkedPositionals.success) {
    // An option without its value is reported once.
    const reported = new Set(misused.map(([name]) => name));
    const others = invalid.filter((problem) => !reported.has(problem.slice(2, problem.indexOf(':'))));
    throw new UsageError([...misused.map(([, problem]) => problem), ...others, ...wrong]);
  }
  return { options: checkedOptions.data, positionals: checkedPositionals.data };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

/** How an option is used wrongly: its name and the problem. */
function problemsOf(
  { name, rawName, value: text, inlineValue }: OptionToken,
  options: Readonly<Record<string, CommandOption<z.ZodType>>>,
): [name: string, problem: string][] {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    const meant = nearest(name, Object.keys(options));
    return [[name, `${rawName}: is not an option${meant === undefined ? '' : `; did you mean --${meant}?`}`]];
  }
  if (option.type === 'flag') return text === undefined ? [] : [[name, `${rawName}: takes no value`]];
  // The parser takes a following option as the value. A value that begins with a hyphen is given as --name=-value.
  const hasValue = text !== undefined && (inlineValue === true || !text.startsWith('-'));
  return hasValue ? [] : [[name, `${rawName}: needs a value`]];
}
