import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { checkWalls } from '../../../../dev/scripts/checks/walls';
import type { Finding } from '../../../../dev/scripts/checks/finding';
import { plantedTree } from '../../../support/planted-tree';

/** Files with one import across a wall each, on their second line, and the wall's name. */
const CROSSINGS: readonly [file: string, specifier: string, wall: string][] = [
  ['src/workflows/export/a.ts', '../../google/empty', 'workflows'],
  ['src/workflows/export/b.ts', 'node:fs', 'workflows'],
  ['src/workflows/export/c.ts', '@temporalio/client', 'workflows'],
  ['src/contract/a.ts', '../client/empty', 'contract'],
  ['src/contract/b.ts', '@temporalio/worker', 'contract'],
  ['src/verification/a.ts', '../contract/empty', 'verification'],
  ['src/verification/b.ts', 'google-auth-library', 'verification-packages'],
  ['src/client/b.ts', '../verification', 'verification-entry-users'],
  ['src/internal/a.ts', '../google/empty', 'internal'],
  ['src/google/a.ts', '../polling/empty', 'google'],
  ['src/google/b.ts', '../activities/empty', 'google'],
  ['src/client/a.ts', '../activities/empty', 'client'],
  ['src/manifest/a.ts', '../polling/empty', 'client'],
  ['src/worker/a.ts', '../../emulator/empty', 'emulator-users'],
  ['emulator/a.ts', '../src/internal/empty', 'emulator'],
  ['emulator/b.ts', '@temporalio/client', 'emulator'],
  ['src/cli/a.ts', '../../dev/empty', 'maintainers-only'],
  ['examples/a.ts', '../test/empty', 'maintainers-only'],
];

const ROOMS = ['workflows', 'contract', 'verification', 'internal', 'google', 'polling', 'activities', 'client'];
const EMPTY = [...ROOMS.map((room) => `src/${room}`), 'emulator', 'dev', 'test'].map((folder) => `${folder}/empty.ts`);
const PACKAGES = ['@temporalio/client', '@temporalio/worker', '@temporalio/workflow', 'google-auth-library', 'zod'];

const ALLOWED: Readonly<Record<string, string>> = {
  'src/workflows/allowed.ts': `import type { x } from 'zod';\nimport { y } from '../contract/empty';\nimport '@temporalio/workflow';`,
  'src/contract/allowed.ts': `import { z } from 'zod';\nimport { y } from '../verification/inspected';`,
  'src/verification/inspected.ts': `import { z } from 'zod';\nimport { y } from '../internal/empty';`,
  'src/testing/allowed.ts': `import { y } from '../../emulator/empty';`,
  'src/activities/allowed.ts': `import { y } from '../polling/empty';`,
};

suite('npm run check:walls', () => {
  let findings: readonly Finding[];

  before(async () => {
    const root = plantedTree({
      ...Object.fromEntries(EMPTY.map((file) => [file, 'export interface Empty {}'])),
      ...Object.fromEntries(
        PACKAGES.flatMap((name) => [
          [`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' })],
          [`node_modules/${name}/index.js`, ''],
        ]),
      ),
      'package.json': JSON.stringify({ dependencies: Object.fromEntries(PACKAGES.map((name) => [name, '1'])) }),
      ...Object.fromEntries(CROSSINGS.map(([file, from]) => [file, `// One.\nimport type { x } from '${from}';`])),
      ...ALLOWED,
      'src/verification/index.ts': `import '../google/empty';\nimport '../google/directory-source';`,
      'src/google/directory-source.ts': `import type { x } from '@temporalio/client';`,
      'src/workflows/value.ts': `import { z } from 'zod';`,
      'src/polling/one.ts': `// One.\nimport type { Two } from './two';\nexport interface One { two: Two }`,
      'src/polling/two.ts': `import type { One } from './one';\nexport interface Two { one: One }`,
    });
    findings = await checkWalls(root);
  });

  for (const [file, specifier, wall] of CROSSINGS) {
    test(`refuses a type-only import of ${specifier} in ${file}`, () => {
      const found = findings.filter((finding) => finding.file === file);
      assert.deepEqual(
        found.map(({ line, message }) => [line, /\[(.*)\]$/.exec(message)?.[1]]),
        [[2, wall]],
      );
    });
  }

  test('refuses other imports in the entry of verification/, and the Temporal SDK behind an allowed one', () => {
    const found = findings.filter(({ file }) => file === 'src/verification/index.ts');
    assert.deepEqual(found.map(({ message }) => /^imports (\S+)\. .*\[(.*)\]$/.exec(message)?.slice(1)).sort(), [
      ['node_modules/@temporalio/client/index.js', 'verification-without-temporal'],
      ['src/google/empty.ts', 'verification-entry'],
    ]);
  });

  test('refuses a value of zod in workflow code', () => {
    assert.deepEqual(
      findings.filter(({ file }) => file === 'src/workflows/value.ts').map(({ line }) => line),
      [1],
    );
  });

  test('refuses a circle of type-only imports', () => {
    const circle = findings.find(({ message }) => message.includes('[no-circle]'));
    assert.match(circle?.message ?? '', /src\/polling\/one\.ts → src\/polling\/two\.ts → src\/polling\/one\.ts/);
    assert.equal(circle?.line, 2);
  });

  test('accepts the imports that the walls allow', () => {
    assert.deepEqual(
      findings.filter(({ file }) => file in ALLOWED),
      [],
    );
  });
});
