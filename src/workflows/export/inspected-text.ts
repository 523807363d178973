import type { ExportVerification } from '../../contract/export-result';

type InspectedFile = NonNullable<ExportVerification['inspected']>[number];

const KIND_NAMES: Readonly<Record<InspectedFile['kind'], string>> = {
  tflite: 'TensorFlow Lite',
  'saved-model': 'TensorFlow SavedModel',
  tabular: 'tabular model',
  'tf-js': 'TensorFlow.js',
  'core-ml': 'Core ML',
  labels: 'labels',
  safetensors: 'safetensors',
  'safetensors-index': 'safetensors index',
  onnx: 'ONNX',
  pytorch: 'PyTorch',
  'torch-model-archive': 'PyTorch model archive',
  pickle: 'pickle',
  xgboost: 'XGBoost',
};

/** One line about an inspected file: `model.tflite`: TensorFlow Lite, 1 subgraph, inputs image float32[1,224,224,3]. */
export function describeInspected({ path, kind, summary }: InspectedFile): string {
  return [`\`${path}\`: ${KIND_NAMES[kind]}`, ...factsOf(summary)].join(', ');
}

function factsOf(summary: object): string[] {
  return Object.entries(summary).flatMap(([name, value]: [string, unknown]) => {
    const label = spacedName(name);
    if (typeof value === 'boolean') return value ? [label] : [];
    // A number with a plural name is a count, another one is a version.
    if (typeof value === 'number' && label.endsWith('s'))
      return [`${value} ${value === 1 ? label.slice(0, -1) : label}`];
    const text = textOf(value);
    return text === '' ? [] : [`${label} ${text}`];
  });
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(' and ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('name' in value && 'type' in value) {
    const shape = 'shape' in value && Array.isArray(value.shape) ? `[${value.shape.join(',')}]` : '';
    return `${String(value.name)} ${String(value.type)}${shape}`;
  }
  if ('name' in value && 'inputs' in value && 'outputs' in value) {
    return `${String(value.name)} (${textOf(value.inputs)} → ${textOf(value.outputs)})`;
  }
  return `(${factsOf(value).join(', ')})`;
}

/** The name of a field with spaces: `serving container` for `servingContainer`. */
function spacedName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
