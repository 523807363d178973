import type { Inspector } from '../../inspection';
import { JsonReader } from '../../readers/json-reader';

/**
 * Inspects `environment.json` of a tabular model, which names the image that serves the export.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/export/export-model-tabular
 */
export const inspectEnvironment: Inspector = function* (bytes, context) {
  const json = new JsonReader(bytes, 'its JSON');
  let servingContainer = '';
  yield* json.members(function* (name) {
    if (name === 'container_uri') servingContainer = yield* json.read(() => json.string());
    else yield* json.skip();
  });
  yield* json.finish();
  if (servingContainer === '') throw json.wrong('container_uri is missing');
  context.summarize({ kind: 'tabular', summary: { servingContainer } });
};
