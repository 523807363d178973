import type { Inspector } from '../inspection';
import { countLines } from '../reading/lines';
import { attempt } from '../reading/sparse-bytes';

/** A file of labels: one label per line. */
export const inspectLabels: Inspector = function* (bytes, look) {
  yield* attempt(bytes, () => {
    bytes.needIndex(0, bytes.size);
  });
  look.learned({ kind: 'labels', summary: { lines: yield* countLines(bytes, 0, bytes.size) } });
};
