import assert from 'node:assert/strict';
import { at } from '../../../../support/http';
import type { RawAnswer, TestBucket } from '../../../../support/object-store';

/** One documented behaviour of Cloud Storage, as a check on a new bucket. */
export interface Behaviour {
  readonly title: string;
  readonly check: (bucket: TestBucket) => Promise<void>;
  /** How fake-gcs-server differs. The check must fail there, so that this list stays true. */
  readonly fakeGcsServer?: string;
}

/** Checks an error in the format of the JSON API. */
export function assertError({ status, json, body }: RawAnswer, code: number, reason: string): void {
  const found = [status, at(json, 'error', 'code'), at(json, 'error', 'errors', 0, 'reason')];
  assert.deepEqual(found, [code, code, reason], body.toString());
}

/** The value of an answer with status 200 at a path of keys. */
export function valueAt({ status, json, body }: RawAnswer, ...path: (string | number)[]): unknown {
  assert.equal(status, 200, body.toString());
  return at(json, ...path);
}

export function textAt(answer: RawAnswer, ...path: (string | number)[]): string {
  return String(valueAt(answer, ...path));
}
