import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Release } from '../components';
import { programProblem } from '../program-check';
import { cachedProgram } from './cache';
import { storeProgram } from './stored-program';
import type { Way } from './way';

/** Starts a server that the SDK downloads into `downloadDir`. */
function startDownloaded(
  kind: Release['sdkDownload'],
  downloadDir: string,
  version: string,
): Promise<TestWorkflowEnvironment> {
  const server = { executable: { type: 'cached-download', downloadDir, version: `v${version}` } } as const;
  return kind === 'time-skipping'
    ? TestWorkflowEnvironment.createTimeSkipping({ server })
    : TestWorkflowEnvironment.createLocal({ server });
}

/** The download by Temporal's SDK. It also starts a server, which is stopped; the file is kept. */
export const sdkDownload: Way = {
  title: ({ release }) =>
    release.sdkDownload === undefined ? undefined : `the download of ${release.version} by Temporal's SDK`,
  find: (search) => {
    const { component, release } = search;
    const target = cachedProgram(search);
    return storeProgram(search, {
      what: `downloading ${component.title} ${release.version} with Temporal's SDK`,
      target,
      problem: () => programProblem(component, target, release),
      make: async (folder) => {
        try {
          const server = await startDownloaded(release.sdkDownload, folder, release.version);
          await server.teardown();
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          return { reason: message.split('\n')[0] ?? message };
        }
        const [file] = await readdir(folder);
        return file === undefined ? { reason: 'the download has no file' } : { path: path.join(folder, file) };
      },
    });
  },
};
