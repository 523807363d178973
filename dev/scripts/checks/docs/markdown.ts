import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { filesBelow } from '../tree';

export type Node = ReturnType<typeof fromMarkdown> | ReturnType<typeof fromMarkdown>['children'][number];

/** One Markdown file of the repository, parsed. */
export interface MarkdownFile {
  /** Path from the root of the repository. */
  readonly file: string;
  /** All nodes, in the order of the text. */
  readonly nodes: readonly Node[];
}

/** Every Markdown file below `root`. */
export function readMarkdown(root: string): MarkdownFile[] {
  return filesBelow(root, '', ['.md']).map((file) => ({
    file,
    nodes: parseMarkdown(readFileSync(path.join(root, file), 'utf8')),
  }));
}

/** All nodes of a Markdown text, in the order of the text. */
export function parseMarkdown(text: string): Node[] {
  return descendants(fromMarkdown(text));
}

function descendants(node: Node): Node[] {
  return 'children' in node ? [node, ...node.children.flatMap(descendants)] : [node];
}

/** The text of a node and of all nodes in it, without Markdown. */
export function textOf(node: Node): string {
  if ('children' in node) return node.children.map(textOf).join('');
  return 'value' in node && node.type !== 'html' ? node.value : '';
}

export function lineOf(node: Node): number {
  return node.position?.start.line ?? 1;
}
