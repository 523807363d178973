import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';

/** Checksums of content that arrives in parts. */
export class Checksums {
  private crc = 0;
  private readonly hash = createHash('md5');

  add(chunk: Uint8Array): void {
    this.crc = crc32c(chunk, this.crc);
    this.hash.update(chunk);
  }

  /** Both checksums in base64. Call it once. */
  digest(): { readonly crc32c: string; readonly md5Hash: string } {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.crc >>> 0);
    return { crc32c: bytes.toString('base64'), md5Hash: this.hash.digest('base64') };
  }
}
