import type { EmulatorModel } from '../emulator';

/** Models of the local Vertex AI whose exports write nothing; only how long they run matters. */
export function benchModels(count: number, durationMs: (index: number) => number): EmulatorModel[] {
  return Array.from({ length: count }, (_, index) => ({
    model: {
      name: `projects/bench/locations/us-central1/models/${index + 1}`,
      displayName: `model ${index + 1}`,
      supportedExportFormats: [{ id: 'tflite', exportableContents: ['ARTIFACT'] }],
    },
    exports: { tflite: {} },
    durationMs: durationMs(index),
  }));
}
