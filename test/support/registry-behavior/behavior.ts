import { sha256 } from '../registry-calls';
import type { RegistryCalls } from '../registry-calls';

/** One behavior of a registry: what a client does, and what it observes. */
export interface Behavior {
  readonly title: string;
  readonly observe: (registry: RegistryCalls) => Promise<unknown>;
  /** By the OCI distribution specification. */
  readonly expected: unknown;
  /** What go-containerregistry 0.22.1 does instead. Default: the same. */
  readonly goContainerRegistry?: unknown;
}

/** Digest of content that no test pushes. */
export const UNKNOWN = sha256('not pushed by any test');
