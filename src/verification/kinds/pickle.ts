import { compressionOf, decompressed } from '../reading/compression';
import type { Inspector } from '../inspection';
import { inspectPlainPickle } from './plain-pickle';
import { inspectPytorch, isPytorch } from './pytorch';

/**
 * A pickle or a joblib file, compressed or not. It is never unpickled: its opcodes are followed to its end. Libraries
 * write other things under the same names: what PyTorch wrote is looked into as such.
 *
 * Sources: https://docs.python.org/3/library/pickletools.html, https://joblib.readthedocs.io/en/stable/persistence.html
 */
export const inspectPickle: Inspector = (bytes, look) => {
  if (isPytorch(bytes)) {
    inspectPytorch(bytes, look);
    return;
  }
  const compression = compressionOf(bytes);
  if (compression === undefined) {
    inspectPlainPickle(bytes, look);
    return;
  }
  const content = decompressed(bytes, compression);
  if (content !== undefined) {
    inspectPlainPickle(content, look, compression.name);
    return;
  }
  look.learned({ kind: 'pickle', summary: { compression: compression.name } });
  look.note(`is compressed (${compression.name}), and its content was not looked at`);
};
