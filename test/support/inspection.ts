import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ArtifactFile } from '../../src/verification/artifact-file';
import type { FileKind } from '../../src/verification/formats';
import { familyOf } from '../../src/verification/formats';
import type { Inspection } from '../../src/verification/inspection';
import { inspectFiles } from '../../src/verification/structure';

/** Files of an export, by path. */
export type Files = Readonly<Record<string, Buffer | string>>;

/** The outcome of an inspection of files in memory, and the bytes that it read. */
export interface SeenInspection extends Inspection {
  readonly reads: readonly { readonly path: string; readonly start: number; readonly length: number }[];
}

/** Inspects files of an export format at the level `structure`. */
export function inspect(exportFormatId: string, files: Files): Promise<SeenInspection> {
  return inspectWith(familyOf(exportFormatId, Object.keys(files))?.kinds ?? [], files);
}

/** Inspects files of these kinds. */
export async function inspectWith(kinds: readonly FileKind[], files: Files): Promise<SeenInspection> {
  const reads: { path: string; start: number; length: number }[] = [];
  const artifacts = Object.entries(files).map(([name, content]): ArtifactFile => {
    const bytes = Buffer.from(content);
    return {
      path: name,
      bytes: bytes.length,
      generation: '1',
      read: (start, length) => {
        reads.push({ path: name, start, length });
        return Promise.resolve(bytes.subarray(start, start + length));
      },
    };
  });
  const { findings, notes, inspected, used } = await inspectFiles(kinds, artifacts);
  return { findings, notes, inspected, used, reads };
}

/** All files below a folder of the models that the emulator ships, for example `image/tflite`. */
export function fixture(name: string): Record<string, Buffer> {
  return readFiles(path.join(__dirname, '..', '..', 'emulator', 'models', 'files', name));
}

/** All files below a folder. */
export function readFiles(folder: string): Record<string, Buffer> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, file).split(path.sep).join('/'), readFileSync(file)];
    }),
  );
}
