import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import type { Finding } from '../finding';
import { packageOf } from './package';
import { lineOf, type MarkdownFile, type Node } from './markdown';

/** One or more code blocks of a page, as one file of a project that a reader makes. */
export interface CodeFile {
  readonly markdown: string;
  /** Path in the project of its page. */
  name: string;
  text: string;
  /** For each line of `text`, its line in the Markdown file. */
  readonly lines: number[];
}

const OPTIONS: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.Node20,
  moduleDetection: ts.ModuleDetectionKind.Force,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ['node'],
};

const MODULES = ['commonjs', 'module'] as const;

/**
 * Compiles every `ts` block of the pages against the built package, as CommonJS and as an ES module.
 *
 * A block is a file. Its first line may name it (`// worker.ts`), or a comment before it does
 * (`<!-- file: worker.ts -->`); blocks of one page import each other by these names. After `<!-- continues -->`, a
 * block continues the one before it.
 */
export function checkCodeBlocks(root: string, files: readonly MarkdownFile[]): Finding[] {
  const sources = files.flatMap((file) => codeFiles(file));
  if (sources.length === 0) return [];
  const project = mkdtempSync(path.join(tmpdir(), 'vertex-export-docs-'));
  try {
    linkModules(root, path.join(project, 'node_modules'));
    const written = new Map(MODULES.flatMap((type) => writeProject(path.join(project, type), type, sources)));
    const program = ts.createProgram([...written.keys()], { ...OPTIONS, typeRoots: typeRoots(project) });
    return distinct(ts.getPreEmitDiagnostics(program).map((diagnostic) => findingOf(diagnostic, written)));
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

/** The code of a page in the order of the text, as files. */
export function codeFiles({ file, nodes }: MarkdownFile, languages = /^(ts|typescript)$/): CodeFile[] {
  const sources: CodeFile[] = [];
  nodes.forEach((node, index) => {
    if (node.type !== 'code' || !languages.test(node.lang ?? '')) return;
    const comment = commentBefore(nodes, index);
    const lines = node.value.split('\n').map((_line, at) => lineOf(node) + 1 + at);
    const last = sources.at(-1);
    if (comment === 'continues' && last !== undefined) {
      last.text += `\n${node.value}`;
      last.lines.push(...lines);
      return;
    }
    const named = /^file: *(\S+)$/.exec(comment)?.[1] ?? /^\/\/ ([\w./-]+\.[cm]?[jt]s)\b/.exec(node.value)?.[1];
    sources.push({ markdown: file, name: named ?? `line-${lineOf(node)}.ts`, text: node.value, lines });
  });
  return sources;
}

function commentBefore(nodes: readonly Node[], index: number): string {
  const node = nodes[index - 1];
  return node?.type === 'html' ? (/^<!--\s*(.*?)\s*-->$/.exec(node.value)?.[1] ?? '') : '';
}

function writeProject(folder: string, type: string, sources: readonly CodeFile[]): [string, CodeFile][] {
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ type }));
  return sources.map((source) => {
    const file = path.join(folder, source.markdown.replaceAll(/[^\w-]/g, '-'), source.name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, source.text);
    return [file, source];
  });
}

/** The dependencies of the repository, and the repository itself under its package name. */
function linkModules(root: string, modules: string): void {
  mkdirSync(modules);
  const installed = path.join(root, 'node_modules');
  for (const name of readdirSync(installed)) {
    if (!name.startsWith('.')) symlinkSync(path.join(installed, name), path.join(modules, name));
  }
  symlinkSync(root, path.join(modules, packageOf(root).name));
}

function typeRoots(project: string): string[] {
  return [path.join(project, 'node_modules', '@types')];
}

function findingOf(diagnostic: ts.Diagnostic, written: ReadonlyMap<string, CodeFile>): Finding {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  const { file, start = 0 } = diagnostic;
  const source = file === undefined ? undefined : written.get(path.normalize(file.fileName));
  if (file === undefined || source === undefined) return { file: file?.fileName ?? 'docs', line: 1, message: text };
  const line = source.lines[file.getLineAndCharacterOfPosition(start).line] ?? 1;
  return { file: source.markdown, line, message: `the code block does not compile: TS${diagnostic.code}: ${text}` };
}

/** The two module systems mostly report the same. */
function distinct(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}
