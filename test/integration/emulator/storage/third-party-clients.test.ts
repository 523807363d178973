import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { serveObjectStore } from '../../../support/object-store';
import { nodePackages, pythonPackages, pythonProblem, THIRD_PARTY_FOLDER } from '../../../support/third-party-clients';

/** Runs a program, and returns the steps that it prints. */
async function stepsOf(program: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  assert.equal(status, 0, `${stdout}${stderr}`);
  return stdout.trim().split('\n');
}

async function withStores(use: (url: string, bucket: string) => Promise<void>): Promise<void> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'vertex-export-store-'));
  try {
    for (const [bucket, options] of [
      ['client-in-memory', {}],
      ['client-in-folder', { dataFolder }],
    ] as const) {
      const store = await serveObjectStore(options);
      try {
        await use(store.url, bucket);
      } finally {
        await store.stop();
      }
    }
  } finally {
    await rm(dataFolder, { recursive: true });
  }
}

suite('the built-in object store serves clients of other people', () => {
  test('Google’s client for Node.js uploads, resumes, lists, reads ranges, copies and deletes', async () => {
    const packages = await nodePackages();
    const program = path.join(THIRD_PARTY_FOLDER, 'google-cloud-storage.mjs');
    await withStores(async (url, bucket) => {
      const steps = await stepsOf(process.execPath, [program, packages, url, bucket]);
      assert.equal(steps.length, 11, steps.join('\n'));
    });
  });

  test('Google’s client for Python uploads, resumes, lists, reads ranges, copies and deletes', async (context) => {
    const problem = await pythonProblem();
    if (problem !== undefined) {
      context.skip(problem);
      return;
    }
    const packages = await pythonPackages();
    const program = path.join(THIRD_PARTY_FOLDER, 'google_cloud_storage.py');
    await withStores(async (url, bucket) => {
      const steps = await stepsOf('python3', [program, url, bucket], { PYTHONPATH: packages });
      assert.equal(steps.length, 12, steps.join('\n'));
    });
  });
});
