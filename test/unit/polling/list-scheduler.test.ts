import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GoogleApiError } from '../../../src/google/api-error';
import { gapsOf, HOUR_MS, MINUTE_MS, scene, SCHEDULE } from '../../support/virtual-poller';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

suite('RegionPoller with lists', () => {
  test('drops a list that never returns the operations, and polls them by name', async () => {
    const { clock, vertex, poll } = scene({ list: 'by-model' });
    await clock.runUntil(Promise.all(numbers(20).map((index) => poll(String(index), 9 * MINUTE_MS))));
    assert.equal(vertex.requests.filter(({ call }) => call === 'list').length, 2);
    for (const { polls, createdAt, endsAt } of vertex.operations) {
      const longest = Math.max(...gapsOf([createdAt, ...polls]));
      assert.ok(longest <= 16_000, `${longest} ms without a poll`);
      assert.ok((polls.at(-1) ?? 0) >= endsAt);
    }
  });

  test('requests one list only if the service has no lists', async () => {
    const { clock, vertex, poll } = scene();
    await clock.runUntil(Promise.all(numbers(20).map((index) => poll(String(index), 9 * MINUTE_MS))));
    assert.equal(vertex.requests.filter(({ call }) => call === 'list').length, 1);
  });

  test('reads a list past the operations of other workers if enough operations are wanted', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested' });
    const startedAt = clock.now();
    let models = 0;
    const nextModel = (): string => String((models += 1));
    const start = (count: number): Promise<number>[] => numbers(count).map(() => poll(nextModel(), 2 * MINUTE_MS));
    const old = start(200);
    for (let other = 0; other < 800; other += 1) vertex.start(nextModel(), HOUR_MS);
    const lags = await clock.runUntil(Promise.all([...old, ...start(40)]));
    assert.ok(Math.max(...lags) <= 5_000, `${Math.max(...lags)} ms`);
    // Earlier requests were sent while the first list was under way.
    const later = vertex.requests.filter(({ at }) => at >= startedAt + MINUTE_MS / 4);
    assert.ok(later.length > 0 && later.every(({ call }) => call === 'list'));
  });

  test('polls an operation by name if it is behind thousands of newer ones in the list', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested' });
    const old = poll('1', 20 * MINUTE_MS);
    for (let newer = 0; newer < 3_000; newer += 1) vertex.start('2', 0);
    const others = numbers(10).map((index) => poll(String(3 + index), 20 * MINUTE_MS));
    assert.ok((await clock.runUntil(old)) <= 16_000);
    for (const lag of await clock.runUntil(Promise.all(others))) assert.ok(lag <= 16_000);
    const requests = (call: string): number => vertex.requests.filter((request) => request.call === call).length;
    // One page every three seconds, and sometimes two more to check whether the list returns the old operation.
    assert.ok(requests('list') <= 480, `${requests('list')} pages`);
    assert.ok(requests('get') <= 150, `${requests('get')} GETs: the other ten are still listed`);
  });

  test('ends a list that repeats a page token, and polls the operations by name', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested', repeatsPageToken: true });
    // Newer operations of others fill the first page, so that the next page is read.
    const awaited = Array.from({ length: 30 }, (_, model) => poll(String(model), 10 * MINUTE_MS));
    for (let other = 0; other < 300; other += 1) vertex.start(`other-${other}`, HOUR_MS);
    const lags = await clock.runUntil(Promise.all(awaited));
    assert.ok(Math.max(...lags) <= MINUTE_MS, `${Math.max(...lags)} ms`);
    const pages = vertex.requests.filter(({ call }) => call === 'list').length;
    assert.ok(pages >= 1 && pages <= 10, `${pages} pages`);
  });

  test('lists later operations although the last list was aborted when all waits ended', async () => {
    const { clock, vertex, poller, poll } = scene({ list: 'with-nested', abortsRequests: true, latencyMs: 2_000 });
    const controller = new AbortController();
    const aborted = numbers(20).map((model) =>
      poller
        .waitForEnd(vertex.start(String(model), HOUR_MS).name, { ...SCHEDULE, signal: controller.signal })
        .catch((error: unknown) => error),
    );
    while (!vertex.requests.some(({ call }) => call === 'list')) await clock.runUntil(clock.sleep(100));
    controller.abort(new Error('shutdown'));
    for (const error of await clock.runUntil(Promise.all(aborted))) assert.match(String(error), /shutdown/);
    await clock.runUntil(clock.sleep(10_000));

    const before = vertex.requests.length;
    await clock.runUntil(Promise.all(numbers(20).map((model) => poll(String(model), 2 * MINUTE_MS))));
    assert.ok(vertex.requests.slice(before).some(({ call }) => call === 'list'));
  });

  test('probes a list that was refused after 20 minutes, and uses it again if it succeeds', async () => {
    const from = 5_000;
    const { clock, vertex, poll } = scene({
      list: 'with-nested',
      failure: (call, _resource, at) =>
        call === 'list' && at < from + 10 * MINUTE_MS
          ? new GoogleApiError('no', 'PERMISSION_DENIED', 403, '')
          : undefined,
    });
    await clock.runUntil(Promise.all(numbers(20).map(() => poll('1', HOUR_MS))));
    const lists = vertex.requests.filter(({ call }) => call === 'list').map(({ at }) => at - from);
    const [refused = NaN, probe = NaN, ...later] = lists;
    assert.ok(probe - refused >= 20 * MINUTE_MS && probe - refused <= 21 * MINUTE_MS, `probed after ${probe} ms`);
    assert.ok(later.length > 100, `${later.length} lists after the probe`);
  });

  test('reports nothing about an operation that ended while a list was being read', async () => {
    const { clock, vertex, poll } = scene({ list: 'with-nested', latencyMs: 4_000 });
    const reported = new Map<number, { done: boolean; late: number }>();
    const all = numbers(20).map(async (index) => {
      const state = { done: false, late: 0 };
      reported.set(index, state);
      const onPoll = (): void => {
        if (state.done) state.late += 1;
      };
      await poll(String(index), 30_000 + index * 1_000, { onPoll });
      state.done = true;
    });
    await clock.runUntil(Promise.all(all));
    await clock.runUntil(clock.sleep(MINUTE_MS));
    assert.ok(vertex.requests.some(({ call }) => call === 'list'));
    assert.deepEqual(
      [...reported.values()].map(({ late }) => late),
      numbers(20).map(() => 0),
    );
  });

  test('polls an operation soon by name after a list returned it, even if the service asked for a long pause', async () => {
    const from = 5_000;
    const throttled = 'projects/123/locations/us-central1/models/0/operations/1';
    const { clock, vertex, poll } = scene({
      list: 'with-nested',
      failure: (call, resource, at) => {
        if (call === 'list')
          return at < from + MINUTE_MS ? undefined : new GoogleApiError('no', 'PERMISSION_DENIED', 403, '');
        const isFirst = resource === throttled && !vertex.requests.some((request) => request.call === 'list');
        return isFirst ? new GoogleApiError('down', 'UNAVAILABLE', 503, '', 10 * MINUTE_MS) : undefined;
      },
    });
    const [lag = NaN] = await clock.runUntil(
      Promise.all(numbers(20).map((model) => poll(String(model), 3 * MINUTE_MS, model === 0 ? { resumed: true } : {}))),
    );
    assert.ok(lag <= MINUTE_MS, `noticed after ${lag} ms`);
  });

  test('reads no further page after all waits ended', async () => {
    const { clock, vertex, poller } = scene({ list: 'with-nested' });
    const controller = new AbortController();
    const names = numbers(20).map((model) => vertex.start(String(model), HOUR_MS).name);
    for (let other = 0; other < 1_500; other += 1) vertex.start('other', HOUR_MS);
    const aborted = names.map((name) =>
      poller.waitForEnd(name, { ...SCHEDULE, signal: controller.signal }).catch((error: unknown) => error),
    );
    const pages = (): number => vertex.requests.filter(({ call }) => call === 'list').length;
    while (pages() === 0) await clock.runUntil(clock.sleep(10));
    controller.abort(new Error('shutdown'));
    await clock.runUntil(Promise.all(aborted));
    await clock.runUntil(clock.sleep(MINUTE_MS));
    assert.equal(pages(), 1);
  });
});
