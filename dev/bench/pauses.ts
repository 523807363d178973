import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExportedFile } from '../../src/contract/export-result';
import { changesBetween } from '../../src/verification/changes';
import { checkContent } from '../../src/verification/content';
import { familyOf } from '../../src/verification/formats';
import { checkImage } from '../../src/verification/image';
import { checkListing } from '../../src/verification/listing';
import { manifestOf } from '../../src/manifest/digests';
import { inspectFiles } from '../../src/verification/structure';
import { LARGE_EXPORTS, largeArtifact } from '../../test/support/large-files';
import type { Benchmark, Figures } from './benchmark';

const FILES = 200_000;
const LAYERS = 200;
const CONTENT_BYTES = 500_000_000;
const MICROSECONDS = 1_000;
const NANOSECONDS = 1_000_000;

/** Measures how long verifications of large valid exports block the event loop, and their cost. */
export const pauses: Benchmark = {
  summary: 'longest pause of the event loop for each kind of large file',
  run: async (log) => {
    const figures: Record<string, Figures> = {};
    const measure = async (title: string, work: () => Promise<unknown>): Promise<void> => {
      log(title);
      figures[title] = await measured(work);
    };
    for (const { title, format, files } of LARGE_EXPORTS) {
      const artifacts = Object.entries(files()).map(([path, file]) => largeArtifact(path, file));
      await measure(title, () => inspectFiles(familyOf(format, [])?.kinds ?? [], artifacts));
    }
    await measure(`image of ${LAYERS} layers`, checkLayers);
    const large = largeArtifact('model.bin', { start: Buffer.alloc(0), zeros: CONTENT_BYTES });
    await measure(`content of ${CONTENT_BYTES} bytes`, () => checkContent([large]));
    const files = listing();
    await measure(`check of ${FILES} listed files`, () => checkListing(familyOf('custom-trained', []), files, true));
    await measure(`manifest of ${FILES} files`, () => manifestOf(files));
    await measure(`changes between two listings of ${FILES} files`, () => changesBetween(files, files));
    return figures;
  },
};

async function measured(work: () => Promise<unknown>): Promise<Figures> {
  await sleep(50);
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const [startedAt, startedCpu, startedRss] = [performance.now(), process.cpuUsage(), process.memoryUsage.rss()];
  await work();
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(startedCpu);
  await sleep(5);
  delays.disable();
  return {
    longestPauseMs: Math.round(delays.max / NANOSECONDS),
    seconds: Number(seconds.toFixed(2)),
    cpuMs: Math.round((user + system) / MICROSECONDS),
    rssMb: Math.round((process.memoryUsage.rss() - startedRss) / 2 ** 20),
  };
}

function listing(): ExportedFile[] {
  return Array.from({ length: FILES }, (_, index) => ({
    path: `shards/${(index * 7_919) % FILES}/part.bin`,
    bytes: 1,
    crc32c: 'AAAAAA==',
    generation: '1',
  }));
}

/** An image whose layers are zeros, read whole. */
async function checkLayers(): Promise<void> {
  const digest = (index: number): string => `sha256:${String(index).padStart(64, '0')}`;
  const layers = Array.from({ length: LAYERS }, (_, index) => ({
    mediaType: 'layer',
    digest: digest(index),
    size: 2_000_000,
  }));
  const config = { mediaType: 'config', digest: digest(LAYERS), size: 2 };
  const manifest = { config, layers };
  await checkImage(
    { size: 1, manifest },
    {
      manifest: () => Promise.resolve(undefined),
      blob: ({ size }) => Promise.resolve({ bytes: size, read: (_, length) => Promise.resolve(Buffer.alloc(length)) }),
    },
    true,
  );
}
