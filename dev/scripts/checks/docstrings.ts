import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import type { Finding } from './finding';

const exportsSchema = z.object({
  exports: z.record(z.string(), z.union([z.string(), z.object({ types: z.string().optional() })])),
});

/** Finds symbols that a public entry of the package exports and that have no docstring. */
export function checkDocstrings(root: string): Finding[] {
  const entries = entriesOf(root);
  const tsconfig = ts.readConfigFile(path.join(root, 'tsconfig.json'), (file) => readFileSync(file, 'utf8'));
  const { options } = ts.parseJsonConfigFileContent(tsconfig.config, ts.sys, root);
  const program = ts.createProgram([...entries.values()], options);
  const checker = program.getTypeChecker();
  const findings = new Map<string, Finding>();
  for (const [entry, file] of entries) {
    for (const exported of exportsOf(program, checker, file)) {
      const finding = findingFor(root, checker, entry, exported);
      if (finding !== undefined) findings.set(`${finding.file}:${exported.name}`, finding);
    }
  }
  return [...findings.values()];
}

/** The source file of each entry in package.json. */
function entriesOf(root: string): Map<string, string> {
  const { exports } = exportsSchema.parse(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));
  return new Map(
    Object.entries(exports).flatMap(([entry, target]) => {
      const types = typeof target === 'string' ? undefined : target.types;
      if (types === undefined) return [];
      return [[entry, path.join(root, types.replace(/^\.\/lib\//, '').replace(/\.d\.ts$/, '.ts'))]];
    }),
  );
}

function exportsOf(program: ts.Program, checker: ts.TypeChecker, file: string): ts.Symbol[] {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} is an entry in package.json, but not a module that exports`);
  return checker.getExportsOfModule(module);
}

function findingFor(root: string, checker: ts.TypeChecker, entry: string, exported: ts.Symbol): Finding | undefined {
  const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
  const symbol = isAlias ? checker.getAliasedSymbol(exported) : exported;
  if (symbol.getDocumentationComment(checker).length > 0) return undefined;
  const declaration = symbol.declarations?.[0];
  if (declaration === undefined) throw new Error(`${exported.name} of ${entry} has no declaration`);
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  const file = path.relative(root, source.fileName).split(path.sep).join('/');
  return { file, line: line + 1, message: `${exported.name} is exported by "${entry}" and has no docstring.` };
}
