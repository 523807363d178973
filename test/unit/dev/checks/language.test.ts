import assert from 'node:assert/strict';
import { before, suite, test } from 'node:test';
import { checkFileNames } from '../../../../dev/scripts/checks/file-names';
import { checkLanguage, DIALECT } from '../../../../dev/scripts/checks/language/language';
import type { Finding } from '../../../../dev/scripts/checks/finding';
import { places, plantedTree } from '../../../support/planted-tree';

const EXAMPLES = DIALECT.filter(({ text }) => text !== undefined).map(({ example }) => example);

// The examples are taken from the list: written here, they would be findings themselves.
const [PHRASE = ''] = EXAMPLES;
const [WORD = ''] = PHRASE.split(' ');
const BROKEN = EXAMPLES.find((example) => example.includes('what became')) ?? '';

const PLAIN = `/** Returns the roles of the run. There is no longer a file, so long as it exists. */
export const lookup = { return: 'The model is not a file. There are so many that they are listed in pages.' };
`;

const [FIELD = ''] = DIALECT.flatMap(({ fields = [] }) => fields);

const FIELDS = `export interface Request { readonly ${FIELD}: string }
export const request: Request = { ${FIELD}: '' };
export const ${FIELD} = '';
`;

const SOURCE = `// ${PHRASE}
export const text = '${PHRASE}';
export const template = \`\${text}
  ${PHRASE}\`;
export function ${WORD.toLowerCase()}Input(): void {
  /*
   * ${BROKEN.replace(' became ', '\n   * became ')}
   */
}
`;

suite('npm run check:language', () => {
  let findings: readonly Finding[];

  before(() => {
    const root = plantedTree({
      'docs/page.md': `# A page\n\n${EXAMPLES.join('\n\n')}\n`,
      'README.md': 'The export continues. So long as it runs, the file is not read.\n',
      'src/source.ts': SOURCE,
      'src/fields.ts': FIELDS,
      'test/plain.ts': PLAIN,
    });
    findings = checkLanguage(root);
  });

  test('refuses the example of every row in a page, and names the plain words', () => {
    const lines = new Set(findings.filter(({ file }) => file === 'docs/page.md').map(({ line }) => line));
    const missed = EXAMPLES.filter((_example, index) => !lines.has(3 + 2 * index));
    assert.deepEqual(missed, []);
    assert.match(findings.find(({ line, file }) => file === 'docs/page.md' && line === 3)?.message ?? '', /write fix/);
  });

  test('refuses phrases in comments, literals and names of a source file, even across lines', () => {
    const found = places(findings.filter(({ file }) => file === 'src/source.ts'));
    const lines = [1, 2, 4, 5, 7];
    assert.deepEqual(
      [...new Set(found)],
      lines.map((line) => `src/source.ts:${line}`),
    );
  });

  test('accepts a listed field that crosses a boundary, but refuses other names with its word', () => {
    assert.deepEqual(places(findings.filter(({ file }) => file === 'src/fields.ts')), ['src/fields.ts:3']);
  });

  test('accepts plain words', () => {
    assert.deepEqual(
      findings.filter(({ file }) => file === 'README.md' || file === 'test/plain.ts'),
      [],
    );
  });
});

suite('npm run check:file-names', () => {
  test('refuses names that do not describe the contents of a file or folder', () => {
    const refused = ['src/a/utils.ts', 'src/common/b.ts', 'dev/misc.ts', 'test/string-helpers.test.ts'];
    const accepted = ['src/common-parts.ts', 'src/miscellany/a.ts'];
    const root = plantedTree(Object.fromEntries([...refused, ...accepted].map((file) => [file, ''])));
    assert.deepEqual(places(checkFileNames(root)), refused.map((file) => `${file}:1`).sort());
  });
});
