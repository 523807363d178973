import type { InspectedFile } from '../../verification/inspected';

/** One line on what was learned of a file: `model.tflite is tflite: subgraphs 1, inputs image float32[1,224,224,3]`. */
export function describeInspected({ path, kind, summary }: InspectedFile): string {
  const facts = Object.entries(summary).flatMap(([name, value]: [string, unknown]) => {
    const text = textOf(value);
    return text === '' ? [] : [`${inWords(name)} ${text}`];
  });
  return `\`${path}\` is ${kind}: ${facts.join(', ')}`;
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
  return Object.entries(value)
    .map(([name, part]: [string, unknown]) => (typeof part === 'number' ? `${part} ${inWords(name)}` : textOf(part)))
    .join(' ');
}

/** `servingContainer` as people write it. */
function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
