import { parseExportModelInput } from '../../src/contract/export-input';

/** The default pauses of an input. */
export function defaultSchedule(): { initialDelayMs: number; multiplier: number; maxDelayMs: number } {
  const parsed = parseExportModelInput({
    name: 'projects/demo-project/locations/us-central1/models/1',
    outputConfig: { artifactDestination: { outputUriPrefix: 'gs://exports' } },
  });
  if ('problems' in parsed) throw new Error('The smallest input is invalid.');
  const { initialDelay, multiplier, maxDelay } = parsed.input.polling;
  return { initialDelayMs: initialDelay, multiplier, maxDelayMs: maxDelay };
}
