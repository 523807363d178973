import { z } from 'zod';
import type { Inspector } from '../inspection';
import { jsonOf } from '../reading/json-file';

const environmentSchema = z.object({ container_uri: z.string().min(1) });

/**
 * `environment.json` of a tabular model: the image that serves the export.
 *
 * Source: https://cloud.google.com/vertex-ai/docs/export/export-model-tabular
 */
export const inspectEnvironment: Inspector = (bytes, look) => {
  const { container_uri: servingContainer } = jsonOf(bytes, environmentSchema);
  look.learned({ kind: 'tabular', summary: { servingContainer } });
};
