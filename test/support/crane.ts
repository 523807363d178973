import { execFile } from 'node:child_process';
import { access, constants, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/testing/services/cache-folder';
import { withLock } from '../../src/testing/services/lock';

const run = promisify(execFile);
const VERSION = '0.22.1';

/** Path of crane, go-containerregistry's client: from `CRANE_PATH`, the cache, or built into the cache by Go. */
export async function findCrane(): Promise<string> {
  const named = process.env['CRANE_PATH'];
  if (named) return named;
  const file = path.join(cacheFolder(), `crane-${VERSION}`);
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  return withLock(`${file}.lock`, `waiting for crane ${VERSION}, built by another process`, log, async () => {
    if (await isExecutable(file)) return file;
    const folder = await mkdtemp(`${file}.build-`);
    try {
      const install = ['install', '-ldflags', '-s -w', `github.com/google/go-containerregistry/cmd/crane@v${VERSION}`];
      await run('go', install, { env: { ...process.env, GOBIN: folder } });
      await rename(path.join(folder, 'crane'), file);
    } finally {
      await rm(folder, { recursive: true });
    }
    return file;
  });
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
