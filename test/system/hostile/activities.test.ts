import assert from 'node:assert/strict';
import { activityEnvironment } from '../../support/activities';
import { suite, test } from 'node:test';
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { z } from 'zod';
import { createExportActivities } from '../../../src/activities';
import {
  awaitExportRequestSchema,
  cancelExportRequestSchema,
  deletePartialArtifactsRequestSchema,
  startExportRequestSchema,
  verifyExportRequestSchema,
} from '../../../src/contract/export-requests';
import { awaitExportsRequestSchema, writeResultsRequestSchema } from '../../../src/contract/fleet-requests';
import { assertAsked, assertDocumented, assertKnownHost, assertWellFormed, textsOf } from './checks';
import { ACTIVITY_ARGUMENTS, FOLDER } from './examples';
import type { Path } from './fields';
import { fieldsOf, patternOf, uncoveredFields, withValue } from './fields';
import { googleAnswer } from './google-answers';
import { ODD_JSON_VALUES } from './odd-values';
import { useOutside } from './outside';
import { HOSTILE_TEXTS, hostileTextsFor } from './values';

const outside = useOutside();
outside.answer = googleAnswer;

const TOKEN = 'ya29.token-of-the-worker';
// The clients call the default hosts of a worker.
const activities = createExportActivities({
  emulators: {},
  credentials: { headers: () => Promise.resolve({ authorization: `Bearer ${TOKEN}` }), refresh: () => undefined },
  settleDelayMs: 0,
  outageMs: 1,
  refusedMs: 1,
  notFoundMs: 1,
  maxRequestsPerMinute: 1_000_000,
  maxSubmissionsPerMinute: 1_000_000,
});

/** Workflows that an activity described or changed. */
const described: string[] = [];
// Only these calls exist: any other one fails the test.
const client = {
  withAbortSignal: (_signal: AbortSignal, call: () => Promise<unknown>) => call(),
  workflow: {
    getHandle: (workflowId: string) => ({
      describe: () => {
        described.push(workflowId);
        return Promise.reject(new WorkflowNotFoundError('not found', workflowId, undefined));
      },
    }),
    list: () => [],
  },
} as unknown as Client;

type Activity = keyof typeof ACTIVITY_ARGUMENTS;
/** Activities that never call Google, or only for some inputs. */
const WITHOUT_REQUESTS: ReadonlySet<string> = new Set(['checkExports', 'awaitExports', 'planExports']);

const NAMES = Object.keys(ACTIVITY_ARGUMENTS) as Activity[];

/** Schemas of the requests, each for the one argument of its activity. */
const SCHEMAS: Partial<Record<Activity, z.ZodType>> = {
  startExport: startExportRequestSchema,
  awaitExport: awaitExportRequestSchema,
  verifyExport: verifyExportRequestSchema,
  cancelExport: cancelExportRequestSchema,
  deletePartialArtifacts: deletePartialArtifactsRequestSchema,
  awaitExports: awaitExportsRequestSchema,
  writeResults: writeResultsRequestSchema,
};

/** Runs an activity as a worker does, with any arguments. */
function call(name: Activity, args: readonly unknown[]): Promise<unknown> {
  return activityEnvironment({}, { client }).run(
    activities[name] as (...given: unknown[]) => Promise<unknown>,
    ...args,
  );
}

/** Fails unless a call is rejected with a documented failure, or has no unrequested effect. */
async function assertHarmless(name: Activity, args: readonly unknown[], what: string): Promise<void> {
  outside.clear();
  await call(name, args).then(
    (result) => {
      assertWellFormed(result, what);
    },
    (error: unknown) => {
      assertDocumented(error, what);
    },
  );
  for (const host of outside.hosts) assertKnownHost(host, what);
  const asked = textsOf(args);
  for (const request of outside.requests) {
    const place = assertAsked(request, asked, what);
    assert.equal(request.headers.authorization?.includes('evil') ?? false, false, what);
    if (place === undefined) continue;
    const isChange = place.method === 'DELETE' || place.method === 'POST';
    if (isChange) assert.ok(isInFolderOfCaller(place.uri), `${what}: ${place.method} ${place.uri}`);
  }
}

/** Whether a place is in a folder that only exports of the calling workflow write to. */
function isInFolderOfCaller(uri: string): boolean {
  return /^gs:\/\/[^/]+\/(?:.*\/)?test\/[0-9a-f-]{36}\/.+/.test(uri);
}

