import { Context } from '@temporalio/activity';
import type { WriteResultsRequest } from '../../contract/fleet-activities';
import { parseStorageUri } from '../../contract/resource-names';
import { problem } from '../../contract/problems';
import type { ExportDependencies } from '../dependencies';
import { inputFailure } from '../failures/failure';
import { requireRunFolder } from '../export/run-folder';
import { writeOwnObject } from '../export/write-object';

/** Name of an object that has results. */
const RESULTS_NAME = /^results-\d{5,9}\.jsonl$/;

/** Writes results of a fleet as JSON lines. Where the same is there already, an earlier attempt has written it. */
export async function writeResults(
  deps: Pick<ExportDependencies, 'storage'>,
  { uri, exports }: WriteResultsRequest,
): Promise<void> {
  const place = parseStorageUri(uri);
  const folder = uri.replace(/[^/]*$/, '');
  if (place === undefined || !RESULTS_NAME.test(uri.slice(folder.length))) {
    throw inputFailure([problem('uri', 'must be gs://bucket/path/results-NUMBER.jsonl')]);
  }
  // Any workflow can call the activity: nobody else's folder is written to.
  requireRunFolder(folder, Context.current().info);
  const lines = exports.map((line) => `${JSON.stringify(line)}\n`).join('');
  const written = await writeOwnObject(deps.storage, {
    place,
    content: lines,
    contentType: 'application/jsonl',
    purpose: 'results',
  });
  if (written.outcome === 'refused') throw written.failure;
}
