import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { EmulatorOptions } from './options';
import { ImageStore, isRegistryRequest } from './registry/handler';
import { isStorageRequest, ObjectStore } from './storage/handler';

/** A store in the emulator's process. */
interface BuiltInStore {
  handle(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void>;
  close(): Promise<void>;
}

/** What answers the requests of a store: the emulator's process, or a service behind it. */
export type StoreRoute = { readonly route: 'storage' | 'registry' } & (
  { readonly store: BuiltInStore } | { readonly url: string }
);

/** Paths that the emulator forwards to another object store. */
const FORWARDED_STORAGE = /^\/(upload\/|download\/)?storage\/v1\//;
/** Hosts of this machine, as in `STORAGE_EMULATOR_HOST`. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]', '0.0.0.0']);

/** The object store and the registry of an emulator. */
export class Stores {
  /**
   * Path before the requests of the emulated Vertex AI to the built-in stores. Faults and the request log are for the
   * requests of clients. Clients cannot know it.
   */
  private readonly internalPath = `/emulator/internal-${randomBytes(16).toString('hex')}`;

  private constructor(
    private readonly storage: ObjectStore | string,
    private readonly registry: ImageStore | string,
  ) {}

  /**
   * Opens the stores that the options and the environment name.
   *
   * @throws Error if the data folder can't be used
   */
  static async open(options: EmulatorOptions): Promise<Stores> {
    const { dataFolder, port = 0 } = options;
    const storageUrl = urlOf(options.storageUrl ?? process.env['STORAGE_EMULATOR_HOST'], port);
    const registryUrl = urlOf(options.registryUrl ?? process.env['REGISTRY_EMULATOR_HOST'], port);
    const folder = (name: string) => (dataFolder === undefined ? {} : { dataFolder: path.join(dataFolder, name) });
    const registry = registryUrl ?? new ImageStore(folder('registry'));
    if (registry instanceof ImageStore) await registry.ready();
    return new Stores(storageUrl ?? new ObjectStore(folder('storage')), registry);
  }

  get hasBuiltInStorage(): boolean {
    return typeof this.storage !== 'string';
  }

  /** URLs for clients, without a slash at the end. @param emulator URL of the emulator */
  urls(emulator: string): { storage: string; registry: string } {
    const { storage, registry } = this;
    return {
      storage: typeof storage === 'string' ? storage : emulator,
      registry: typeof registry === 'string' ? registry : emulator,
    };
  }

  /** URLs for the emulated Vertex AI. */
  internalUrls(emulator: string): { storage: string; registry: string } {
    return this.urls(`${emulator}${this.internalPath}`);
  }

  /** The store for a client's request; undefined for other requests. */
  find(method: string, pathname: string): StoreRoute | undefined {
    const { storage, registry } = this;
    if (isRegistryRequest(pathname)) return routeTo('registry', registry);
    const isForStorage =
      typeof storage === 'string' ? FORWARDED_STORAGE.test(pathname) : isStorageRequest(method, pathname);
    return isForStorage ? routeTo('storage', storage) : undefined;
  }

  /** Answers a request of the emulated Vertex AI. Returns undefined for other requests. */
  answerInternal(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> | undefined {
    if (!target.pathname.startsWith(`${this.internalPath}/`)) return undefined;
    const inner = new URL(target);
    inner.pathname = target.pathname.slice(this.internalPath.length);
    const found = this.find(request.method ?? 'GET', inner.pathname);
    if (found === undefined || !('store' in found)) return undefined;
    // The registry's locations keep the path, so that an upload continues here.
    return found.store.handle(request, response, found.route === 'registry' ? target : inner);
  }

  async close(): Promise<void> {
    const builtIn = [this.storage, this.registry].filter((store) => typeof store !== 'string');
    await Promise.all(builtIn.map((store) => store.close()));
  }
}

function routeTo(route: StoreRoute['route'], store: BuiltInStore | string): StoreRoute {
  return typeof store === 'string' ? { route, url: store } : { route, store };
}

/**
 * URL of a service behind the emulator; undefined for the built-in one. An address of the emulator is the built-in one, too:
 * shells often keep the addresses of an earlier emulator.
 */
function urlOf(host: string | undefined, port: number): string | undefined {
  if (host === undefined || host === '' || host === 'built-in') return undefined;
  const url = (host.includes('://') ? host : `http://${host}`).replace(/\/+$/, '');
  const { hostname, port: itsPort } = URL.canParse(url) ? new URL(url) : { hostname: '', port: '' };
  return LOOPBACK.has(hostname) && port !== 0 && itsPort === String(port) ? undefined : url;
}
