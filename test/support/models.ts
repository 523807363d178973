import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { rm } from 'node:fs/promises';
import { fixture } from './inspection';
import type { Emulator, EmulatorModel, EmulatorOperation, ExportOutcome } from '../../emulator';

export const PARENT = 'projects/demo-project/locations/us-central1';
const DEFAULT_MODEL = `${PARENT}/models/44011700000000000`;

/** The models that ship with the emulator. */
export const MODELS = {
  flowers: `${DEFAULT_MODEL}01`,
  iris: `${DEFAULT_MODEL}02`,
  churn: `${DEFAULT_MODEL}03`,
  assistant: `${DEFAULT_MODEL}04`,
  videoLabels: `${DEFAULT_MODEL}05`,
} as const;

/** A real model, of 3 KB. */
const TFLITE = fixture('image/tflite')['model.tflite'] ?? '';

let lastModel = 7_000_000_000;

/** A Model of the emulator with files that the test chooses. */
export interface TestModel {
  readonly displayName?: string;
  readonly location?: string;
  /** Formats with their files, by path; content `''` is an empty file. Default: one `tflite` with its file. */
  readonly formats?: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>>;
  readonly exportableContents?: Readonly<Record<string, ('ARTIFACT' | 'IMAGE')[]>>;
  /** How long an export runs, in milliseconds. Default 50. */
  readonly durationMs?: number;
  readonly outcome?: ExportOutcome | ExportOutcome[];
  readonly metadataSchemaUri?: string;
  /** Whether its formats have an image too, with the same files in a layer. */
  readonly image?: boolean;
}

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Adds a Model to an emulator, and returns its resource name. */
export function addModel(vertex: Pick<Emulator, 'addModels'>, model: TestModel = {}): string {
  const entry = modelEntry(model);
  vertex.addModels([entry]);
  return entry.model.name;
}

/** The operations of a Model, oldest first. */
export function operationsOf(vertex: Pick<Emulator, 'operations'>, model: string): EmulatorOperation[] {
  const id = model.split('/').at(-1) ?? '-';
  return vertex.operations().filter(({ name }) => name.includes(`/models/${id}/`));
}

/** The entry of a models file. */
export function modelEntry(model: TestModel = {}): EmulatorModel {
  lastModel += 1;
  const folder = temporaryFolder('vertex-export-model-');
  const formats = model.formats ?? { tflite: { 'model.tflite': TFLITE } };
  for (const [format, files] of Object.entries(formats)) {
    mkdirSync(path.join(folder, format));
    for (const [file, content] of Object.entries(files)) {
      const target = path.join(folder, format, file);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, content);
    }
  }
  const ids = Object.keys(formats);
  return {
    model: {
      name: `projects/demo-project/locations/${model.location ?? 'us-central1'}/models/${lastModel}`,
      displayName: model.displayName ?? 'test-model',
      supportedExportFormats: ids.map((id) => ({
        id,
        exportableContents: model.exportableContents?.[id] ?? ['ARTIFACT'],
      })),
      ...(model.metadataSchemaUri !== undefined && { metadataSchemaUri: model.metadataSchemaUri }),
    },
    exports: Object.fromEntries(ids.map((id) => [id, exportOf(path.join(folder, id), model.image)])),
    durationMs: model.durationMs ?? 50,
    ...(model.outcome !== undefined && { outcome: model.outcome }),
  };
}

/** The entry as it can be posted to an emulator whose files are below a root: with relative paths. */
export function postedEntry(model: TestModel, root: string): EmulatorModel {
  const entry = modelEntry(model);
  const below = (place: string | undefined): string | undefined => place && path.relative(root, place);
  const exports = Object.entries(entry.exports).map(([id, { directory, image }]) => [
    id,
    { ...(directory && { directory: below(directory) }), ...(image && { image: below(image) }) },
  ]);
  return { ...entry, exports: Object.fromEntries(exports) as EmulatorModel['exports'] };
}

function exportOf(directory: string, image = false): EmulatorModel['exports'][string] {
  return { directory, ...(image && { image: directory }) };
}

/** A folder that is removed after the file's last test. */
export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  folders.push(folder);
  return folder;
}
