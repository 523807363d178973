import { inspectEdgeTpu, inspectTflite } from '../../src/verification/formats/tflite/tflite';
import { BUFFER } from '../../src/verification/formats/tflite/schema';
import type { SeenInspection } from './inspection';
import { fixture, inspectWith } from './inspection';
import { tfliteModel } from './tflite';
import { zipArchive } from './zip';

/** A program for the Edge TPU. */
export const PROGRAM = Buffer.concat([Buffer.alloc(12), Buffer.from('DWN1 and what the compiler wrote')]);

/** Inspects a TensorFlow Lite model. */
export function inspect(file: Buffer): Promise<SeenInspection> {
  return inspectWith([{ pattern: /\.tflite$/, inspect: inspectTflite }], { 'model.tflite': file });
}

/** Inspects a model for the Edge TPU. */
export function inspectCompiled(file: Buffer): Promise<SeenInspection> {
  return inspectWith([{ pattern: /\.tflite$/, inspect: inspectEdgeTpu }], { 'model.tflite': file });
}

type Summary = Extract<SeenInspection['inspected'][number], { kind: 'tflite' }>['summary'];

/** The facts about the only inspected file. */
export function summaryOf({ inspected: [file] }: SeenInspection): Summary {
  if (file?.kind === 'tflite') return file.summary;
  throw new Error('Nothing was inspected.');
}

/** The only file of a fixture. */
export function theFixture(name: string): Buffer {
  const [file] = Object.values(fixture(name));
  if (file) return file;
  throw new Error(`No file in ${name}.`);
}

/** The model with a zip archive of these files at its end. */
export function withFiles(model: Buffer, files: Readonly<Record<string, string>>, deflated = false): Buffer {
  const zipped = Object.entries(files).map(([name, content]) => ({ name, content, deflated }));
  return Buffer.concat([model, zipArchive(zipped, { start: model.length })]);
}

/** A model whose constant is stored after the FlatBuffer. */
export function withOutsideData(length: number): Buffer {
  const make = (offset: number): Buffer =>
    tfliteModel({ buffers: [{ [BUFFER.offset]: { u64: offset }, [BUFFER.size]: { u64: 8 } }] });
  const model = make(make(2).length);
  return Buffer.concat([model, Buffer.alloc(length, 1)]);
}

/** The model with the description of its root table's fields moved to its end. */
export function withVtableLast(model: Buffer): Buffer {
  const root = model.readUInt32LE(0);
  const vtable = root - model.readInt32LE(root);
  const moved = Buffer.concat([model, model.subarray(vtable, vtable + model.readUInt16LE(vtable))]);
  moved.writeInt32LE(root - model.length, root);
  return moved;
}
