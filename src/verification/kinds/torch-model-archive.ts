import { z } from 'zod';
import type { Inspector } from '../inspection';
import { jsonOf } from '../reading/json-file';
import { zipDirectory, zipEntries } from '../reading/zip';
import type { ZipEntry } from '../reading/zip';
import { zipContent } from '../reading/zip-content';

const MANIFEST = 'MAR-INF/MANIFEST.json';

const manifestSchema = z.object({
  model: z.object({
    modelName: z.string().nullish(),
    serializedFile: z.string().nullish(),
    modelFile: z.string().nullish(),
    handler: z.string().nullish(),
  }),
});

/**
 * A model archive of TorchServe: the files that its manifest names are in it. Its model is not looked into.
 *
 * Source: https://docs.pytorch.org/serve/ and https://github.com/pytorch/serve/tree/master/model-archiver
 */
export const inspectModelArchive: Inspector = (bytes, look) => {
  const directory = zipDirectory(bytes);
  if (directory === undefined) throw bytes.malformed('is cut off, or no zip archive: it has no end record');
  const entries = new Map<string, ZipEntry>();
  for (const entry of zipEntries(bytes, directory)) entries.set(entry.name, entry);
  const manifest = entries.get(MANIFEST);
  if (manifest === undefined) throw bytes.malformed(`is no model archive: it has no ${MANIFEST}`);
  const content = zipContent(bytes, directory, manifest);
  if (content === undefined) {
    look.learned({ kind: 'torch-model-archive', summary: { entries: entries.size } });
    look.note(`its ${MANIFEST} is compressed and was not looked into`);
    return;
  }
  const { model } = jsonOf(content.bytes, manifestSchema, { what: `its ${MANIFEST}`, ...content });
  const { modelName, handler } = model;
  look.learned({
    kind: 'torch-model-archive',
    summary: {
      entries: entries.size,
      ...(typeof modelName === 'string' && { modelName }),
      ...(typeof handler === 'string' && { handler }),
    },
  });
  // `file.py:function`, or the name of a handler that TorchServe has itself.
  const script = handler?.split(':')[0];
  const named = [model.serializedFile, model.modelFile, script?.endsWith('.py') ? script : undefined];
  for (const name of named) {
    if (name && !entries.has(name) && !entries.has(baseName(name))) look.finding(`its ${name} is missing`);
  }
};

function baseName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
