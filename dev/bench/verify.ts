import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startEmulator } from '../../emulator';
import { inParallel } from '../../src/internal/in-parallel';
import type { Benchmark, Figures } from './benchmark';
import { serveGeneratedObject } from './generated-object';

const OBJECTS = 10_000;
const LARGE_BYTES = 5_000_000_000;

/** Verifies 10,000 small objects, and one of 5 GB, each in a separate process. */
export const verify: Benchmark = {
  summary: 'verification of 10,000 objects and of one object of 5 GB',
  run: async (log) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'vertex-export-bench-'));
    try {
      log(`making ${OBJECTS} objects`);
      const emulator = await startEmulator({ storageUrl: 'built-in', dataFolder: folder, buckets: [{ name: 'many' }] });
      await writeMany(emulator.storage);
      const many = (level: string): Promise<Figures> => verifyIn(emulator.storage, 'gs://many/export/', level);
      const manyObjects = await many('structure');
      log('verified; reading all of them');
      const manyObjectsContent = await many('content').finally(() => emulator.stop());
      log(`making an object of ${LARGE_BYTES} bytes`);
      const generated = await serveGeneratedObject(LARGE_BYTES);
      const one = (level: string): Promise<Figures> => verifyIn(generated.url, generated.uri, level);
      const oneObject = await one('structure');
      log('verified; reading all of it');
      const oneObjectContent = await one('content').finally(() => generated.stop());
      return { manyObjects, manyObjectsContent, oneObject, oneObjectContent };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Safetensors files of one tensor each. */
async function writeMany(store: string): Promise<void> {
  const header = JSON.stringify({ a: { dtype: 'U8', shape: [64], data_offsets: [0, 64] } });
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  const body = Buffer.concat([size, Buffer.from(header), Buffer.alloc(64)]);
  await inParallel(Array(OBJECTS).keys(), async (index) => {
    const name = `export/part-${String(index).padStart(5, '0')}.safetensors`;
    const url = `${store}/upload/storage/v1/b/many/o?uploadType=media&name=${encodeURIComponent(name)}`;
    const response = await fetch(url, { method: 'POST', body });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  });
}

async function verifyIn(storage: string, uri: string, level: string): Promise<Figures> {
  const request = JSON.stringify({ storage, uri, level, exportFormatId: 'custom-trained' });
  const script = path.join(__dirname, 'verify-process.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, request]);
  return JSON.parse(stdout) as Figures;
}
