import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { RegistryError } from './registry-error';

const ALGORITHMS = ['sha256', 'sha512'] as const;

export type Algorithm = (typeof ALGORITHMS)[number];

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Whether a text is a digest that the registry can verify. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Algorithm of a digest. @throws RegistryError DIGEST_INVALID if the registry can't verify it */
export function algorithmOf(digest: string): Algorithm {
  const algorithm = ALGORITHMS.find((name) => digest.startsWith(`${name}:`));
  if (algorithm !== undefined && isDigest(digest)) return algorithm;
  throw new RegistryError(
    'DIGEST_INVALID',
    `The digest ${digest.slice(0, 200)} is not valid. Send sha256 with 64 or sha512 with 128 lower-case hexadecimal digits.`,
  );
}

/** Digest of bytes, for example `sha256:…`. */
export function digestOf(content: Buffer, algorithm: Algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`;
}

/** Digests of bytes that arrive in parts. The client names the algorithm after the last part. */
export class RunningDigests {
  private constructor(private readonly hashes: Readonly<Record<Algorithm, Hash>>) {}

  static start(): RunningDigests {
    return new RunningDigests({ sha256: createHash('sha256'), sha512: createHash('sha512') });
  }

  update(part: Buffer): void {
    for (const algorithm of ALGORITHMS) this.hashes[algorithm].update(part);
  }

  /** A copy that keeps the present state. */
  copy(): RunningDigests {
    return new RunningDigests({ sha256: this.hashes.sha256.copy(), sha512: this.hashes.sha512.copy() });
  }

  /** The digest of all parts. The object can be used further. */
  current(algorithm: Algorithm): string {
    return `${algorithm}:${this.hashes[algorithm].copy().digest('hex')}`;
  }
}
