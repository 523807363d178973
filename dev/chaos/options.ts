import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run chaos -- [options]

Runs exports and fleets on real services while everything goes wrong at random moments: worker processes and the
Temporal server are killed, frozen, replaced and left with few slots; calls fail, take effect late, or get wrong
answers; operations are listed late or not at all; exports are paused, reset, cancelled, terminated, and miss their
deadlines. When everything has ended, every export is compared with what really happened.

  --exports N   number of exports, from 1 to 5000; one in five belongs to a fleet. Default: 300
  --seed S      number from 0 to 4294967295; the same seed makes the same plan. Default: a new one, which is printed
  --json        print the report as one line of JSON at the end
  --help        print this text

Exit codes: 0 nothing was lost, started twice, left running or reported wrongly, and no budget was exceeded;
1 something was, or the run failed; 2 the options are wrong.
`;

export interface ChaosOptions {
  readonly exports: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Options that can't be used; the message has a line for each problem. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

const DEFAULT_EXPORTS = '300';
const MAX_EXPORTS = 5_000;
const MAX_SEED = 4_294_967_295;
const FLAGS = ['json', 'help'];
const NUMBERS = ['exports', 'seed'];

/**
 * Reads the arguments.
 *
 * @returns `help` where the help is asked for
 * @throws OptionsError that lists every problem
 */
export function parseChaosOptions(args: readonly string[], newSeed: number): ChaosOptions | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { tokens } = parseArgs({
    args: [...args],
    options: { exports: text, seed: text, json: flag, help: flag },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const problems: string[] = [];
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`${token.value}: is not an option`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (FLAGS.includes(name)) {
      if (value !== undefined) problems.push(`${rawName}: takes no value, not ${JSON.stringify(value)}`);
      values.set(name, '');
    } else if (!NUMBERS.includes(name)) problems.push(`${rawName}: is not an option`);
    else if (value === undefined) problems.push(`${rawName}: needs a number`);
    else values.set(name, value);
  }
  const number = (name: string, fallback: string, low: number, high: number): number => {
    const given = values.get(name) ?? fallback;
    const isValid = /^\d+$/.test(given) && Number(given) >= low && Number(given) <= high;
    if (!isValid)
      problems.push(`--${name}: must be a whole number from ${low} to ${high}, not ${JSON.stringify(given)}`);
    return Number(given);
  };
  const exports = number('exports', DEFAULT_EXPORTS, 1, MAX_EXPORTS);
  const seed = number('seed', String(newSeed), 0, MAX_SEED);
  if (problems.length > 0) throw new OptionsError(`${problems.join('\n')}\nSee --help.`);
  return values.has('help') ? 'help' : { exports, seed, json: values.has('json') };
}
