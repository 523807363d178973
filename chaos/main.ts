import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { planChaos } from './plan';
import { runChaos } from './run';
import { ChaosStack } from './stack';

const HELP = `Usage: npm run chaos -- [options]

Exports while workers and the Temporal server are killed with SIGKILL, 5 % of all calls fail, and single exports are
paused, reset and cancelled. Exits with 1 unless nothing was lost, nothing started twice and no operation left behind.

  --exports N   default 200
  --kills K     default 25
  --seed S      default: a new one, which is printed; the same seed makes the same plan
  --json        end with one line of JSON
  --help
`;

function wholeNumber(name: string, text: string, problems: string[]): number {
  if (!/^\d+$/.test(text)) problems.push(`--${name}: must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const { values } = parseArgs({ options: { exports: text, kills: text, seed: text, json: flag, help: flag } });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const problems: string[] = [];
  const exports = wholeNumber('exports', values.exports ?? '200', problems);
  const kills = wholeNumber('kills', values.kills ?? '25', problems);
  const seed = wholeNumber('seed', values.seed ?? String(Date.now() % 1_000_000), problems);
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\nSee --help.`);

  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  say(`${exports} exports, ${kills} kills, seed ${seed}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'vertex-export-chaos-'));
  const plan = planChaos(seed, exports, kills);
  const stack = await ChaosStack.start(path.join(folder, 'temporal.db'), plan.exports);
  try {
    const report = await runChaos(stack, plan, say);
    if (values.json) say(JSON.stringify(report));
    const clean = report.lost === 0 && report.duplicates === 0 && report.orphanedOperations === 0;
    if (!clean) process.exitCode = 1;
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
