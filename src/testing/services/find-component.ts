import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Component, ComponentName } from './components';
import { COMPONENTS } from './components';
import { withLock } from './lock';
import { withProgress } from './progress';

const run = promisify(execFile);

export interface FindOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Takes progress lines and notes. Default: stderr. */
  readonly log?: (line: string) => void;
}

/** What a place had: a path, or why it has none. */
type Found = { readonly path: string } | { readonly reason: string };

const PROBE_TIMEOUT_MS = 10_000;

const toStderr = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** The package's own folder in the user's cache directory; `TEMPORAL_VERTEX_EXPORT_CACHE` names another one. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const own = env['TEMPORAL_VERTEX_EXPORT_CACHE'];
  if (own) return own;
  const home = env['HOME'] ?? homedir();
  const base = process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache');
  return path.join(env['XDG_CACHE_HOME'] ?? base, 'temporal-vertex-export');
}

/**
 * Path of a program: from its environment variable, PATH, the cache, a download (Temporal only), or built by
 * `go install` into the cache.
 *
 * @throws Error that lists what was tried and the ways to provide the program
 */
export async function findComponent(name: ComponentName, options: FindOptions = {}): Promise<string> {
  const component = COMPONENTS[name];
  const env = options.env ?? process.env;
  const log = options.log ?? toStderr;

  const asked = env[component.variable];
  if (asked) {
    const reason = await objection(component, asked);
    // Asked for by name: another one in its place would be a surprise.
    if (reason !== undefined) throw new Error(`${component.variable}=${asked} can't be used: ${reason}`);
    return asked;
  }

  const reasons: string[] = [];
  const places = [fromPath, fromCache, ...(name === 'temporal' ? [fromDownload] : []), fromBuild];
  for (const place of places) {
    const found = await place(component, env, log);
    if ('path' in found) return found.path;
    reasons.push(found.reason);
  }
  throw new Error(
    [
      `${component.title} ${component.version} was not found and could not be built:`,
      ...reasons.map((reason) => `  - ${reason}`),
      'Any one of these provides it:',
      `  - set ${component.variable} to its path`,
      `  - put an executable named ${component.executable} on PATH`,
      `  - install Go 1.24 or newer, so that it is built once (about ${component.buildTime}):`,
      `    go install ${component.package}@v${component.version}`,
    ].join('\n'),
  );
}

/** Why an executable will not do; `undefined` where it will. */
async function objection(component: Component, file: string): Promise<string | undefined> {
  try {
    await access(file, constants.X_OK);
  } catch {
    return 'there is no executable file';
  }
  // Help goes to stderr with an exit code in some programs: what they say counts, not how they end.
  const { stdout, stderr } = await run(file, component.probe, { timeout: PROBE_TIMEOUT_MS }).catch(
    (error: unknown) => ({ stdout: '', stderr: String(error), ...(error as { stdout?: string; stderr?: string }) }),
  );
  const verdict = component.accepts(`${stdout}\n${stderr}`);
  return verdict === true ? undefined : verdict;
}

async function fromPath(component: Component, env: FindOptions['env'] = {}): Promise<Found> {
  const notes: string[] = [];
  for (const folder of (env['PATH'] ?? '').split(path.delimiter).filter(Boolean)) {
    const file = path.join(folder, component.executable);
    const reason = await objection(component, file);
    if (reason === undefined) return { path: file };
    if (reason !== 'there is no executable file') notes.push(`${file}: ${reason}`);
  }
  return { reason: notes.length > 0 ? `on PATH: ${notes.join('; ')}` : 'it is not on PATH' };
}

function cachedFile(component: Component, env: FindOptions['env'] = {}): string {
  return path.join(cacheFolder(env), `${component.executable}-${component.version}`);
}

async function fromCache(component: Component, env: FindOptions['env'] = {}): Promise<Found> {
  const file = cachedFile(component, env);
  const reason = await objection(component, file);
  return reason === undefined ? { path: file } : { reason: `in the cache, ${file}: ${reason}` };
}

/** The download of `@temporalio/testing` starts a server too; that one is stopped, and the file kept. */
async function fromDownload(
  component: Component,
  env: FindOptions['env'] = {},
  log: (line: string) => void,
): Promise<Found> {
  await mkdir(cacheFolder(env), { recursive: true });
  const folder = await mkdtemp(path.join(cacheFolder(env), 'download-'));
  try {
    const server = await withProgress(`downloading ${component.title}`, log, () =>
      TestWorkflowEnvironment.createLocal({
        server: {
          executable: { type: 'cached-download', downloadDir: folder, version: `v${component.version}` },
        },
      }),
    );
    await server.teardown();
    const [file] = await readdir(folder);
    if (file === undefined) return { reason: 'the download left no file' };
    await rename(path.join(folder, file), cachedFile(component, env));
    return { path: cachedFile(component, env) };
  } catch (error) {
    return { reason: `it could not be downloaded: ${String(error).split('\n')[0] ?? ''}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function fromBuild(
  component: Component,
  env: FindOptions['env'] = {},
  log: (line: string) => void,
): Promise<Found> {
  const target = cachedFile(component, env);
  const what = `building ${component.title} ${component.version} (about ${component.buildTime}, once)`;
  return withLock(`${target}.lock`, `${what}, by another process`, log, async () => {
    // Another process may have built it while this one waited.
    if ((await objection(component, target)) === undefined) return { path: target };
    const folder = await mkdtemp(path.join(cacheFolder(env), 'build-'));
    try {
      const args = ['install', '-ldflags', '-s -w', `${component.package}@v${component.version}`];
      await withProgress(what, log, () => run('go', args, { env: { ...env, GOBIN: folder }, maxBuffer: 1 << 26 }));
      await rename(path.join(folder, component.executable), target);
      return { path: target };
    } catch (error) {
      const [line = ''] = String(error).split('\n');
      return {
        reason: `it could not be built: ${line.includes('ENOENT') ? 'there is no `go` on PATH' : String(error)}`,
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
