import path from 'node:path';
import { parseMarkdown, type Node } from './checks/docs/markdown';

/** The address of the published repository, and the commit or tag of a release. */
export interface PublicAddress {
  /** For example `https://github.com/owner/name`. */
  readonly url: string;
  /** For example `v0.1.0`. */
  readonly tag: string;
}

/** The package.json of a release: the one of the repository, with the fields that need the public address. */
export function withPublicAddress(manifest: Readonly<Record<string, unknown>>, url: string): Record<string, unknown> {
  return {
    ...manifest,
    repository: { type: 'git', url: `git+${url}.git` },
    homepage: `${url}#readme`,
    bugs: { url: `${url}/issues` },
  };
}

/** A page of a release: relative links and pictures become absolute; anchors in the page stay. */
export function withPublicLinks(markdown: string, address: PublicAddress): string {
  const edits = parseMarkdown(markdown)
    .flatMap((node) => urlsOf(markdown, node))
    .sort((one, other) => other.offset - one.offset);
  return edits.reduce((text, { offset, url, isPicture }) => {
    const absolute = absoluteUrl(url, isPicture, address);
    return `${text.slice(0, offset)}${absolute}${text.slice(offset + url.length)}`;
  }, markdown);
}

interface UrlInText {
  readonly url: string;
  readonly offset: number;
  readonly isPicture: boolean;
}

function urlsOf(markdown: string, node: Node): UrlInText[] {
  const start = node.position?.start.offset ?? 0;
  const text = markdown.slice(start, node.position?.end.offset);
  if (node.type === 'html') {
    return [...text.matchAll(/\s(href|src)="([^"]*)"/g)].map(({ 0: attribute, 1: name, 2: url = '', index }) => ({
      url,
      offset: start + index + attribute.length - 1 - url.length,
      isPicture: name === 'src',
    }));
  }
  if (node.type !== 'link' && node.type !== 'image' && node.type !== 'definition') return [];
  const before = node.type === 'definition' ? ']: ' : '](';
  const at = text.lastIndexOf(`${before}${node.url}`);
  // Bare addresses have no brackets, and are absolute.
  if (at === -1) return [];
  return [{ url: node.url, offset: start + at + before.length, isPicture: node.type === 'image' }];
}

function absoluteUrl(url: string, isPicture: boolean, address: PublicAddress): string {
  if (/^([a-z][a-z+.-]*:|\/\/|#)/i.test(url)) return url;
  return `${address.url}/${isPicture ? 'raw' : 'blob'}/${address.tag}/${path.posix.normalize(url)}`;
}
