import type { Inspector } from '../inspection';
import { countLines } from '../readers/lines';
import { attempt } from '../readers/sparse-bytes';

/** A file of labels: one label per line. */
export const inspectLabels: Inspector = function* (bytes, context) {
  yield* attempt(bytes, () => {
    bytes.needIndex(0, bytes.size);
  });
  context.summarize({ kind: 'labels', summary: { lines: yield* countLines(bytes, 0, bytes.size) } });
};
