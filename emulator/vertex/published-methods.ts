import type { ApiVersion } from './operations';
import { PUBLISHED_PATHS } from './published-paths';

const LOCATION = 'projects/*/locations/*';

/** Methods of operations. They exist below most resources. */
const OPERATIONS = /(?:^|\/)operations(?:\/[^/:]+(?::(?:wait|cancel))?)?$/;

let patterns: Readonly<Record<ApiVersion, ReadonlyMap<string, readonly RegExp[]>>> | undefined;

/** Whether Google's service has the method that a decoded path refers to. */
export function isPublished(method: string, decodedPath: string): boolean {
  const [, version, path = ''] = /^\/(v1|v1beta1)(?:\/|(?=:))(.*)$/s.exec(decodedPath) ?? [];
  if (version !== 'v1' && version !== 'v1beta1') return false;
  if (OPERATIONS.test(path)) return ['GET', 'POST', 'DELETE'].includes(method);
  patterns ??= { v1: patternsOf('v1'), v1beta1: patternsOf('v1beta1') };
  return (patterns[version].get(method) ?? []).some((pattern) => pattern.test(path));
}

/** Methods and paths of a version, except those of operations. `*` in a path is an id. */
export function publishedMethods(version: ApiVersion): [method: string, path: string][] {
  return [PUBLISHED_PATHS.both, PUBLISHED_PATHS[version]].flatMap((text) =>
    text
      .trim()
      .replace(/\n {2}/g, ' ')
      .split('\n')
      .flatMap(methodsOfLine),
  );
}

function methodsOfLine(line: string): [method: string, path: string][] {
  const [path = '', ...tokens] = line.split(' ');
  const collection = path.replace(/^@/, LOCATION).replace(/^\.$/, '');
  const bar = tokens.includes('|') ? tokens.indexOf('|') : tokens.length;
  return tokens.flatMap((token, index): [string, string][] => {
    if (index === bar) return [];
    const [method = '', verb] = token.split(':');
    const base = index < bar ? collection : `${collection}/*`;
    return [[method, verb === undefined ? base : `${base}:${verb}`]];
  });
}

function patternsOf(version: ApiVersion): ReadonlyMap<string, readonly RegExp[]> {
  const found = new Map<string, RegExp[]>();
  for (const [method, path] of publishedMethods(version)) {
    const pattern = new RegExp(`^${path.replaceAll('*', '[^/:]+')}$`);
    found.set(method, [...(found.get(method) ?? []), pattern]);
  }
  return found;
}