/** A few hostile texts of each kind. */
const FEW_TEXTS = HOSTILE_TEXTS.filter((_, index) => index % 150 === 0);

const shown = (text: string): string => JSON.stringify(text).slice(0, 200);

/** Every field of an activity's arguments, in the first example that has it. */
function* places(name: Activity): Generator<{ args: readonly unknown[]; path: Path; value: unknown }> {
  const seen = new Set<string>();
  for (const args of ACTIVITY_ARGUMENTS[name]) {
    for (const { path, value } of fieldsOf(args)) {
      const key = `${String(path[0])} ${patternOf(path)} ${typeof value}`;
      if (!seen.has(key)) yield { args, path, value };
      seen.add(key);
    }
  }
}

/** Activities whose arguments are inputs. Another test file tries every value with their parsers. */
const OF_INPUTS: ReadonlySet<string> = new Set(['selectExportFormat', 'checkExports', 'planExports']);

/** Hostile names and hosts, and half of the other texts. */
const TEXTS_OF_INPUTS = HOSTILE_TEXTS.filter(
  (text, index) => /evil|projects|gs:|pkg|gcr/.test(text) || index % 2 === 0,
);

/** At least 300 texts, with which an activity is called in one field. */
function textsFor(name: Activity, valid: string): readonly string[] {
  return OF_INPUTS.has(name) ? TEXTS_OF_INPUTS : hostileTextsFor(valid);
}

suite('the examples of activity requests', () => {
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    test(`have every field of the request of ${name}`, () => {
      const examples = ACTIVITY_ARGUMENTS[name as Activity].map(([request]) => request);
      assert.deepEqual(uncoveredFields(schema, examples), []);
    });
  }

  test('cover every activity', () => {
    assert.deepEqual(NAMES.toSorted(), Object.keys(activities).toSorted());
  });

  for (const name of NAMES) {
    for (const [index, args] of ACTIVITY_ARGUMENTS[name].entries()) {
      test(`are accepted by ${name}, in form ${index + 1}`, async () => {
        outside.clear();
        const error: unknown = await call(name, args).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        // These tests have no image and no upload, and check only the requests for them.
        assert.ok(error === undefined || name === 'verifyExport', String(error));
        if (WITHOUT_REQUESTS.has(name)) return;
        assert.ok(outside.requests.length > 0);
        for (const { headers } of outside.requests) assert.match(headers.authorization ?? '', /^(?:Bearer|Basic) \S+$/);
      });
    }
  }
});

for (const name of NAMES) {
  suite(`the activity ${name}, called with any arguments,`, () => {
    test('has no unrequested effect for a hostile text in any field', { timeout: 300_000 }, async () => {
      let combinations = 0;
      for (const { args, path, value } of places(name)) {
        if (typeof value !== 'string') continue;
        for (const text of textsFor(name, value)) {
          await assertHarmless(name, withValue(args, path, text) as unknown[], `${patternOf(path)} = ${shown(text)}`);
          combinations += 1;
        }
      }
      assert.ok(combinations >= 300, String(combinations));
    });

    test('has no unrequested effect if Google does not answer', { timeout: 120_000 }, async () => {
      for (const answer of [{ status: 404 }, { body: {} }, { status: 204 }, { body: '' }]) {
        outside.answer = () => answer;
        for (const args of ACTIVITY_ARGUMENTS[name]) await assertHarmless(name, args, JSON.stringify(answer));
        for (const { args, path, value } of places(name)) {
          if (typeof value !== 'string') continue;
          for (const text of FEW_TEXTS) {
            await assertHarmless(name, withValue(args, path, text) as unknown[], `${patternOf(path)} = ${shown(text)}`);
          }
        }
      }
      outside.answer = googleAnswer;
    });

    test('has no unrequested effect for a value of another type in any field', { timeout: 120_000 }, async () => {
      for (const { args, path } of places(name)) {
        for (const { what, value } of ODD_JSON_VALUES) {
          await assertHarmless(name, withValue(args, path, value) as unknown[], `${patternOf(path)} = ${what}`);
        }
      }
    });
  });
}

suite('a foreign workflow', () => {
  test('is only described, and only if the caller named it', () => {
    assert.ok(described.length > 0);
    assert.equal(FOLDER.includes('test'), true);
  });
});
