import path from 'node:path';
import { z } from 'zod';
import type { ArtifactFile, Inspection, Inspector } from './artifact-file';
import { finding, MAX_INDEX_BYTES, parsedJson, readJson } from './artifact-file';

/** Bits of one element. Source: https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs */
const ELEMENT_BITS: Readonly<Record<string, number>> = {
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

const LENGTH_BYTES = 8;

const size = z.int().min(0);
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

type Tensor = z.output<typeof tensorSchema>;
type Header = { readonly tensors: ReadonlyMap<string, Tensor> } | { readonly problem: string };

const headers = new WeakMap<ArtifactFile, Promise<Header>>();

/** The header of a file; an index asks for those of its shards again. */
function headerOf(file: ArtifactFile): Promise<Header> {
  const header = headers.get(file) ?? readHeader(file);
  headers.set(file, header);
  return header;
}

/** Reads the header of a file: its length, then JSON. */
async function readHeader(file: ArtifactFile): Promise<Header> {
  if (file.bytes < LENGTH_BYTES) return { problem: `has ${file.bytes} bytes, too few for a header` };
  const length = (await file.read(0, LENGTH_BYTES)).readBigUInt64LE();
  if (length > BigInt(file.bytes - LENGTH_BYTES)) {
    return { problem: `its header should have ${length.toString()} bytes, and the file has ${file.bytes}` };
  }
  if (length > BigInt(MAX_INDEX_BYTES)) return { problem: `its header has ${length.toString()} bytes, too many` };
  if (length === 0n) return { problem: 'its header is empty' };
  const parsed = parsedJson(await file.read(LENGTH_BYTES, Number(length)));
  if ('problem' in parsed) return { problem: `its header ${parsed.problem}` };
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'its header is no object' };
  const tensors = new Map<string, Tensor>();
  for (const [name, entry] of Object.entries(value)) {
    if (name === '__metadata__') continue;
    const tensor = tensorSchema.safeParse(entry);
    if (!tensor.success) return { problem: `its header has no valid entry for the tensor ${name}` };
    tensors.set(name, tensor.data);
  }
  const problem = layoutProblem(tensors, file.bytes - LENGTH_BYTES - Number(length));
  return problem === undefined ? { tensors } : { problem };
}

/** The tensors must cover the data from its begin to its end, without gap or overlap, each with the bytes of its shape. */
function layoutProblem(tensors: ReadonlyMap<string, Tensor>, dataBytes: number): string | undefined {
  let end = 0;
  const sorted = [...tensors].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { dtype, shape, data_offsets: offsets }] of sorted) {
    const bits = ELEMENT_BITS[dtype];
    const bytes = offsets[1] - offsets[0];
    if (offsets[0] !== end) return `the tensor ${name} begins at ${offsets[0]}, and ${end} was to be expected`;
    if (bits !== undefined && bytes !== (shape.reduce((product, length) => product * length, 1) * bits) / 8) {
      return `the tensor ${name} has ${bytes} bytes, which do not fit its shape [${shape.join(', ')}] of ${dtype}`;
    }
    end = offsets[1];
  }
  return end === dataBytes ? undefined : `its tensors end at ${end}, and the data has ${dataBytes} bytes`;
}

/** A file of tensors. */
export const inspectSafetensors: Inspector = async (file) => {
  const header = await headerOf(file);
  if ('problem' in header) return finding(file.path, header.problem);
  const types = new Set([...header.tensors.values()].map(({ dtype }) => dtype));
  const summary = { tensors: header.tensors.size, types: [...types].sort().join(', ') };
  return { findings: [], notes: [], inspected: [{ path: file.path, kind: 'safetensors', summary }] };
};

/** The index of sharded tensors: every tensor must be in the file that it names. */
export const inspectSafetensorsIndex: Inspector = async (file, files) => {
  const parsed = await readJson(file);
  if ('problem' in parsed) return finding(file.path, parsed.problem);
  const index = indexSchema.safeParse(parsed.value);
  if (!index.success) return finding(file.path, 'has no weight_map of tensors to files');
  const { weight_map: weights } = index.data;
  const names = new Set(Object.values(weights));
  const findings: string[] = [];
  for (const name of names) {
    const shard = files.get(path.posix.join(path.posix.dirname(file.path), name));
    if (shard === undefined) {
      findings.push(`${file.path}: the shard ${name} is missing`);
      continue;
    }
    const header = await headerOf(shard);
    // A shard with problems has findings of its own.
    if ('problem' in header) continue;
    const missing = Object.keys(weights).filter((tensor) => weights[tensor] === name && !header.tensors.has(tensor));
    if (missing.length > 0) findings.push(`${file.path}: ${name} lacks ${listed(missing)}`);
  }
  const summary = { tensors: Object.keys(weights).length, shards: names.size };
  const inspection: Inspection = {
    findings,
    notes: [],
    inspected: [{ path: file.path, kind: 'safetensors index', summary }],
  };
  return inspection;
};

const SHOWN = 5;

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${names.slice(0, SHOWN).join(', ')}${more}`;
}
