import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { IFlattenedRuleSet, IViolation } from 'dependency-cruiser';
import { lineAt, type Finding } from './finding';
import { filesBelow } from './tree';

type Rule = NonNullable<IFlattenedRuleSet['forbidden']>[number];

/** A folder of the source tree, and the only files and packages that it may import. */
function mayImport(name: string, from: string, to: readonly string[], comment: string): Rule {
  return { name, severity: 'error', comment, from: { path: from }, to: { pathNot: [from, ...to] } };
}

function mustNotImport(name: string, from: string, to: readonly string[], comment: string): Rule {
  return { name, severity: 'error', comment, from: { path: from }, to: { path: [...to] } };
}

const npm = (...names: string[]): string => `^node_modules/(${names.join('|')})/`;
const NODE_MODULES = '^node_modules/';

// dependency-cruiser reports Node's modules by their bare names.
const NODE_ITSELF = '^(node:)?[a-z_]+$|^fs/promises$|^timers/promises$';

const INSPECTED = '^src/verification/inspected\\.ts$';
/** What users import as `temporal-vertex-export/verification`. */
const VERIFICATION_ENTRY = '^src/verification/index\\.ts$';
/** Pure functions on text, which workflow code can use, too. */
const TEXT = '^src/internal/text\\.ts$';

/** Which parts of the tree may import which. A type-only import counts as an import. */
const WALLS: readonly Rule[] = [
  {
    name: 'no-circle',
    severity: 'error',
    comment: 'Files must not import each other in a circle, type-only imports included.',
    from: {},
    to: { circular: true },
  },
  mayImport(
    'workflows',
    '^src/workflows/',
    ['^src/contract/', INSPECTED, TEXT, npm('@temporalio/(workflow|common)', 'zod')],
    'Workflow code runs in the sandbox: it imports only contract/, internal/text, @temporalio/workflow and @temporalio/common.',
  ),
  {
    name: 'workflows-types',
    severity: 'error',
    comment: 'Workflow code may import only types from zod and from verification/inspected.',
    from: { path: '^src/workflows/' },
    to: { path: [npm('zod'), INSPECTED], dependencyTypesNot: ['type-only'] },
  },
  mayImport(
    'contract',
    '^src/contract/',
    [INSPECTED, TEXT, npm('zod', '@temporalio/common'), '^crypto$'],
    'contract/ imports only itself, verification/inspected, internal/text, zod, @temporalio/common and node:crypto.',
  ),
  {
    name: 'verification',
    severity: 'error',
    comment: 'verification/ imports only itself and internal/; its entry also offers the files of Cloud Storage.',
    from: { path: '^src/verification/', pathNot: VERIFICATION_ENTRY },
    to: { pathNot: ['^src/(verification|internal)/', NODE_MODULES, NODE_ITSELF] },
  },
  mayImport(
    'verification-entry',
    VERIFICATION_ENTRY,
    ['^src/verification/', '^src/google/(credentials|directory-source)\\.ts$'],
    'The entry of verification/ imports only verification/ and the source of files in google/.',
  ),
  mustNotImport(
    'verification-entry-users',
    '^src/',
    [VERIFICATION_ENTRY],
    'The entry of verification/ is for users of the package: src/ imports the file that has the name.',
  ),
  mustNotImport(
    'verification-packages',
    '^src/verification/',
    [npm('@temporalio/[^/]+', 'google-auth-library')],
    'verification/ works without Temporal and without Google Cloud credentials.',
  ),
  {
    name: 'verification-without-temporal',
    severity: 'error',
    comment: 'What the entry of verification/ loads must not load the Temporal SDK: users may not have installed it.',
    from: { path: VERIFICATION_ENTRY },
    to: { path: npm('@temporalio/[^/]+'), reachable: true },
  },
  mayImport(
    'internal',
    '^src/internal/',
    [NODE_MODULES, NODE_ITSELF],
    'internal/ imports nothing else of src/: every part of src/ may import it.',
  ),
  mustNotImport(
    'google',
    '^src/google/',
    ['^src/(polling|activities)/'],
    'google/ must not import polling/ or activities/: they are built on it.',
  ),
  mustNotImport(
    'client',
    '^src/(client|manifest)/',
    ['^src/(activities|polling)/'],
    'client/ and manifest/ must not import activities/ or polling/: those run in a worker.',
  ),
  mustNotImport(
    'emulator',
    '^emulator/',
    ['^src/', npm('@temporalio/[^/]+')],
    'The emulator must not import anything of src/ or of the Temporal SDK.',
  ),
  {
    name: 'emulator-users',
    severity: 'error',
    comment: 'Of src/, only testing/ and cli/ may import the emulator.',
    from: { path: '^src/', pathNot: '^src/(testing|cli)/' },
    to: { path: '^emulator/' },
  },
  mustNotImport(
    'maintainers-only',
    '^(src|emulator|examples)/',
    ['^(dev|test)/'],
    'src/, emulator/ and examples/ must not import dev/ or test/, which are not in the package.',
  ),
];

const FOLDERS = ['src', 'emulator', 'examples', 'dev', 'test'];

/** Finds imports that cross a wall, and circles of imports. */
export async function checkWalls(root: string): Promise<Finding[]> {
  const { cruise } = await import('dependency-cruiser');
  const folders = FOLDERS.filter((folder) => filesBelow(root, folder, ['.ts']).length > 0);
  const { output } = await cruise(folders, {
    baseDir: root,
    validate: true,
    ruleSet: { forbidden: [...WALLS] },
    tsPreCompilationDeps: true,
    doNotFollow: { path: NODE_MODULES },
    exclude: { path: '^lib/' },
  });
  if (typeof output === 'string') throw new Error(`dependency-cruiser returned a report: ${output}`);
  return output.summary.violations.map((violation) => finding(root, violation)).filter(isFirst);
}

function finding(root: string, { rule, from, to, cycle, unresolvedTo }: IViolation): Finding {
  const wall = WALLS.find(({ name }) => name === rule.name);
  const imported = cycle === undefined ? to : [from, ...cycle.map(({ name }) => name)].join(' → ');
  const message = `imports ${imported}. ${wall?.comment ?? rule.name} [${rule.name}]`;
  return { file: from, line: lineOfImport(root, from, cycle?.[0]?.name ?? to, unresolvedTo), message };
}

/** dependency-cruiser reports no lines, so the import is found by its specifier. */
function lineOfImport(root: string, from: string, to: string, specifier?: string): number {
  const text = readFileSync(path.join(root, from), 'utf8');
  const relative = path.posix.relative(path.posix.dirname(from), to).replace(/(\/index)?\.tsx?$/, '');
  const named = [specifier, relative, `./${relative}`, to, `node:${to}`, path.posix.basename(relative)];
  for (const name of named) {
    const at = name === undefined ? -1 : text.search(new RegExp(`['"/]${escaped(name)}['"]`));
    if (at !== -1) return lineAt(text, at);
  }
  return 1;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function isFirst(one: Finding, index: number, all: readonly Finding[]): boolean {
  return all.findIndex(({ file, message }) => file === one.file && message === one.message) === index;
}
