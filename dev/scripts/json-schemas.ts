import { z } from 'zod';
import { exportModelInputSchema } from '../../src/contract/export-input';
import { exportModelResultSchema } from '../../src/contract/export-result';
import { exportModelsInputSchema } from '../../src/contract/fleet-input';
import { exportModelsResultSchema } from '../../src/contract/fleet-result';

/** JSON Schemas of what goes in, before defaults are filled in, and of what comes out, by the names of their files. */
export function jsonSchemas() {
  return {
    'export-model-input': z.toJSONSchema(exportModelInputSchema, { io: 'input' }),
    'export-model-result': z.toJSONSchema(exportModelResultSchema),
    'export-models-input': z.toJSONSchema(exportModelsInputSchema, { io: 'input' }),
    'export-models-result': z.toJSONSchema(exportModelsResultSchema),
  };
}
