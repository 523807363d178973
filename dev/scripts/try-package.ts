import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { VertexExportClient } from '../../src';
import { startLocalStack } from '../../src/testing/services/local-stack';
import { BUCKET, DEMO_EXPORTS } from '../demo/exports';
import { startWorkerProcess } from '../worker-process';
import { exports as entries, name } from '../../package.json';

const ROOT = path.join(__dirname, '..', '..');

/** Tries the built package on this version of Node.js: every entry by `require` and `import`, and one export. */
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
}

async function exportOnce(): Promise<void> {
  const [first] = DEMO_EXPORTS;
  if (first === undefined) throw new Error('The demo has no exports');
  const stack = await startLocalStack({ buckets: [BUCKET] });
  try {
    const worker = await startWorkerProcess(stack.environment);
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      const handle = await new VertexExportClient(new Client({ connection })).start(first.input);
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
