import type { Inspector, Look } from '../inspection';
import { followPickle } from './pickle-stream';
import { PickleSequence } from './pickle-values';
import { inspectPlainPickle } from './plain-pickle';
import type { SparseBytes } from '../reading/sparse-bytes';
import type { Storage } from './torch-storages';
import { collectStorages } from './torch-storages';
import type { ZipEntry } from '../reading/zip';
import { beginsAsZip, zipDirectory, zipEntries } from '../reading/zip';
import { zipContent } from '../reading/zip-content';

/** A pickle of the number that begins all files before PyTorch 1.6. */
const LEGACY_MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
/** Before what was saved: the magic number, the version, and what the machine is like. */
const LEGACY_PREAMBLE = 3;
/** A storage stands behind the number of its elements, in bytes. */
const COUNT_BYTES = 8;

/** Whether a file begins as PyTorch's do, whatever its name. */
export function isPytorch(bytes: SparseBytes): boolean {
  return beginsAsZip(bytes) || isLegacy(bytes);
}

/**
 * What `torch.save` or TorchScript wrote: a zip archive, before PyTorch 1.6 pickles with the tensors behind them, or a
 * plain pickle. It is never unpickled.
 *
 * Sources: https://docs.pytorch.org/docs/stable/notes/serialization.html and
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 */
export const inspectPytorch: Inspector = (bytes, look) => {
  if (isLegacy(bytes)) inspectLegacy(bytes, look);
  else if (beginsAsZip(bytes)) inspectArchive(bytes, look);
  else inspectPlainPickle(bytes, look);
};

function isLegacy(bytes: SparseBytes): boolean {
  return bytes.size >= LEGACY_MAGIC.length && bytes.slice(0, LEGACY_MAGIC.length).equals(LEGACY_MAGIC);
}

function inspectArchive(bytes: SparseBytes, look: Look): void {
  const directory = zipDirectory(bytes);
  if (directory === undefined) throw bytes.malformed('is cut off: it begins as a zip archive, and has no end record');
  const entries = new Map<string, ZipEntry>();
  for (const entry of zipEntries(bytes, directory)) entries.set(entry.name, entry);
  const names = [...entries.keys()];
  const pickle = names.map((name) => entries.get(/^[^/]+\/data\.pkl$/.exec(name)?.[0] ?? '')).find(Boolean);
  if (pickle === undefined) throw bytes.malformed('is no PyTorch model: no data.pkl is among its zip entries');
  const root = pickle.name.slice(0, pickle.name.indexOf('/') + 1);
  const script = names.some((name) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`));
  const tensors = names.filter((name) => name.startsWith(`${root}data/`)).length;
  look.learned({ kind: 'pytorch', summary: { layout: script ? 'torchscript' : 'zip', tensors } });
  const content = zipContent(bytes, directory, pickle);
  if (content === undefined) {
    look.note(`its entry ${pickle.name} is compressed and was not looked into`);
    return;
  }
  const storages = new Map<string, Storage>();
  followPickle(
    content.bytes,
    { start: content.start, limit: content.start + content.length },
    collectStorages(storages),
  );
  for (const storage of storages.values()) checkStorage(storage, `${root}data/${storage.key}`, entries, look);
}

function checkStorage(
  { bytes: needed }: Storage,
  name: string,
  entries: ReadonlyMap<string, ZipEntry>,
  look: Look,
): void {
  const entry = entries.get(name);
  if (entry === undefined) look.finding(`the tensor data ${name} is missing`);
  else if (needed !== undefined && entry.bytes < needed) {
    look.finding(`the tensor data ${name} has ${entry.bytes} bytes, and should have ${needed}`);
  }
}

/** Five pickles: what the file is, in three; what was saved; the keys of its storages, which follow in this order. */
function inspectLegacy(bytes: SparseBytes, look: Look): void {
  let at = 0;
  for (let number = 0; number < LEGACY_PREAMBLE; number += 1) at = followPickle(bytes, { start: at }).end;
  const storages = new Map<string, Storage>();
  at = followPickle(bytes, { start: at }, collectStorages(storages)).end;
  const { value, end } = followPickle(bytes, { start: at });
  if (!(value instanceof PickleSequence)) throw bytes.malformed(`has no list of its tensors' keys at byte ${at}`);
  look.learned({ kind: 'pytorch', summary: { layout: 'legacy', tensors: value.items.length } });
  const sizes = value.items.map((key) => (typeof key === 'string' ? storages.get(key)?.bytes : undefined));
  const needed = sizes.reduce<number>((sum, size) => sum + COUNT_BYTES + (size ?? 0), 0);
  const left = bytes.size - end;
  if (left < needed) {
    throw bytes.malformed(
      `is cut off or damaged: its tensors should have ${needed} bytes at byte ${end}, and ${left} are left`,
    );
  }
  if (sizes.includes(undefined)) look.note('has tensors whose sizes are not known, so that its end was not checked');
  else if (left > needed) look.note(`has ${left - needed} bytes behind its tensors`);
}
