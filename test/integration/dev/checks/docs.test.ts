import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { before, suite, test } from 'node:test';
import { checkDocs } from '../../../../dev/scripts/checks/docs/docs';
import type { Finding } from '../../../../dev/scripts/checks/finding';
import { places, plantedTree } from '../../../support/planted-tree';

const fence = (language: string, ...lines: string[]): string => ['```' + language, ...lines, '```', ''].join('\n');

const README = `# A page

## Options & *limits*
## Options & limits

[A file](docs/guide.md), [a folder](docs), [the web](https://example.com/#no), ![a picture](docs/a.png),
[an anchor](#options--limits), [its twin](#options--limits-1), [elsewhere](docs/guide.md#a-guide), [id](#here)
<a id="here"></a>

[Gone](docs/gone.md)
[No anchor](#limits)
[No anchor there](docs/guide.md#no-guide)
<img src="docs/gone.png">

[Reference][gone]

[gone]: gone.txt
`;

const COMPILES = `${fence('ts', '// value.ts', `import { given } from 'planted-package';`, 'export const value: number = given;')}
<!-- file: uses-value.ts -->
${fence('ts', `import { value } from './value.js';`)}
<!-- continues -->
${fence('ts', 'export const twice = value * 2;')}`;

const FAILS = `${fence('ts', `import { given } from 'planted-package';`, 'export const text: string = given;')}
${fence('ts', 'await Promise.resolve();')}
${fence('ts', 'export const one = 1;')}
<!-- continues -->
${fence('ts', 'export const two: string = one;')}`;

const COMMANDS = `${fence('sh', 'npm ci && npm run build', 'npm run gone -- --json', 'npm install planted-package')}
${fence('sh', 'npx planted-package verify gs://b', 'npx planted-package gone', 'A=b npm run gone')}
Run \`npm run gone\` or \`npm run build\`.
`;

suite('npm run check:docs', () => {
  let findings: readonly Finding[];
  const found = (file: string): string[] => places(findings.filter((finding) => finding.file === file));

  before(() => {
    const root = plantedTree({
      'package.json': JSON.stringify({
        name: 'planted-package',
        main: 'index.js',
        types: 'index.d.ts',
        scripts: { build: 'tsc' },
        bin: { 'planted-package': 'program.js' },
      }),
      'program.js': `process.exitCode = process.argv[2] === 'verify' ? 0 : 2;`,
      'index.d.ts': 'export declare const given: number;',
      'README.md': README,
      'docs/guide.md': '# A `guide`\n\n[Back](../README.md#a-page)\n',
      'docs/a.png': '',
      'compiles.md': COMPILES,
      'fails.md': FAILS,
      'commands.md': COMMANDS,
    });
    symlinkSync(path.join(__dirname, '../../../../node_modules'), path.join(root, 'node_modules'));
    findings = checkDocs(root);
  });

  test('refuses links to missing files and anchors, at their lines', () => {
    const lines = [10, 11, 12, 13, 17];
    assert.deepEqual(
      found('README.md'),
      lines.map((line) => `README.md:${line}`),
    );
  });

  test('accepts links that work on GitHub', () => {
    assert.deepEqual(found('docs/guide.md'), []);
  });

  test('accepts code blocks that compile, including named and continued ones', () => {
    assert.deepEqual(
      findings.filter(({ file }) => file === 'compiles.md'),
      [],
    );
  });

  test('refuses a code block that does not compile, or compiles only as an ES module, at its line', () => {
    const lines = [16, 3, 7];
    assert.deepEqual(
      found('fails.md'),
      lines.map((line) => `fails.md:${line}`),
    );
  });

  test('refuses npm scripts and subcommands that do not exist', () => {
    const lines = [10, 13, 3, 9];
    assert.deepEqual(
      found('commands.md'),
      lines.map((line) => `commands.md:${line}`),
    );
  });
});
