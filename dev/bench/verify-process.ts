import { MockActivityEnvironment } from '@temporalio/testing';
import { z } from 'zod';
import { createExportActivities } from '../../src';
import type { VerifiedExport } from '../../src/contract/export-activities';

/**
 * One verification in a separate process, whose peak of memory can be measured. Takes the request as JSON in its
 * first argument, and prints the figures as JSON.
 */
const requestSchema = z.object({
  storage: z.string(),
  uri: z.string(),
  exportFormatId: z.string(),
  level: z.enum(['listing', 'structure', 'content']),
});

const MIB = 1024;

async function main(): Promise<void> {
  const { storage, uri, exportFormatId, level } = requestSchema.parse(JSON.parse(process.argv[2] ?? ''));
  const { verifyExport } = createExportActivities({ emulators: { storage } });
  const startedAt = performance.now();
  const { files, reads }: VerifiedExport = await new MockActivityEnvironment().run(verifyExport, {
    level,
    exportFormatId,
    model: 'projects/bench/locations/us-central1/models/1@1',
    operation: 'projects/1/locations/us-central1/models/1/operations/1',
    outputInfo: { artifactOutputUri: uri },
    destinations: { outputUriPrefix: uri },
    source: {},
    writeManifest: false,
    heartbeatTimeoutMs: 60_000,
  });
  const figures = {
    level,
    objects: files?.count,
    bytes: files?.bytes,
    seconds: Number(((performance.now() - startedAt) / 1_000).toFixed(2)),
    listCalls: reads?.listRequests,
    readCalls: reads?.readRequests,
    bytesRead: reads?.bytes,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / MIB),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
