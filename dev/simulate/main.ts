import { parseArgs } from 'node:util';
import { Simulation } from './simulation';
import { realSeconds } from './virtual-globals';

const HELP = `Usage: npm run simulate -- [options]

Simulates exports in virtual time, one for each seed. The real workflow and activities run on a simulated Temporal
server and simulated Google services, while workers die or freeze and requests fail. After each export, the guarantees
of docs/reliability.md are checked.

Options:
  --seeds N     Number of seeds. Default: 1000.
  --first F     First seed. Default: 1.
  --trace SEED  Print all events of one seed.
  --json        Print only one line of JSON.
  --help        Print this help.

Exit codes:
  0  All guarantees hold.
  1  A guarantee is violated, or the simulation failed.
`;

const DAY_MS = 86_400_000;

/** The options are invalid. */
class OptionsError extends Error {
  override readonly name = 'OptionsError';
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parsed(() =>
    parseArgs({ options: { seeds: text, first: text, trace: text, json: flag, help: flag } }),
  );
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const wholeNumber = (name: string, value: string): number => {
    if (!/^\d{1,9}$/.test(value)) throw new OptionsError(`--${name} must be a whole number, not ${value}`);
    return Number(value);
  };
  const first = wholeNumber('first', values.trace ?? values.first ?? '1');
  const seeds = values.trace === undefined ? wholeNumber('seeds', values.seeds ?? '1000') : 1;

  // The exit code if the event loop becomes empty before the simulation ends.
  process.exitCode = 1;
  const startedAt = realSeconds();
  const simulation = await Simulation.create();
  let violations = 0;
  let virtualMs = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const outcome = await simulation.run(seed);
    virtualMs += outcome.virtualMs;
    violations += outcome.violations.length;
    const lines = [
      ...(values.trace === undefined ? [] : outcome.trace),
      ...outcome.violations.map(({ invariant, what }) => `seed ${seed}: invariant ${invariant}: ${what}`),
    ];
    if (!values.json) for (const line of lines) process.stdout.write(`${line}\n`);
  }
  const virtualDays = Math.round((virtualMs / DAY_MS) * 10) / 10;
  const seconds = Math.round((realSeconds() - startedAt) * 10) / 10;
  process.stdout.write(`${JSON.stringify({ seeds, violations, virtualDays, seconds })}\n`);
  process.exitCode = violations > 0 ? 1 : 0;
}

main().catch((error: unknown) => {
  const isUsage = error instanceof OptionsError;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(isUsage ? `${error.message}\nSee --help.\n` : `${stack}\n`);
  process.exitCode = isUsage ? 2 : 1;
});
