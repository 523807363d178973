import type { Inspector, InspectionContext } from '../../inspection';
import { followPickle } from '../pickle/stream';
import { PickleSequence } from '../pickle/values';
import { inspectPlainPickle } from '../pickle/plain-pickle';
import { shownName } from '../../messages';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt, nextOf } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import type { Storage } from './storages';
import { collectStorages } from './storages';
import type { ZipEntry } from '../../readers/zip';
import { beginsAsZip, zipDirectory, zipEntries } from '../../readers/zip';
import { zipContent } from '../../readers/zip-content';

/** Files before PyTorch 1.6 begin with a pickle of this number. */
const LEGACY_MAGIC = Buffer.from('80028a0a6cfc9c46f9206aa850192e', 'hex');
/** Pickles before the saved one: the magic number, the version, and facts about the machine. */
const LEGACY_PREAMBLE = 3;
/** Bytes of the number of elements before each storage. */
const COUNT_BYTES = 8;

/** Whether a file begins like a file of PyTorch, whatever its name is. */
export function isPytorch(bytes: SparseBytes): boolean {
  return beginsAsZip(bytes) || isLegacy(bytes);
}

/**
 * Inspects a file that `torch.save` or TorchScript wrote: a zip archive; before PyTorch 1.6, pickles that the tensors
 * follow; or a plain pickle. It is never unpickled.
 *
 * Sources: https://docs.pytorch.org/docs/stable/notes/serialization.html and
 * https://github.com/pytorch/pytorch/blob/main/torch/serialization.py
 */
export function* inspectPytorchFile(bytes: SparseBytes, context: InspectionContext): Inspecting {
  if (yield* attempt(bytes, () => isLegacy(bytes))) yield* inspectLegacy(bytes, context);
  else if (yield* attempt(bytes, () => beginsAsZip(bytes))) yield* inspectArchive(bytes, context);
  else yield* inspectPlainPickle(bytes, context);
}

export const inspectPytorch: Inspector = (bytes, context) => inspectPytorchFile(bytes, context);

function isLegacy(bytes: SparseBytes): boolean {
  return bytes.size >= LEGACY_MAGIC.length && bytes.slice(0, LEGACY_MAGIC.length).equals(LEGACY_MAGIC);
}

function* inspectArchive(bytes: SparseBytes, context: InspectionContext): Inspecting {
  const directory = yield* attempt(bytes, () => zipDirectory(bytes));
  if (directory === undefined) throw bytes.malformed('is cut off: it begins as a zip archive, but has no end record');
  const entries = new Map<string, ZipEntry>();
  let pickle: ZipEntry | undefined;
  const listing = zipEntries(bytes, directory);
  for (let entry = yield* nextOf(bytes, listing); entry; entry = yield* nextOf(bytes, listing)) {
    entries.set(entry.name, entry);
    const slash = entry.name.indexOf('/');
    if (slash > 0 && entry.name.slice(slash) === '/data.pkl') pickle ??= entry;
  }
  const found = pickle && entries.get(pickle.name);
  if (found === undefined) throw bytes.malformed('is not a PyTorch model: no data.pkl is among its zip entries');
  const root = found.name.slice(0, found.name.indexOf('/') + 1);
  const { isScript, tensors } = yield* countEntries(bytes, entries.keys(), root);
  context.summarize({ kind: 'pytorch', summary: { layout: isScript ? 'torchscript' : 'zip', tensors } });
  const content = yield* attempt(bytes, () => zipContent(bytes, directory, found));
  if (content === undefined) {
    context.limited(bytes.limited(`its entry ${shownName(found.name)} is compressed`));
    return;
  }
  const storages = new Map<string, Storage>();
  yield* followPickle(
    content.bytes,
    { start: content.start, limit: content.start + content.length },
    collectStorages(storages),
  );
  for (const storage of storages.values()) {
    checkStorage(storage, `${root}data/${storage.key}`, entries, context);
    bytes.meter.charge(4);
    if (bytes.meter.isDue) yield undefined;
  }
}

function* countEntries(
  bytes: SparseBytes,
  names: Iterable<string>,
  root: string,
): Inspecting<{ isScript: boolean; tensors: number }> {
  const counted = { isScript: false, tensors: 0 };
  for (const name of names) {
    if (name === `${root}constants.pkl` || name.startsWith(`${root}code/`)) counted.isScript = true;
    if (name.startsWith(`${root}data/`)) counted.tensors += 1;
    bytes.meter.charge(4);
    if (bytes.meter.isDue) yield undefined;
  }
  return counted;
}

function checkStorage(
  { bytes: needed }: Storage,
  name: string,
  entries: ReadonlyMap<string, ZipEntry>,
  context: InspectionContext,
): void {
  const entry = entries.get(name);
  if (entry === undefined) context.finding(`the tensor data ${shownName(name)} is missing`);
  else if (needed !== undefined && entry.bytes < needed) {
    context.finding(`the tensor data ${shownName(name)} has ${entry.bytes} bytes, but should have ${needed}`);
  }
}

/**
 * Five pickles: three describe the file, then the saved object and the keys of its storages, which follow in this
 * order.
 */
function* inspectLegacy(bytes: SparseBytes, context: InspectionContext): Inspecting {
  let at = 0;
  for (let number = 0; number < LEGACY_PREAMBLE; number += 1) {
    at = (yield* followPickle(bytes, { start: at })).end;
  }
  const storages = new Map<string, Storage>();
  at = (yield* followPickle(bytes, { start: at }, collectStorages(storages))).end;
  const { value, end } = yield* followPickle(bytes, { start: at });
  if (!(value instanceof PickleSequence)) throw bytes.malformed(`has no list of its tensors' keys at byte ${at}`);
  context.summarize({ kind: 'pytorch', summary: { layout: 'legacy', tensors: value.items.length } });
  let needed = 0;
  let hasUnknown = false;
  for (const key of value.items) {
    const size = typeof key === 'string' ? storages.get(key)?.bytes : undefined;
    if (size === undefined) hasUnknown = true;
    needed += COUNT_BYTES + (size ?? 0);
    bytes.meter.charge(1);
    if (bytes.meter.isDue) yield undefined;
  }
  const left = bytes.size - end;
  if (left < needed) {
    throw bytes.malformed(
      `is cut off or damaged: its tensors should have ${needed} bytes at byte ${end}, but ${left} are left`,
    );
  }
  if (hasUnknown) context.note('has tensors whose sizes are not known, so that its end was not checked');
  else if (left > needed) context.note(`has ${left - needed} bytes after its tensors`);
}
