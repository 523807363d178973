import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import GithubSlugger from 'github-slugger';
import type { Finding } from '../finding';
import { lineOf, textOf, type MarkdownFile, type Node } from './markdown';

interface Link {
  readonly url: string;
  readonly line: number;
}

/** Finds relative links to missing files, and anchors that no heading has by GitHub's rules. */
export function checkLinks(root: string, files: readonly MarkdownFile[]): Finding[] {
  const anchors = new Map(files.map(({ file, nodes }) => [file, anchorsOf(nodes)]));
  return files.flatMap(({ file, nodes }) =>
    nodes.flatMap(linksOf).flatMap(({ url, line }) => {
      const message = problemOf(root, file, url, anchors);
      return message === undefined ? [] : [{ file, line, message: `${url}: ${message}` }];
    }),
  );
}

function problemOf(
  root: string,
  file: string,
  url: string,
  anchors: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  if (/^([a-z][a-z+.-]*:|\/\/)/i.test(url)) return undefined;
  const [location = '', anchor] = url.split('#');
  const folder = location.startsWith('/') ? '' : path.posix.dirname(file);
  const target = location === '' ? file : path.posix.join(folder, decodeURIComponent(location));
  if (target.startsWith('..')) return 'the link leaves the repository.';
  const absolute = path.join(root, target);
  if (!existsSync(absolute)) return `the file ${target} does not exist.`;
  if (anchor === undefined || statSync(absolute).isDirectory()) return undefined;
  if (anchors.get(target)?.has(decodeURIComponent(anchor)) !== false) return undefined;
  return `${target} has no heading with the anchor #${anchor}.`;
}

function linksOf(node: Node): Link[] {
  const line = lineOf(node);
  if (node.type === 'link' || node.type === 'image' || node.type === 'definition') return [{ url: node.url, line }];
  if (node.type !== 'html') return [];
  return [...node.value.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, url = '']) => ({ url, line }));
}

function anchorsOf(nodes: readonly Node[]): Set<string> {
  const slugger = new GithubSlugger();
  return new Set(
    nodes.flatMap((node) => {
      if (node.type === 'heading') return [slugger.slug(textOf(node))];
      if (node.type !== 'html') return [];
      return [...node.value.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id = '']) => id);
    }),
  );
}
