import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import { EVENTS, FLEET_INTERVENTIONS, INTERVENTIONS, planChaos } from '../../dev/chaos/plan';
import { isClean, runChaos } from '../../dev/chaos/run';
import { ChaosStack } from '../../dev/chaos/stack';
import { temporaryFolder } from '../support/models';

const MAIN = path.join(__dirname, '..', '..', 'dev', 'chaos', 'main.ts');

function runMain(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', MAIN, ...args], { encoding: 'utf8' });
}

suite('the plan of a chaos run', () => {
  test('is the same for the same seed, and different for another seed', () => {
    assert.deepEqual(planChaos(7, 50), planChaos(7, 50));
    assert.notDeepEqual(planChaos(7, 50), planChaos(8, 50));
  });

  test('has every export once, in a fleet or as a single export', () => {
    for (const exports of [1, 2, 5, 16, 60, 300, 301]) {
      const { singles, fleets } = planChaos(3, exports);
      const inFleets = fleets.reduce((sum, fleet) => sum + fleet.exports.length, 0);
      assert.equal(singles.length + inFleets, exports);
      assert.ok(fleets.every((fleet) => fleet.exports.length > 0));
    }
  });

  test('contains every kind of event, and every intervention if it has the default size', () => {
    const kinds = new Set(planChaos(5, 12).events.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), [...EVENTS].sort());
    const { singles, fleets } = planChaos(5, 300);
    const drawn = new Set([...singles, ...fleets].flatMap(({ intervention }) => intervention ?? []));
    assert.deepEqual([...drawn].sort(), [...INTERVENTIONS, ...FLEET_INTERVENTIONS].sort());
  });
});

suite('the chaos command', () => {
  test('loses no export, starts none twice, leaves no operation behind and reports its outcome', async () => {
    const plan = planChaos(11, 15);
    const log: string[] = [];
    const say = (line: string): void => {
      log.push(line);
    };
    const databaseFile = path.join(temporaryFolder('vertex-export-chaos-'), 'temporal.db');
    const stack = await ChaosStack.start(databaseFile, plan, say);
    try {
      const report = await runChaos(stack, plan, say);
      assert.ok(isClean(report), [...log, JSON.stringify(report)].join('\n'));
      assert.equal(report.exports, 15);
      assert.equal(report.succeeded + report.cancelled + report.failed, 15);
      for (const kind of EVENTS) assert.ok((report.events[kind] ?? 0) > 0, `${kind} happened`);
    } finally {
      await stack.stop();
    }
  });

  test('rejects all invalid options at once with exit code 2', () => {
    const { status, stderr } = runMain('--exports', 'many', '--seed=-1', '--kills', '3', '--json=yes', 'more');
    assert.equal(status, 2);
    assert.deepEqual(stderr.trimEnd().split('\n').sort(), [
      '--exports: must be a whole number from 1 to 5000, not "many"',
      '--json: must not have a value, but has "yes"',
      '--kills: unknown option',
      '--seed: must be a whole number from 0 to 4294967295, not "-1"',
      '3: unknown argument',
      'See --help.',
      'more: unknown argument',
    ]);
  });

  test('describes its options', () => {
    const { status, stdout } = runMain('--help');
    assert.equal(status, 0);
    for (const option of ['--exports', '--seed', '--json']) assert.ok(stdout.includes(option));
  });
});
