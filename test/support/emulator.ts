import assert from 'node:assert/strict';
import { beforeEach } from 'node:test';
import { tmpdir } from 'node:os';
import type { GoogleServices } from '../../src/testing/services/local-stack';
import type { HttpAnswer } from './http';
import { at, call } from './http';
import type { Services } from './services';
import { useGoogleServices } from './services';

/** A local Vertex AI that tests call over HTTP. */
export interface EmulatorCalls {
  readonly services: Services<GoogleServices>;
  readonly url: (path: string, version?: string) => string;
  /** Starts an export, and returns the name of its operation. */
  readonly startExport: (model: string, body?: unknown, version?: string) => Promise<string>;
  /** Names of the objects below a prefix. */
  readonly objectNames: (prefix: string) => Promise<string[]>;
}

/**
 * Starts the services of a test file, with the folder for temporary files as the root of posted entries' folders; before
 * each test all faults are removed and all capabilities are enabled.
 */
export function useEmulator(): EmulatorCalls {
  const services = useGoogleServices({ emulator: { filesRoot: tmpdir() } });
  const url = (path: string, version = 'v1beta1'): string => `${services().vertex.url}/${version}/${path}`;
  beforeEach(() => {
    const { vertex } = services();
    vertex.clearFaults();
    vertex.clearRequests();
    vertex.setCapabilities({
      wait: 'honoured',
      list: 'implemented',
      cancel: 'implemented',
      defaultFormat: 'first',
      deniedPermissions: [],
      requiredToken: null,
    });
  });
  return {
    services,
    url,
    startExport: async (model, body = exportBody(), version) => {
      const { status, body: operation } = await call('POST', url(`${model}:export`, version), body);
      assert.equal(status, 200, JSON.stringify(operation));
      return String(at(operation, 'name'));
    },
    objectNames: async (prefix) => {
      const query = new URLSearchParams({ prefix });
      const { body } = await call('GET', `${services().store.url}/storage/v1/b/exports/o?${query.toString()}`);
      const items = (at(body, 'items') ?? []) as { name: string }[];
      return items.map(({ name }) => name);
    },
  };
}

/** A body of `models.export`. */
export function exportBody(exportFormatId = 'tflite', prefix = 'gs://exports/emulator'): unknown {
  return { outputConfig: { exportFormatId, artifactDestination: { outputUriPrefix: prefix } } };
}

/** Checks an error in Google's format. */
export function assertRefused({ status, body }: HttpAnswer, code: number, name: string, message: RegExp): void {
  assert.equal(status, code, JSON.stringify(body));
  assert.deepEqual([at(body, 'error', 'code'), at(body, 'error', 'status')], [code, name]);
  assert.match(String(at(body, 'error', 'message')), message);
}
