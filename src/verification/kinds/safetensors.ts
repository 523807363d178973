import { z } from 'zod';
import type { Inspector } from '../inspection';
import { jsonOf } from '../reading/json-file';
import { listed } from './listed';
import type { SparseBytes } from '../reading/sparse-bytes';
import { MalformedFileError } from '../reading/sparse-bytes';

/** Bits of one element. Source: https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs */
const ELEMENT_BITS: Readonly<Record<string, number>> = {
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6, BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

const LENGTH_BYTES = 8;

const size = z.int().min(0);
const tensorSchema = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const headerSchema = z
  .looseObject({ __metadata__: z.record(z.string(), z.string()).nullish() })
  .transform((header) => Object.fromEntries(Object.entries(header).filter(([name]) => name !== '__metadata__')))
  .pipe(z.record(z.string(), tensorSchema));
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

type Tensors = z.output<typeof headerSchema>;

const headers = new WeakMap<SparseBytes, Tensors>();

/** The tensors that a file's header names. An index asks for those of all its shards, again in every run. */
function headerOf(bytes: SparseBytes): Tensors {
  const header = headers.get(bytes) ?? readHeader(bytes);
  headers.set(bytes, header);
  return header;
}

function readHeader(bytes: SparseBytes): Tensors {
  if (bytes.size < LENGTH_BYTES) throw bytes.malformed(`has ${bytes.size} bytes, too few for a header`);
  const length = bytes.u64(0);
  if (length > bytes.size - LENGTH_BYTES) {
    throw bytes.malformed(`its header should have ${length} bytes, and the file has ${bytes.size}`);
  }
  const tensors = jsonOf(bytes, headerSchema, { what: 'its header', start: LENGTH_BYTES, length });
  checkLayout(bytes, tensors, bytes.size - LENGTH_BYTES - length);
  return tensors;
}

/** The tensors must cover the data from its begin to its end, without gap or overlap, each with the bytes of its shape. */
function checkLayout(bytes: SparseBytes, tensors: Tensors, dataBytes: number): void {
  let end = 0;
  const sorted = Object.entries(tensors).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { dtype, shape, data_offsets: offsets }] of sorted) {
    const bits = ELEMENT_BITS[dtype];
    const length = offsets[1] - offsets[0];
    if (offsets[0] !== end)
      throw bytes.malformed(`the tensor ${name} begins at ${offsets[0]}, and ${end} was to be expected`);
    if (bits !== undefined && length !== (shape.reduce((product, side) => product * side, 1) * bits) / 8) {
      throw bytes.malformed(
        `the tensor ${name} has ${length} bytes, which do not fit its shape [${shape.join(', ')}] of ${dtype}`,
      );
    }
    end = offsets[1];
  }
  if (end !== dataBytes) throw bytes.malformed(`its tensors end at ${end}, and the data has ${dataBytes} bytes`);
}

/** A file of tensors. Source: https://huggingface.co/docs/safetensors/index#format */
export const inspectSafetensors: Inspector = (bytes, look) => {
  const tensors = Object.values(headerOf(bytes));
  const types = [...new Set(tensors.map(({ dtype }) => dtype))].sort();
  look.learned({ kind: 'safetensors', summary: { tensors: tensors.length, types } });
};

/** The index of sharded tensors: every tensor must be in the file that it names. */
export const inspectSafetensorsIndex: Inspector = (bytes, look) => {
  const { weight_map: weights } = jsonOf(bytes, indexSchema);
  const byShard = new Map<string, string[]>();
  for (const [tensor, shard] of Object.entries(weights)) byShard.set(shard, [...(byShard.get(shard) ?? []), tensor]);
  look.learned({ kind: 'safetensors-index', summary: { tensors: Object.keys(weights).length, shards: byShard.size } });
  for (const [name, tensors] of byShard) {
    const shard = look.open(look.beside(name));
    if (shard === undefined) {
      look.finding(`the shard ${name} is missing`);
      continue;
    }
    const missing = missingTensors(shard, tensors);
    if (missing.length > 0) look.finding(`${name} lacks ${listed(missing)}`);
  }
};

function missingTensors(shard: SparseBytes, names: readonly string[]): string[] {
  try {
    const header = headerOf(shard);
    return names.filter((name) => !Object.hasOwn(header, name));
  } catch (error) {
    // A shard with problems has findings of its own.
    if (error instanceof MalformedFileError) return [];
    throw error;
  }
}
