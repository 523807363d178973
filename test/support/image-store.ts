import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { after, before } from 'node:test';
import type { ImageStoreOptions } from '../../emulator/registry/handler';
import { ImageStore } from '../../emulator/registry/handler';
import { temporaryFolder } from './models';
import { RegistryCalls } from './registry-calls';

/** A served image store. */
export interface ServedStore {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Serves an image store on a free port. */
export async function serveImageStore(options: ImageStoreOptions): Promise<ServedStore> {
  const store = new ImageStore(options);
  const server: Server = createServer((request, response) => {
    void store.handle(request, response, new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await store.close();
    },
  };
}

/** Serves an image store during a suite. Each call returns a repository that no other test uses. */
export function useImageStore(options: (folder: string) => ImageStoreOptions = () => ({})): () => RegistryCalls {
  let served: ServedStore | undefined;
  before(async () => {
    served = await serveImageStore(options(temporaryFolder('vertex-export-registry-')));
  });
  after(async () => {
    await served?.stop();
  });
  return () => {
    assert.ok(served !== undefined, 'the store is served in tests only');
    return new RegistryCalls(served.url);
  };
}
