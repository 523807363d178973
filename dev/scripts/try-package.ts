import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { VertexExportClient } from '../../src';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { BUCKET, DEMO_EXPORTS } from '../demo/exports';
import { startWorkerProcess } from '../worker-process';
import { exports as entries, name, peerDependencies } from '../../package.json';
import { packTarball } from './pack-tarball';

const ROOT = path.join(__dirname, '..', '..');

/** The lowest version of the Temporal SDK that the peer range allows, and the newest one that npm has. */
const SDK_VERSIONS = [peerDependencies['@temporalio/worker'].replace('^', ''), 'latest'];

/** Runs one export in a project that has installed the package. Its argument is the input. */
const EXPORT_ONCE = `
const { startTestStack } = require('${name}/testing');
(async () => {
  const stack = await startTestStack({ buckets: ['${BUCKET}'] });
  try {
    await (await stack.exports.start(JSON.parse(process.argv[2]))).result();
  } finally {
    await stack.stop();
  }
  console.log(require('@temporalio/worker/package.json').version);
})();
`;

/**
 * Tries the built package on this version of Node.js: every entry by `require` and `import`, one export here, and one with
 * each of the versions of the Temporal SDK in a project that installs the packed tarball.
 */
async function main(): Promise<void> {
  const modules = Object.keys(entries).filter((entry) => !entry.endsWith('.json'));
  for (const entry of modules) {
    const specifier = JSON.stringify(path.posix.join(name, entry));
    for (const script of [`require(${specifier})`, `import(${specifier})`]) {
      execFileSync(process.execPath, ['-e', script], { cwd: ROOT, stdio: 'inherit' });
    }
  }
  await exportOnce();
  process.stdout.write(`Node.js ${process.version}: ${modules.length} entries load, and one export succeeded.\n`);
  for (const version of SDK_VERSIONS) {
    process.stdout.write(`Node.js ${process.version}, Temporal SDK ${exportWithSdk(version)}: one export succeeded.\n`);
  }
}

/** Runs one export with a version of the Temporal SDK, and returns the exact version. */
function exportWithSdk(version: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'vertex-export-sdk-'));
  try {
    writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true }));
    const peers = Object.keys(peerDependencies).map((peer) => `${peer}@${version}`);
    const install = ['install', '--no-audit', '--no-fund', '--loglevel=error', packTarball(folder), ...peers];
    execFileSync('npm', install, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(path.join(folder, 'export-once.cjs'), EXPORT_ONCE);
    const args = ['export-once.cjs', JSON.stringify(firstExport().input)];
    // The SDK writes its log to stderr.
    return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstExport(): (typeof DEMO_EXPORTS)[number] {
  const [first] = DEMO_EXPORTS;
  if (first === undefined) throw new Error('The demo has no exports');
  return first;
}

async function exportOnce(): Promise<void> {
  const stack = await startLocalStack({ buckets: [BUCKET] });
  try {
    const worker = await startWorkerProcess(stack.environment);
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      const handle = await new VertexExportClient(new Client({ connection })).start(firstExport().input);
      await handle.result();
    } finally {
      await connection.close();
      await worker.stop();
    }
  } finally {
    await stack.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
