import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run chaos -- [options]

Runs exports and fleets on real services and injects faults at random times. Worker processes and the Temporal server
are killed, frozen, replaced and limited to few slots. Calls fail, take effect late, or get wrong answers. Operations
are listed late or not at all. Exports are paused, reset, cancelled and terminated, and miss their deadlines. At the
end, the reported state of each export is compared with its actual state.

Options:
  --exports N   Number of exports, from 1 to 5000. One in five belongs to a fleet. Default: 300.
  --seed S      Number from 0 to 4294967295. The same seed creates the same plan. Default: a new seed, which is printed.
  --json        Print the report as one line of JSON.
  --help        Print this help.

Exit codes:
  0  No export was lost, started twice, left running or reported wrongly, and no budget was exceeded.
  1  At least one of these happened, or the run failed.
  2  The options are invalid.
`;

export interface ChaosOptions {
  readonly exports: number;
  readonly seed: number;
  readonly json: boolean;
}

/** Invalid options. The message has a line for each problem. */
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
 * @returns `help` if the arguments have `--help`
 * @throws OptionsError with all problems
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
    if (token.kind === 'positional') problems.push(`${token.value}: unknown argument`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (FLAGS.includes(name)) {
      if (value !== undefined) problems.push(`${rawName}: must not have a value, but has ${JSON.stringify(value)}`);
      values.set(name, '');
    } else if (!NUMBERS.includes(name)) problems.push(`${rawName}: unknown option`);
    else if (value === undefined) problems.push(`${rawName}: must have a number`);
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
