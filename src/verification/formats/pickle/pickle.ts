import { compressionOf, decompressed } from '../../readers/compression';
import type { Inspector } from '../../inspection';
import { inspectPlainPickle } from './plain-pickle';
import { inspectPytorchFile, isPytorch } from '../pytorch/pytorch';
import { attempt } from '../../readers/sparse-bytes';

/**
 * Inspects a pickle or a joblib file, compressed or not. It is never unpickled: its opcodes are followed to its end.
 * Other libraries use the same file names: a file that PyTorch wrote is inspected as such.
 *
 * Sources: https://docs.python.org/3/library/pickletools.html, https://joblib.readthedocs.io/en/stable/persistence.html
 */
export const inspectPickle: Inspector = function* (bytes, context) {
  if (yield* attempt(bytes, () => isPytorch(bytes))) {
    yield* inspectPytorchFile(bytes, context);
    return;
  }
  const compression = yield* attempt(bytes, () => compressionOf(bytes));
  if (compression === undefined) {
    yield* inspectPlainPickle(bytes, context);
    return;
  }
  const content = yield* decompressed(bytes, compression);
  if (content !== undefined) {
    yield* inspectPlainPickle(content, context, compression.name);
    return;
  }
  context.summarize({ kind: 'pickle', summary: { compression: compression.name } });
  context.limited(bytes.limited(`it is compressed (${compression.name})`));
};
