import assert from 'node:assert/strict';
import { activityEnvironment } from '../../support/activities';
import { suite, test } from 'node:test';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { DefaultLogger } from '@temporalio/worker';
import { createExportActivities } from '../../../src/activities';
import { assertDocumented } from './checks';
import { ACTIVITY_ARGUMENTS } from './examples';
import { googleAnswer } from './google-answers';
import { MARK, TELLTALE_ANSWERS, TELLTALE_REJECTIONS, TOKEN } from './marked-secrets';
import type { SeenRequest } from './outside';
import { useOutside } from './outside';

const outside = useOutside();

/** The token as a registry receives it: in Base64, whose first characters are the same for every token. */
const BASIC = Buffer.from(`oauth2accesstoken:${TOKEN}`).toString('base64').slice(0, 40);

let authorization: () => Promise<string> = () => Promise.resolve(`Bearer ${TOKEN}`);
const activities = createExportActivities({
  emulators: {},
  credentials: { headers: async () => ({ authorization: await authorization() }), refresh: () => undefined },
  settleDelayMs: 0,
  outageMs: 1,
  refusedMs: 1,
  notFoundMs: 1,
  maxRequestsPerMinute: 1_000_000,
  maxSubmissionsPerMinute: 1_000_000,
});

type Activity = keyof typeof ACTIVITY_ARGUMENTS;
/** Activities that call Google, each with one request that fails. All other requests succeed. */
const PATHS: readonly {
  readonly name: Activity;
  readonly form: number;
  readonly bad: (request: SeenRequest) => boolean;
}[] = [
  { name: 'selectExportFormat', form: 0, bad: ({ host }) => host.includes('aiplatform') },
  { name: 'selectExportFormat', form: 0, bad: ({ host }) => host.includes('storage') },
  { name: 'startExport', form: 0, bad: ({ method }) => method === 'GET' },
  { name: 'startExport', form: 0, bad: ({ target }) => target.endsWith(':export') },
  { name: 'awaitExport', form: 0, bad: () => true },
  { name: 'verifyExport', form: 0, bad: () => true },
  { name: 'verifyExport', form: 0, bad: ({ target }) => target.includes('alt=media') },
  { name: 'verifyExport', form: 1, bad: () => true },
  { name: 'cancelExport', form: 0, bad: ({ target }) => target.includes('/operations') },
  { name: 'cancelExport', form: 0, bad: ({ target }) => target.includes(':cancel') },
  { name: 'deletePartialArtifacts', form: 0, bad: ({ method }) => method === 'GET' },
  { name: 'deletePartialArtifacts', form: 0, bad: ({ method }) => method === 'DELETE' },
  { name: 'planExports', form: 2, bad: () => true },
  { name: 'writeResults', form: 0, bad: () => true },
];

/** Runs an activity, and returns all its output: result or failure, heartbeats, log lines. */
async function everythingOf(name: Activity, form: number): Promise<{ said: string; error: unknown }> {
  const left: unknown[] = [];
  const logger = new DefaultLogger('TRACE', ({ message, meta }) => left.push(message, visible(meta)));
  const environment = activityEnvironment({}, { logger });
  environment.on('heartbeat', (details: unknown) => left.push(details));
  const args = ACTIVITY_ARGUMENTS[name][form] ?? [];
  let error: unknown;
  try {
    left.push(await environment.run(activities[name] as (...given: unknown[]) => Promise<unknown>, ...args));
  } catch (reason) {
    error = reason;
    left.push(defaultFailureConverter.errorToFailure(reason, defaultPayloadConverter));
  }
  return { said: JSON.stringify(left, (_, value: unknown) => readable(value)), error };
}

/** Bytes of payloads as text. */
function readable(value: unknown): unknown {
  const isBytes = value instanceof Uint8Array;
  if (isBytes) return Buffer.from(value).toString();
  if (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer' && 'data' in value) {
    return Buffer.from(value.data as number[]).toString();
  }
  return value;
}

/** The text that a logger may print for a value: errors with their causes. */
function visible(value: unknown): unknown {
  if (value instanceof Error) return [value.message, value.stack, visible(value.cause)];
  if (typeof value !== 'object' || value === null) return value;
  return Object.values(value).map((part: unknown) => (part instanceof Error ? visible(part) : part));
}

function assertNoSecret(said: string, what: string): void {
  for (const secret of [MARK, BASIC]) {
    const at = said.indexOf(secret);
    assert.ok(at < 0, `${what}: …${said.slice(Math.max(0, at - 200), at + 50)}…`);
  }
}

suite('a secret does not leave an activity', () => {
  test('on at least 26 paths', () => {
    const ways = Object.keys(TELLTALE_ANSWERS).length + Object.keys(TELLTALE_REJECTIONS).length;
    assert.ok(ways >= 26, String(ways));
  });

  for (const [what, telltale] of Object.entries(TELLTALE_ANSWERS)) {
    test(`with ${what}`, { timeout: 60_000 }, async () => {
      authorization = () => Promise.resolve(`Bearer ${TOKEN}`);
      for (const { name, form, bad } of PATHS) {
        outside.answer = (request) => (bad(request) ? telltale(request) : googleAnswer(request));
        const { said, error } = await everythingOf(name, form);
        if (error !== undefined) assertDocumented(error, name);
        assertNoSecret(said, name);
      }
    });
  }

  for (const [what, rejection] of Object.entries(TELLTALE_REJECTIONS)) {
    test(`where the credentials fail with ${what}`, { timeout: 60_000 }, async () => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a library can reject with anything
      authorization = () => Promise.reject(rejection);
      for (const { name, form } of PATHS) {
        const { said, error } = await everythingOf(name, form);
        assertDocumented(error, name);
        assertNoSecret(said, name);
      }
    });
  }

  test('in the error of an operation, its name or the place of its output', async () => {
    authorization = () => Promise.resolve(`Bearer ${TOKEN}`);
    const name = ACTIVITY_ARGUMENTS.awaitExport[0]?.[0]?.operation;
    const message = `the agent's token ${TOKEN} has no access`;
    const ends = [
      { name, done: true, error: { code: 7, message } },
      { name, done: true, error: { code: 13, message } },
      { name, done: true, error: { code: 9, message: `bucket ${TOKEN} does not exist` } },
      { name, done: true, metadata: { outputInfo: { artifactOutputUri: `https://x/?access_token=${MARK}` } } },
      { name: `${name ?? ''}?access_token=${MARK}`, done: true },
    ];
    for (const body of ends) {
      outside.answer = () => ({ body });
      const { said } = await everythingOf('awaitExport', 0);
      assertNoSecret(said, JSON.stringify(body));
    }
  });
});
