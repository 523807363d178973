import { defined } from '../../../internal/defined';
import type { Inspector } from '../../inspection';
import { shownName } from '../../messages';
import { JsonReader } from '../../readers/json-reader';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import type { ZipEntry } from '../../readers/zip';
import { zipDirectory, zipEntries } from '../../readers/zip';
import type { ZipContent } from '../../readers/zip-content';
import { zipContent } from '../../readers/zip-content';

const MANIFEST = 'MAR-INF/MANIFEST.json';

/** Fields of a manifest's model. */
const MODEL_FIELDS = ['modelName', 'serializedFile', 'modelFile', 'handler'] as const;
type Model = Partial<Record<(typeof MODEL_FIELDS)[number], string>>;

/**
 * Inspects a model archive of TorchServe: it contains the files that its manifest names. Its model is not inspected.
 *
 * Source: https://docs.pytorch.org/serve/ and https://github.com/pytorch/serve/tree/master/model-archiver
 */
export const inspectModelArchive: Inspector = function* (bytes, context) {
  const directory = yield* attempt(bytes, () => zipDirectory(bytes));
  if (directory === undefined) throw bytes.malformed('is cut off, or not a zip archive: it has no end record');
  const names = new Set<string>();
  let manifest: ZipEntry | undefined;
  const entries = zipEntries(bytes, directory);
  for (let entry = yield* nextOf(bytes, entries); entry; entry = yield* nextOf(bytes, entries)) {
    names.add(entry.name);
    if (entry.name === MANIFEST) manifest = entry;
  }
  const found = manifest;
  if (found === undefined) throw bytes.malformed(`is not a model archive: it has no ${MANIFEST}`);
  const content = yield* attempt(bytes, () => zipContent(bytes, directory, found));
  if (content === undefined) {
    context.summarize({ kind: 'torch-model-archive', summary: { entries: names.size } });
    context.limited(bytes.limited(`its ${MANIFEST} is compressed`));
    return;
  }
  const { modelName, handler, serializedFile, modelFile } = yield* readManifest(content);
  context.summarize({
    kind: 'torch-model-archive',
    summary: {
      entries: names.size,
      ...defined({ modelName, handler }),
    },
  });
  // `file.py:function`, or the name of a handler that TorchServe provides.
  const script = handler?.split(':', 1)[0];
  for (const name of [serializedFile, modelFile, script?.endsWith('.py') === true ? script : undefined]) {
    if (name && !names.has(name) && !names.has(baseName(name))) context.finding(`its ${shownName(name)} is missing`);
  }
};

function* readManifest(content: ZipContent): Inspecting<Model> {
  const json = new JsonReader(content.bytes, `its ${MANIFEST}`, content);
  const model: Model = {};
  const found = { model: false };
  yield* json.members(function* (name) {
    if (name !== 'model') {
      yield* json.skip();
      return;
    }
    found.model = true;
    yield* json.members(function* (key) {
      const field = MODEL_FIELDS.find((known) => known === key);
      if (field === undefined) yield* json.skip();
      else model[field] = (yield* json.read(() => (json.isNull() ? undefined : json.string()))) ?? '';
    });
  });
  yield* json.finish();
  if (!found.model) throw json.wrong('model is missing');
  return model;
}

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
