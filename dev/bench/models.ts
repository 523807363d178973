import type { EmulatorModel } from '../../emulator';

/** Models of the local Vertex AI; without a folder of files their exports write nothing. */
export function benchModels(count: number, durationMs: (index: number) => number, directory?: string): EmulatorModel[] {
  return Array.from({ length: count }, (_, index) => ({
    model: {
      name: `projects/bench/locations/us-central1/models/${index + 1}`,
      displayName: `model ${index + 1}`,
      supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
    },
    exports: { tflite: directory === undefined ? {} : { directory } },
    durationMs: durationMs(index),
  }));
}
