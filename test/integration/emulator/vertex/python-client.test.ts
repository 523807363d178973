import assert from 'node:assert/strict';
import path from 'node:path';
import { suite, test } from 'node:test';
import { useEmulator } from '../../../support/emulator';
import { execute } from '../../../support/installing';
import { addModel } from '../../../support/models';
import { pythonPackages, pythonProblem, THIRD_PARTY_FOLDER } from '../../../support/third-party-clients';

const { services, objectNames } = useEmulator();

suite('the local Vertex AI serves Google’s API client for Python', () => {
  for (const version of ['v1', 'v1beta1']) {
    test(`with every method of Models and operations of ${version}`, async (context) => {
      const problem = await pythonProblem();
      if (problem !== undefined) {
        context.skip(problem);
        return;
      }
      const { vertex, store } = services();
      const model = addModel(vertex);
      for (const name of ['model.bin', 'variables/1']) {
        const query = new URLSearchParams({ uploadType: 'media', name: `given/${version}/${name}` });
        const answer = await fetch(`${store.url}/upload/storage/v1/b/exports/o?${query.toString()}`, {
          method: 'POST',
          body: name,
        });
        assert.equal(answer.status, 200);
      }
      const program = path.join(THIRD_PARTY_FOLDER, 'google_api_client.py');
      const packages = await pythonPackages();
      const directory = `gs://exports/given/${version}/`;
      const printed = await execute(['python3', program, packages, vertex.url, version, model, directory]);
      assert.equal(printed.trim().split('\n').length, 8, printed);

      const exported = await objectNames(`uploaded-${version}/`);
      assert.deepEqual(
        exported.map((name) => name.split('/').slice(2).join('/')),
        ['model.bin', 'variables/1'],
      );
    });
  }
});
