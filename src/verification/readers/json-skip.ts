import type { JsonScanner } from './json-scan';
import { BYTE, WindowEndError } from './json-scan';

/** Tokens that are skipped at once. */
const TOKENS = 256;

/** Skips a value of any size, 256 tokens at a time, and checks its grammar. */
export class JsonSkipping {
  /** The closing brackets of the open objects and lists. */
  private readonly open: number[] = [];
  /** Whether the innermost one has no item yet. */
  private isFirst = true;

  constructor(private readonly scanner: JsonScanner) {}

  /** Number of open objects and lists. */
  get depth(): number {
    return this.open.length;
  }

  /**
   * Skips some tokens, and returns whether the value has ended.
   *
   * @throws WindowEndError if the loaded part has not even one token
   */
  advance(): boolean {
    for (let token = 0; token < TOKENS; token += 1) {
      const { at } = this.scanner;
      try {
        if (this.skipToken()) return true;
      } catch (error) {
        if (!(error instanceof WindowEndError) || token === 0) throw error;
        this.scanner.at = at;
        return false;
      }
    }
    return false;
  }

  private skipToken(): boolean {
    const { scanner, open } = this;
    const close = open.at(-1);
    if (close !== undefined) {
      if (!scanner.hasMore(this.isFirst, close)) {
        open.pop();
        this.isFirst = false;
        return open.length === 0;
      }
      if (close === BYTE.closeObject) {
        scanner.skipString();
        scanner.expect(BYTE.colon);
      }
    }
    const byte = scanner.next();
    if (byte === BYTE.openList || byte === BYTE.openObject) {
      scanner.at += 1;
      open.push(byte === BYTE.openList ? BYTE.closeList : BYTE.closeObject);
      this.isFirst = true;
      return false;
    }
    if (byte === BYTE.quote) scanner.skipString();
    else scanner.skipScalar();
    this.isFirst = false;
    return open.length === 0;
  }
}
