import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import type { ComponentName } from './components';
import { COMPONENTS } from './components';
import { findComponent } from './find-component';
import type { Guard, GuardedTarget } from './guarded-service';
import { startGuard } from './guarded-service';
import type { TiedProcess } from './tied-process';
import { spawnTied } from './tied-process';

/** A running server; it ends with this process at the latest. */
export interface Service extends Pick<TiedProcess, 'pid' | 'kill' | 'stop'> {
  /** Base URL without a slash at its end. */
  readonly url: string;
}

export interface TemporalServer extends Service {
  /** `host:port` for clients and workers. */
  readonly address: string;
  readonly namespace: string;
}

export interface TemporalServerOptions {
  /** Keeps everything in this SQLite file across restarts. Default: in memory. */
  readonly databaseFile?: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Of the Web UI. Default: a free one. */
  readonly uiPort?: number;
  /** Settings of the server, for example `{'matching.enableFairness': true}`. */
  readonly dynamicConfig?: Readonly<Record<string, boolean | number>>;
}

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 50;
/** Another process can take a free port before the server listens on it. */
const PORT_TRIES = 3;

/** A port on loopback that is free now: the preferred one if possible. */
export async function freePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(preferred, HOST, resolve);
    });
  } catch (error) {
    if (preferred === 0) throw error;
    return freePort();
  }
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port on loopback');
  return address.port;
}

async function isAnswered(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function isTemporalReady(address: string, namespace: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: '1 second' });
    try {
      await connection.workflowService.describeNamespace({ namespace });
      return true;
    } finally {
      await connection.close();
    }
  } catch {
    return false;
  }
}

async function startService(
  name: ComponentName,
  args: () => Promise<string[]>,
  isReady: () => Promise<boolean>,
): Promise<TiedProcess> {
  const file = await findComponent(name);
  for (let attempt = 1; ; attempt += 1) {
    const child = await spawnTied(file, await args());
    const state = { ended: false };
    void child.exited.then(() => {
      state.ended = true;
    });
    const giveUpAt = Date.now() + READY_TIMEOUT_MS;
    while (!state.ended && Date.now() < giveUpAt) {
      if (await isReady()) return child;
      await sleep(READY_POLL_MS);
    }
    const { ended } = state;
    if (!ended) await child.kill();
    if (!ended || attempt === PORT_TRIES) {
      throw new Error(
        `${COMPONENTS[name].title} ${ended ? 'ended' : 'did not answer'} before it was ready:\n${child.tail()}`,
      );
    }
  }
}

/** Starts the Temporal dev server with its Web UI; `url` is the Web UI's. */
export async function startTemporalServer(options: TemporalServerOptions = {}): Promise<TemporalServer> {
  const namespace = 'default';
  let address = '';
  let url = '';
  const child = await startService(
    'temporal',
    async () => {
      const port = options.port ?? (await freePort());
      const uiPort = options.uiPort ?? (await freePort());
      address = `${HOST}:${port}`;
      url = `http://${HOST}:${uiPort}`;
      return [
        ...['server', 'start-dev', '--ip', HOST, '--ui-ip', HOST, '--log-level', 'error'],
        ...['--port', String(port), '--ui-port', String(uiPort)],
        ...Object.entries(options.dynamicConfig ?? {}).flatMap(([name, value]) => [
          '--dynamic-config-value',
          `${name}=${value}`,
        ]),
        ...(options.databaseFile === undefined ? [] : ['--db-filename', options.databaseFile]),
      ];
    },
    async () => (await isTemporalReady(address, namespace)) && (await isAnswered(url)),
  );
  return { ...child, address, url, namespace };
}

export interface ObjectStore extends Service {
  createBucket(name: string): Promise<void>;
}

export interface ObjectStoreOptions {
  /** Where all of its buckets are. Default `US-CENTRAL1`. */
  readonly location?: string;
  /** Folder to keep everything in. Default: in memory, where each of thousands of objects takes longer than the last. */
  readonly folder?: string;
}

/** Starts a service behind a guard that refuses web pages; both end together. */
async function startGuarded(
  name: ComponentName,
  scheme: GuardedTarget['scheme'],
  args: (guard: Guard, port: string) => string[],
  readyPath: string,
): Promise<Service> {
  const guard = await startGuard();
  try {
    const child = await startService(
      name,
      async () => {
        const port = await freePort();
        // The registry listens on `localhost`, which can be 127.0.0.1 or ::1.
        guard.guardTo({ scheme, host: scheme === 'https' ? HOST : 'localhost', port });
        return args(guard, String(port));
      },
      () => isAnswered(`${guard.url}${readyPath}`),
    );
    return {
      ...child,
      url: guard.url,
      kill: async () => {
        await child.kill();
        await guard.close();
      },
      stop: async () => {
        await child.stop();
        await guard.close();
      },
    };
  } catch (error) {
    await guard.close();
    throw error;
  }
}

/**
 * Starts an object store that speaks Cloud Storage's JSON API. It answers requests of every origin: it gets TLS with a
 * certificate that no browser trusts, and a guard in front of it that speaks HTTP.
 */
export async function startObjectStore({
  location = 'US-CENTRAL1',
  folder,
}: ObjectStoreOptions = {}): Promise<ObjectStore> {
  const service = await startGuarded(
    'fake-gcs-server',
    'https',
    (guard, port) => [
      ...['-scheme', 'https', '-host', HOST, '-port', port],
      ...['-public-host', guard.host, '-external-url', guard.url],
      ...['-location', location, '-log-level', 'error'],
      ...(folder === undefined ? ['-backend', 'memory'] : ['-backend', 'filesystem', '-filesystem-root', folder]),
    ],
    '/storage/v1/b',
  );
  const { url } = service;
  return {
    ...service,
    createBucket: async (name) => {
      const response = await fetch(`${url}/storage/v1/b?project=local`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      if (!response.ok) throw new Error(`bucket ${name}: HTTP ${response.status} ${await response.text()}`);
    },
  };
}

/** Starts an OCI registry in memory. */
export function startRegistry(): Promise<Service> {
  return startGuarded('registry', 'http', (_, port) => ['-port', port], '/v2/');
}
