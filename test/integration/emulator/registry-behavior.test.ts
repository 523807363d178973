import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Service } from '../../../src/testing/services/services';
import { startRegistry } from '../../../src/testing/services/services';
import { findComponent } from '../../../src/testing/services/find-component';
import { missingReason } from '../../support/missing-program';
import { RegistryCalls } from '../../support/registry-calls';
import { REGISTRY_BEHAVIORS } from '../../support/registry-behavior/all';

suite("go-containerregistry's registry, compared with the built-in one", () => {
  let registry: Service | undefined;
  let missing: string | undefined;
  before(async () => {
    missing = await missingReason(() => findComponent('registry'));
    if (missing === undefined) registry = await startRegistry();
  });
  after(async () => {
    await registry?.stop();
  });

  for (const { title, observe, ...row } of REGISTRY_BEHAVIORS) {
    const isDifferent = 'goContainerRegistry' in row;
    test(`${isDifferent ? 'differs as recorded' : 'is equal'}: ${title}`, async (context) => {
      if (registry === undefined) {
        context.skip(missing);
        return;
      }
      const observed = await observe(new RegistryCalls(registry.url));
      assert.deepEqual(observed, isDifferent ? row.goContainerRegistry : row.expected);
      if (isDifferent) assert.notDeepEqual(row.goContainerRegistry, row.expected, 'the row records no difference');
    });
  }
});
