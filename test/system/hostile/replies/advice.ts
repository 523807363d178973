import assert from 'node:assert/strict';
import type { Ending, Row } from './calls';
import { apiError, failure, text } from './calls';

const retryInfo = (retryDelay: unknown) =>
  failure({
    status: 'RESOURCE_EXHAUSTED',
    message: 'quota',
    details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay }],
  });
const delayIs = (expected: number | undefined): Ending =>
  apiError(({ retryDelayMs, httpStatus }) => {
    assert.equal(httpStatus, 429);
    assert.equal(retryDelayMs, expected);
  });
const delayIsAtMostTenMinutes = apiError(({ retryDelayMs = 0 }) => {
  assert.ok(retryDelayMs >= 0 && retryDelayMs <= 600_000, String(retryDelayMs));
});
/** Replies with advice to wait. */
export const ADVICE: Readonly<Record<string, Row>> = {
  'advice to wait for a million seconds': {
    call: 'models.get',
    reply: text(retryInfo('1000000s'), 429),
    ending: delayIs(600_000),
  },
  'advice to wait for negative seconds': {
    call: 'models.get',
    reply: text(retryInfo('-5s'), 429),
    ending: delayIs(undefined),
  },
  'advice to wait for 1e9 seconds': {
    call: 'models.get',
    reply: text(retryInfo('1e9s'), 429),
    ending: delayIs(undefined),
  },
  'advice to wait of 400 digits': {
    call: 'models.get',
    reply: text(retryInfo(`${'9'.repeat(400)}s`), 429),
    ending: delayIs(undefined),
  },
  'advice to wait as an object': {
    call: 'models.get',
    reply: text(retryInfo({ seconds: 5 }), 429),
    ending: delayIs(undefined),
  },
  'good advice to wait': { call: 'models.get', reply: text(retryInfo('3.5s'), 429), ending: delayIs(3_500) },
  'Retry-After in the year 9999': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }),
    ending: delayIs(600_000),
  },
  'Retry-After in the past': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': 'Fri, 31 Dec 1999 23:59:59 GMT' }),
    ending: delayIs(undefined),
  },
  'Retry-After of 400 digits': {
    call: 'models.get',
    reply: text('', 429, { 'retry-after': '9'.repeat(400) }),
    ending: delayIsAtMostTenMinutes,
  },
  'Retry-After of a million seconds': {
    call: 'models.get',
    reply: text('', 503, { 'retry-after': '1000000' }),
    ending: delayIsAtMostTenMinutes,
  },
};
