import { Context } from '@temporalio/activity';
import type { WriteResultsRequest } from '../contract';
import { parseStorageUri } from '../contract';
import type { ExportDependencies } from './dependencies';
import { inputFailure, withFailures } from './failures';

/** Writes results of a fleet as JSON lines. Again it writes the same: a lost answer does no harm. */
export async function writeResults(
  deps: Pick<ExportDependencies, 'storage'>,
  { uri, exports }: WriteResultsRequest,
): Promise<void> {
  const place = parseStorageUri(uri);
  if (place === undefined) throw inputFailure([{ path: 'uri', message: 'must be gs://bucket/path' }]);
  const lines = exports.map((line) => `${JSON.stringify(line)}\n`).join('');
  const { cancellationSignal: signal } = Context.current();
  const options = { contentType: 'application/jsonl' };
  await withFailures('results', () => deps.storage.writeObject(place.bucket, place.path, lines, options, signal));
}
