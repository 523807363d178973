import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HELP, OptionsError, parseChaosOptions } from './options';
import { planChaos } from './plan';
import { isClean, runChaos } from './run';
import { ChaosStack } from './stack';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(): Promise<void> {
  const options = parseChaosOptions(process.argv.slice(2), Date.now() % 1_000_000);
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const { exports, seed, json } = options;
  say(`${exports} exports, seed ${seed}`);
  const plan = planChaos(seed, exports);
  const folder = await mkdtemp(path.join(tmpdir(), 'vertex-export-chaos-'));
  const stack = await ChaosStack.start(path.join(folder, 'temporal.db'), plan, say);
  try {
    const report = await runChaos(stack, plan, say);
    if (json) say(JSON.stringify(report));
    else for (const [name, value] of Object.entries(report)) say(`${name}: ${JSON.stringify(value)}`);
    if (!isClean(report)) process.exitCode = 1;
  } finally {
    await stack.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof OptionsError ? 2 : 1;
});
