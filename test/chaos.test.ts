import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { suite, test } from 'node:test';
import { planChaos } from '../chaos/plan';
import { runChaos } from '../chaos/run';
import { ChaosStack } from '../chaos/stack';
import { temporaryFolder } from './support/models';

suite('chaos', () => {
  test('plans the same for the same seed, and something else for another one', () => {
    assert.deepEqual(planChaos(7, 50, 10), planChaos(7, 50, 10));
    assert.notDeepEqual(planChaos(7, 50, 10), planChaos(8, 50, 10));
  });

  test('loses nothing, starts nothing twice and leaves no operation behind', async () => {
    const plan = planChaos(11, 16, 4);
    assert.ok(
      plan.kills.some(({ victim }) => victim === 'server'),
      'the server is killed too',
    );
    assert.ok(
      plan.exports.some(({ intervention }) => intervention === 'cancel'),
      'exports are cancelled too',
    );
    const log: string[] = [];
    const databaseFile = path.join(temporaryFolder('vertex-export-chaos-'), 'temporal.db');
    const stack = await ChaosStack.start(databaseFile, plan.exports);
    try {
      const { lost, duplicates, orphanedOperations } = await runChaos(stack, plan, (line) => log.push(line));
      assert.deepEqual(
        { lost, duplicates, orphanedOperations },
        { lost: 0, duplicates: 0, orphanedOperations: 0 },
        log.join('\n'),
      );
    } finally {
      await stack.stop();
    }
  });

  test('refuses numbers that are none, all at once', () => {
    const args = [
      '--import',
      'tsx',
      path.join(__dirname, '..', 'chaos', 'main.ts'),
      '--exports',
      'many',
      '--kills',
      '1.5',
    ];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /--exports: must be a whole number, not "many"\n--kills: must be a whole number, not "1\.5"/);
  });
});
