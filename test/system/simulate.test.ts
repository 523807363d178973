import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Simulation } from '../../dev/simulate/simulation';

/** Seeds that once revealed a fault, with a description of it. */
const FORMER_FAULTS: readonly (readonly [seed: number, title: string])[] = [
  [81, 'the failure of the deadline names the failure of the attempt before the one that timed out'],
  [623, 'a run that was cancelled and then reset exports again'],
  [4853, 'a reset run exports again when it cancelled the operation that would have arrived whole'],
  [5066, 'an operation that a slow request starts after its workflow has ended is cancelled'],
  [8648, 'an activity that is reset while its first attempt starts an operation starts no second one'],
  [8772, 'a cancel after a reset to the first step ends the operation of the run before'],
  [20455, 'a process that stops between receiving a start and running it starts nothing for an ended workflow'],
  [92, 'a failure does not claim that no operation was started if an earlier attempt started one'],
];

suite('simulated exports', () => {
  test('keep every guarantee with 200 seeds of deaths, freezes, resets, cancels and failing requests', async () => {
    const simulation = await Simulation.create();
    for (let seed = 1; seed <= 200; seed += 1) {
      const { violations } = await simulation.run(seed);
      assert.deepEqual(violations, [], `seed ${seed}: npx tsx dev/simulate/main.ts --trace ${seed}`);
    }
  });

  test('behave identically with the same seed, even in a process that has simulated other seeds', async () => {
    const first = await Simulation.create();
    for (const seed of [3, 14, 92]) {
      const once = await first.run(seed);
      await first.run(seed + 1);
      assert.deepEqual((await first.run(seed)).trace, once.trace);
      assert.deepEqual((await (await Simulation.create()).run(seed)).trace, once.trace);
    }
  });

  for (const [seed, title] of FORMER_FAULTS) {
    test(`show that ${title} (seed ${seed})`, async () => {
      assert.deepEqual((await (await Simulation.create()).run(seed)).violations, []);
    });
  }
});
