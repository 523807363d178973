import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { startEmulator } from '../../../emulator';
import { exportBody } from '../../support/emulator';
import { assertRefusal, CONTROL, post, posted, postedName, send, stateOf } from '../../support/hostile-requests';
import { at, call } from '../../support/http';
import { temporaryFolder } from '../../support/models';
import { useGoogleServices } from '../../support/services';

const ROOT = temporaryFolder('vertex-export-root-');
const HOME = temporaryFolder('vertex-export-home-');
mkdirSync(path.join(ROOT, 'files', 'good'), { recursive: true });
writeFileSync(path.join(ROOT, 'files', 'good', 'model.tflite'), 'model');
writeFileSync(path.join(ROOT, 'not-a-folder'), 'x');
writeFileSync(path.join(HOME, 'key.pem'), 'secret of the home folder');
symlinkSync(HOME, path.join(ROOT, 'files', 'link'));
symlinkSync(path.join(HOME, 'none'), path.join(ROOT, 'files', 'dangling'));

const services = useGoogleServices({ emulator: { filesRoot: ROOT } });

/** Folders that a posted entry must not have, with the message of the answer. */
const FOLDERS: readonly (readonly [string, RegExp])[] = [
  [HOME, /is not a relative path without/],
  ['/etc', /is not a relative path without/],
  ['/', /is not a relative path without/],
  [path.join(ROOT, 'files', 'good'), /is not a relative path without/],
  ['..', /is not a relative path without/],
  [path.relative(ROOT, HOME), /is not a relative path without/],
  ['files/../../..', /is not a relative path without/],
  ['files/good/..', /is not a relative path without/],
  ['..\\..', /is not a relative path without/],
  ['files/link', /leads outside of .* by a symbolic link/],
  ['files/link/.', /leads outside of .* by a symbolic link/],
  ['files/dangling', /the folder .* does not exist/],
  ['files/nowhere', /the folder .* does not exist/],
  ['not-a-folder', /the folder .* does not exist/],
  ['files\0/good', /NUL/],
];

suite('the folder of a models entry', () => {
  for (const [folder, message] of FOLDERS) {
    for (const kind of ['directory', 'image']) {
      test(`that is posted as ${kind} and is ${JSON.stringify(folder)} is rejected`, async () => {
        const before = await stateOf(services());
        const answer = await send(services().vertex.url, post(`${CONTROL}/models`, posted({ [kind]: folder })));
        assertRefusal(answer, 400, folder);
        assert.match(answer.body, message);
        assert.deepEqual(await stateOf(services()), before);
      });
    }
  }

  test('that is posted and is below the stated root is exported without the targets of links', async () => {
    const { vertex, store } = services();
    symlinkSync(path.join(HOME, 'key.pem'), path.join(ROOT, 'files', 'good', 'linked.pem'));
    const body = posted({ directory: 'files/good' });
    assert.equal((await call('POST', `${vertex.url}${CONTROL}/models`, body)).status, 200);
    const name = postedName();
    const started = await call('POST', `${vertex.url}/v1/${name}:export`, exportBody('tflite', 'gs://exports/posted'));
    await call('POST', `${vertex.url}/v1/${String(at(started.body, 'name'))}:wait`);
    const listed = await call('GET', `${store.url}/storage/v1/b/exports/o?prefix=posted/`);
    const names = (at(listed.body, 'items') as { name: string }[]).map((item) => item.name.split('/').at(-1));
    assert.deepEqual(names, ['model.tflite']);
  });

  test('that is posted is rejected if the emulator has neither a models file nor a root', async () => {
    const emulator = await startEmulator({ models: [] });
    try {
      const answer = await send(emulator.url, post(`${CONTROL}/models`, posted({ directory: 'test' })));
      assertRefusal(answer, 400, 'no root');
      assert.match(answer.body, /no folder is allowed\. Start the emulator with --files-root/);
    } finally {
      await emulator.stop();
    }
  });

  test('of a models file must be below the folder of the file or below the stated root', async () => {
    const folder = temporaryFolder('vertex-export-models-');
    mkdirSync(path.join(folder, 'own'));
    symlinkSync(HOME, path.join(folder, 'link'));
    const start = async (directory: string, filesRoot?: string): Promise<void> => {
      const file = path.join(folder, 'models.json');
      writeFileSync(file, posted({ directory }));
      await (await startEmulator({ models: file, ...(filesRoot !== undefined && { filesRoot }) })).stop();
    };
    await start('own');
    await start(path.join(folder, 'own'));
    await start(path.join(ROOT, 'files', 'good'), ROOT);
    await assert.rejects(start(path.join(ROOT, 'files', 'good')), /is outside of .*--files-root/);
    await assert.rejects(start('..'), /is outside of/);
    await assert.rejects(start('/etc'), /is outside of/);
    await assert.rejects(start('link'), /leads outside of/);
    await assert.rejects(
      start('own', path.join(folder, 'nowhere')),
      /filesRoot has 1 problem.*\n.*the folder .* does not exist/,
    );
  });
});
