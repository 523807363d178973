import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import type { InspectedFile } from '../../src/verification/inspected';
import type { Files } from '../support/inspection';
import { inspect } from '../support/inspection';
import type { ModelFamily, ThirdPartyModel } from '../support/third-party-models';
import { fetchModel, THIRD_PARTY_MODELS } from '../support/third-party-models';

/** The export format of a family, and the kind of at least one inspected file of its models. */
const FAMILIES: Readonly<Record<ModelFamily, { format: string; kind: InspectedFile['kind'] }>> = {
  tflite: { format: 'tflite', kind: 'tflite' },
  'edgetpu-tflite': { format: 'edgetpu-tflite', kind: 'tflite' },
  'tf-saved-model': { format: 'tf-saved-model', kind: 'saved-model' },
  'tf-js': { format: 'tf-js', kind: 'tf-js' },
  'core-ml': { format: 'core-ml', kind: 'core-ml' },
  safetensors: { format: 'custom-trained', kind: 'safetensors' },
  onnx: { format: 'custom-trained', kind: 'onnx' },
  pytorch: { format: 'custom-trained', kind: 'pytorch' },
  pickle: { format: 'custom-trained', kind: 'pickle' },
  xgboost: { format: 'custom-trained', kind: 'xgboost' },
};

/** The name of a file in an export, if it differs from the name in the package. */
const EXPORTED_NAMES: Partial<Record<ModelFamily, { readonly pattern: RegExp; readonly name: string }>> = {
  'tf-js': { pattern: /\.json$/, name: 'model.json' },
  // Vertex AI's containers read the model by this name in each of its formats.
  xgboost: { pattern: /./, name: 'model.bst' },
};

async function filesOf(model: ThirdPartyModel): Promise<Files> {
  const { folder, files } = await fetchModel(model);
  const renamed = EXPORTED_NAMES[model.family];
  return Object.fromEntries(
    files.map((file) => [renamed?.pattern.test(file) ? renamed.name : file, readFileSync(path.join(folder, file))]),
  );
}

suite('a third-party model', () => {
  for (const model of THIRD_PARTY_MODELS) {
    const title = [model.package, model.folder, ...(model.files ?? [])].join(' ');
    test(`is accepted and inspected: ${model.family} ${title}`, async () => {
      const { format, kind } = FAMILIES[model.family];
      const { findings, inspected } = await inspect(format, await filesOf(model));
      assert.deepEqual(findings, []);
      assert.ok(
        inspected.some((file) => file.kind === kind),
        JSON.stringify(inspected),
      );
    });
  }
});
