import assert from 'node:assert/strict';
import type { FileKind } from '../../src/verification/formats';
import { inspectOnnx } from '../../src/verification/formats/onnx/onnx';
import { inspectPickle } from '../../src/verification/formats/pickle/pickle';
import { inspectPytorch } from '../../src/verification/formats/pytorch/pytorch';
import { inspectModelArchive } from '../../src/verification/formats/pytorch/model-archive';
import { inspectXgboost } from '../../src/verification/formats/xgboost/xgboost';
import type { Files, SeenInspection } from './inspection';
import { inspectWith } from './inspection';

/** The kinds of files that custom-trained Models have. */
const KINDS: readonly FileKind[] = [
  { pattern: /\.onnx$/, inspect: inspectOnnx },
  { pattern: /\.(pkl|joblib)$/, inspect: inspectPickle },
  { pattern: /\.(pt|pth)$/, inspect: inspectPytorch },
  { pattern: /\.mar$/, inspect: inspectModelArchive },
  { pattern: /\.bst$/, inspect: inspectXgboost },
];

export const MIB = 2 ** 20;

export const inspect = (files: Files): Promise<SeenInspection> => inspectWith(KINDS, files);

/** Inspects a file that must be valid. Returns its summary and its notes. */
export async function accepted(name: string, content: Buffer | string, beside: Files = {}): Promise<unknown> {
  const { findings, notes, inspected } = await inspect({ [name]: content, ...beside });
  assert.deepEqual([findings, notes], [[], []]);
  assert.equal(inspected.length, 1);
  return inspected[0]?.summary;
}

/** The notes on a file without faults. */
export async function notesOf(name: string, content: Buffer | string): Promise<readonly string[]> {
  const { findings, notes } = await inspect({ [name]: content });
  assert.deepEqual(findings, []);
  return notes;
}

export async function findingsOf(name: string, content: Buffer | string, beside: Files = {}): Promise<string> {
  const { findings } = await inspect({ [name]: content, ...beside });
  assert.notDeepEqual(findings, []);
  return findings.join('\n');
}

/** Inspects a file that is cut off after each byte. Returns the lengths without a finding. */
export async function unnoticedCuts(name: string, whole: Buffer): Promise<number[]> {
  const unnoticed: number[] = [];
  for (let length = 1; length < whole.length; length += 1) {
    const { findings, notes } = await inspect({ [name]: whole.subarray(0, length) });
    if (findings.length === 0 && notes.length === 0) unnoticed.push(length);
  }
  return unnoticed;
}

export async function assertFewReads(
  name: string,
  content: Buffer,
  maxReads: number,
  maxBytes: number,
): Promise<SeenInspection> {
  assert.ok(content.length > MIB);
  const seen = await inspect({ [name]: content });
  assert.deepEqual(seen.findings, []);
  assert.ok(seen.reads.length <= maxReads, `${seen.reads.length} reads`);
  const sum = seen.reads.reduce((total, { length }) => total + length, 0);
  assert.ok(sum <= maxBytes, `${sum} bytes`);
  return seen;
}
