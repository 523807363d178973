import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { checkDocstrings } from '../../../../dev/scripts/checks/docstrings';
import { places, plantedTree } from '../../../support/planted-tree';

suite('npm run check:docstrings', () => {
  test('refuses a symbol of a public entry without a docstring, at its declaration', () => {
    const root = plantedTree({
      'package.json': JSON.stringify({
        exports: {
          '.': { types: './lib/src/index.d.ts' },
          './workflow': { types: './lib/src/workflows/index.d.ts' },
          './package.json': './package.json',
        },
      }),
      'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'node20', types: [] } }),
      'src/index.ts': `export { documented } from './inner';\nexport type { Undocumented } from './inner';\n`,
      'src/inner.ts': `
/** The answer. */
export const documented = 42;

// A comment, but not a docstring.
export interface Undocumented {
  readonly name: string;
}
export const notPublic = 1;
`,
      'src/workflows/index.ts': 'export function undocumented(): void {}\n',
    });
    const findings = checkDocstrings(root);
    assert.deepEqual(places(findings), ['src/inner.ts:6', 'src/workflows/index.ts:1']);
    assert.match(findings[0]?.message ?? '', /^Undocumented is exported by "\." and has no docstring/);
  });
});
