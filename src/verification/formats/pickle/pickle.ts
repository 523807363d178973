import { compressionOf, decompressed } from '../../readers/compression';
import type { Inspector } from '../../inspection';
import { inspectPlainPickle } from './plain-pickle';
import { inspectPytorchFile, isPytorch } from '../pytorch/pytorch';
import { attempt } from '../../readers/sparse-bytes';

/**
 * A pickle or a joblib file, compressed or not. It is never unpickled: its opcodes are followed to its end. Libraries
 * write other things under the same names: what PyTorch wrote is looked into as such.
 *
 * Sources: https://docs.python.org/3/library/pickletools.html, https://joblib.readthedocs.io/en/stable/persistence.html
 */
export const inspectPickle: Inspector = function* (bytes, look) {
  if (yield* attempt(bytes, () => isPytorch(bytes))) {
    yield* inspectPytorchFile(bytes, look);
    return;
  }
  const compression = yield* attempt(bytes, () => compressionOf(bytes));
  if (compression === undefined) {
    yield* inspectPlainPickle(bytes, look);
    return;
  }
  const content = yield* decompressed(bytes, compression);
  if (content !== undefined) {
    yield* inspectPlainPickle(content, look, compression.name);
    return;
  }
  look.learned({ kind: 'pickle', summary: { compression: compression.name } });
  look.limited(bytes.limited(`it is compressed (${compression.name})`));
};
