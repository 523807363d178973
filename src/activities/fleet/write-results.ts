import { Context } from '@temporalio/activity';
import type { WriteResultsRequest } from '../../contract/fleet-activities';
import { parseStorageUri } from '../../contract/resource-names';
import { problem } from '../../contract/problems';
import type { ExportDependencies } from '../dependencies';
import { inputFailure } from '../failures/failure';
import { requireRunFolder } from '../export/run-folder';
import { writeObjectOnce } from '../export/write-object';

/** Name of a results object. */
const RESULTS_NAME = /^results-\d{5,9}\.jsonl$/;

/** Writes results of a fleet as JSON lines. An equal object from an earlier attempt is kept. */
export async function writeResults(
  deps: Pick<ExportDependencies, 'storage'>,
  { uri, exports }: WriteResultsRequest,
): Promise<void> {
  const place = parseStorageUri(uri);
  const folder = uri.replace(/[^/]*$/, '');
  if (place === undefined || !RESULTS_NAME.test(uri.slice(folder.length))) {
    throw inputFailure([problem('uri', 'must be gs://bucket/path/results-NUMBER.jsonl')]);
  }
  // Any workflow can call the activity: it writes only to the caller's own folder.
  requireRunFolder(folder, Context.current().info);
  const lines = exports.map((line) => `${JSON.stringify(line)}\n`).join('');
  const written = await writeObjectOnce(deps.storage, {
    place,
    content: lines,
    contentType: 'application/jsonl',
    purpose: 'results',
  });
  if (written.outcome === 'refused') throw written.failure;
}
