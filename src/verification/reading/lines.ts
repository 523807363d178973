const LINE_FEED = 0x0a;

/** Lines of a text; the last one need not be ended. */
export function countLines(content: Buffer): number {
  let count = content.length > 0 && content.at(-1) !== LINE_FEED ? 1 : 0;
  for (const byte of content) {
    if (byte === LINE_FEED) count += 1;
  }
  return count;
}
