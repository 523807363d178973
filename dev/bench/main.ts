import { parseArgs } from 'node:util';
import type { Benchmark } from './benchmark';
import { coldstart } from './coldstart';
import { fleet } from './fleet';
import { overhead } from './overhead';
import { pauses } from './pauses';
import { recovery } from './recovery';
import { single } from './single';
import { verify } from './verify';

// prettier-ignore
const BENCHMARKS: Readonly<Record<string, Benchmark>> = { coldstart, fleet, overhead, pauses, recovery, single, verify };

const HELP = `Usage: npm run bench -- NAME [--json]

Measures the package on real local services and prints the figures.

Options:
  --json  Print the figures as one line of JSON.
  --help  Print this help.

Benchmarks:

${Object.entries(BENCHMARKS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const [name = '', ...more] = positionals;
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined || more.length > 0) {
    throw new Error(`The name of one benchmark is required: ${Object.keys(BENCHMARKS).join(', ')}. See --help.`);
  }
  const figures = await benchmark.run((line) => process.stderr.write(`${line}\n`));
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else
    for (const [figure, value] of Object.entries(figures))
      process.stdout.write(`${figure}  ${JSON.stringify(value)}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
