import type { PickleEvents } from '../pickle/opcodes';
import type { PickleValue } from '../pickle/values';
import { PickleGlobal, PickleSequence } from '../pickle/values';

/** The elements of tensors: an entry of a zip archive, or a part of the file after the pickles. */
export interface Storage {
  readonly key: string;
  /** Required size in bytes; `undefined` if its type is not known. */
  readonly bytes: number | undefined;
}

/** Bytes of one element. Source: https://github.com/pytorch/pytorch/blob/main/torch/storage.py */
const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ DoubleStorage: 8, FloatStorage: 4, HalfStorage: 2, BFloat16Storage: 2 },
    ...{ LongStorage: 8, IntStorage: 4, ShortStorage: 2, CharStorage: 1, ByteStorage: 1, BoolStorage: 1 },
    ...{ ComplexDoubleStorage: 16, ComplexFloatStorage: 8, UntypedStorage: 1 },
    ...{ QInt32Storage: 4, QInt8Storage: 1, QUInt8Storage: 1 },
  }),
);

/** Collects the storages that a pickle refers to: `('storage', torch.FloatStorage, '0', 'cpu', 12)`. */
export function collectStorages(storages: Map<string, Storage>): PickleEvents {
  return {
    built: () => undefined,
    persistent: (id) => {
      const storage = storageOf(id);
      if (storage) storages.set(storage.key, storage);
    },
  };
}

function storageOf(id: PickleValue): Storage | undefined {
  if (!(id instanceof PickleSequence)) return undefined;
  const [kind, type, key, , elements] = id.items.slice(0, 5);
  if (kind !== 'storage' || typeof key !== 'string' || typeof elements !== 'number') return undefined;
  const name = type instanceof PickleGlobal ? type.name.slice(type.name.lastIndexOf('.') + 1) : '';
  const size = ELEMENT_BYTES.get(name);
  return { key, bytes: size === undefined ? undefined : elements * size };
}
