import path from 'node:path';
import type { TiedProcess } from '../src/testing/services/tied-process';
import { spawnTied } from '../src/testing/services/tied-process';

/** As `npm run build` makes it. */
const WORKER = path.join(__dirname, '..', 'lib', 'src', 'worker.js');

/** Starts the built worker in a separate process, with these variables in addition to those of this process. */
export function startWorkerProcess(environment: Readonly<Record<string, string>>): Promise<TiedProcess> {
  return spawnTied(process.execPath, [WORKER], { env: environment });
}
