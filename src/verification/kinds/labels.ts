import type { Inspector } from '../inspection';
import { countLines } from '../reading/lines';

/** A file of labels: a label a line. */
export const inspectLabels: Inspector = (bytes, look) => {
  bytes.needIndex(0, bytes.size);
  look.learned({ kind: 'labels', summary: { lines: countLines(bytes.slice(0, bytes.size)) } });
};
