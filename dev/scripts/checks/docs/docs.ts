import type { Finding } from '../finding';
import { checkCodeBlocks } from './code-blocks';
import { checkCommands } from './commands';
import { checkLinks } from './links';
import { readMarkdown } from './markdown';

/** Checks links, anchors, TypeScript and commands of every Markdown file. Needs the built package. */
export function checkDocs(root: string): Finding[] {
  const files = readMarkdown(root);
  return [...checkLinks(root, files), ...checkCommands(root, files), ...checkCodeBlocks(root, files)];
}
