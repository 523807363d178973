import type { InspectedFile } from '../contract/inspected';

/** One line on what was learned of a file: `model.tflite is tflite: inputs image float32[1,224,224,3], …`. */
export function describeInspected({ path, kind, summary }: InspectedFile): string {
  const facts = Object.entries(summary).flatMap(([name, value]: [string, unknown]) => {
    const text = textOf(value);
    return text === '' ? [] : [`${name} ${text}`];
  });
  return `\`${path}\` is ${kind}: ${facts.join(', ')}`;
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(' and ');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('type' in value && 'name' in value) {
    const shape = 'shape' in value && Array.isArray(value.shape) ? `[${value.shape.join(',')}]` : '';
    return `${String(value.name)} ${String(value.type)}${shape}`;
  }
  return Object.values(value).map(textOf).filter(Boolean).join(' ');
}
