import { RegistryError } from './registry-error';

/** What a path of the registry names. */
export type RegistryPath =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'tags'; readonly name: string }
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: string }
  | { readonly kind: 'blob'; readonly name: string; readonly digest: string }
  | { readonly kind: 'uploads'; readonly name: string }
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: string };

const ROOT = '/v2';
/** Longest repository name, in characters. */
const MAX_NAME_LENGTH = 255;
const NAME_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const NAME = new RegExp(`^${NAME_PART}(?:/${NAME_PART})*$`);
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** Whether a path belongs to the registry: `/v2/` and everything below it. */
export function isRegistryRequest(pathname: string): boolean {
  return pathname === ROOT || pathname.startsWith(`${ROOT}/`);
}

/** Whether a text can be a tag. A digest can't. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/** Paths below a repository, by what follows its name. The first row that matches applies. */
const BELOW_REPOSITORY: readonly (readonly [RegExp, (name: string, rest: string) => RegistryPath])[] = [
  [/^(.+)\/tags\/list()$/, (name) => ({ kind: 'tags', name })],
  [/^(.+)\/blobs\/uploads\/?()$/, (name) => ({ kind: 'uploads', name })],
  [/^(.+)\/blobs\/uploads\/([^/]+)$/, (name, id) => ({ kind: 'upload', name, id })],
  [/^(.+)\/blobs\/([^/]+)$/, (name, digest) => ({ kind: 'blob', name, digest })],
  [/^(.+)\/manifests\/([^/]+)$/, (name, reference) => ({ kind: 'manifest', name, reference })],
  [/^(.+)\/referrers\/([^/]+)$/, (name, digest) => ({ kind: 'referrers', name, digest })],
];

/**
 * Parses a path below `/v2`.
 *
 * @throws RegistryError NAME_INVALID if it has no valid name of a repository
 */
export function parsePath(pathname: string): RegistryPath {
  const below = decoded(pathname).slice(ROOT.length + 1);
  if (below === '') return { kind: 'base' };
  if (below === '_catalog') return { kind: 'catalog' };
  for (const [pattern, create] of BELOW_REPOSITORY) {
    const [, name, rest] = pattern.exec(below) ?? [];
    if (name !== undefined && rest !== undefined) return create(checkedName(name), rest);
  }
  throw new RegistryError('UNSUPPORTED', `The registry has no path ${ROOT}/${below.slice(0, 300)}.`, { status: 404 });
}

function checkedName(name: string): string {
  if (name.length <= MAX_NAME_LENGTH && NAME.test(name)) return name;
  throw new RegistryError(
    'NAME_INVALID',
    `The repository name ${name.slice(0, 300)} is not valid. Use at most ${MAX_NAME_LENGTH} lower-case letters, digits and separators (. _ - /).`,
  );
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    throw new RegistryError('NAME_INVALID', 'The path has an invalid escape.');
  }
}
