import ts from 'typescript';

/** Prose or a name in a file. */
export interface Passage {
  readonly kind: 'text' | 'name';
  /** A name is split into words, as in `export handle`. Text keeps its length, so that offsets in it are valid. */
  readonly text: string;
  /** Offset of its start in the file. */
  readonly offset: number;
  /** Whether it is the name of an object's or a type's field. Default: `false`. */
  readonly isField?: boolean;
}

/** The comments, string literals and declared names of a TypeScript file. */
export function passagesOf(file: string, text: string): Passage[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  return [...comments(source), ...literalsAndNames(source, source)];
}

function* comments(source: ts.SourceFile): Generator<Passage> {
  const seen = new Set<number>();
  const ranges = (node: ts.Node): ts.CommentRange[] => [
    ...(ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? []),
    ...(ts.getTrailingCommentRanges(source.text, node.getEnd()) ?? []),
  ];
  const walk = function* (node: ts.Node): Generator<ts.CommentRange> {
    yield* ranges(node);
    for (const child of node.getChildren(source)) yield* walk(child);
  };
  for (const { pos, end } of walk(source)) {
    if (seen.has(pos)) continue;
    seen.add(pos);
    // A phrase can span lines, so the marks at the start of lines become spaces.
    const text = source.text
      .slice(pos, end)
      .replaceAll(/^[ \t]*(\/\*\*?|\/\/|\*\/?)/gm, (mark) => ' '.repeat(mark.length));
    yield { kind: 'text', text, offset: pos };
  }
}

function* literalsAndNames(source: ts.SourceFile, node: ts.Node): Generator<Passage> {
  const offset = node.getStart(source);
  if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
    const isImport = ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent);
    if (!isImport) yield { kind: 'text', text: node.getText(source), offset };
  }
  if (ts.isIdentifier(node) && isDeclared(node)) {
    yield { kind: 'name', text: wordsOf(node.text), offset, isField: isField(node) };
  }
  for (const child of node.getChildren(source)) {
    // Documentation comments are read as comments.
    if (!ts.isJSDoc(child)) yield* literalsAndNames(source, child);
  }
}

function isDeclared(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isImportSpecifier(parent)) return false;
  return 'name' in parent && parent.name === node;
}

function isField({ parent }: ts.Identifier): boolean {
  return ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isShorthandPropertyAssignment(parent);
}

function wordsOf(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}
