import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { suite, test } from 'node:test';
import { assertRefused, exportBody, useEmulator } from '../../support/emulator';
import { at, call } from '../../support/http';
import { addModel, MODELS, PARENT, postedEntry } from '../../support/models';
import { eventually } from '../../support/worker';

const { services, url, startExport } = useEmulator();

suite('a capability of the emulated service', () => {
  test('is switched over HTTP without a change to the others', async () => {
    const operation = await startExport(addModel(services().vertex, { durationMs: 60_000 }));
    const control = `${services().vertex.url}/emulator/v1`;
    const patched = await call('PATCH', `${control}/capabilities`, { wait: 'unimplemented', list: 'unimplemented' });
    assert.equal(at(patched.body, 'cancel'), 'implemented');
    assertRefused(await call('POST', url(`${operation}:wait`)), 501, 'UNIMPLEMENTED', /WaitOperation/);
    assertRefused(await call('GET', url(`${PARENT}/operations`)), 501, 'UNIMPLEMENTED', /ListOperations/);
    await call('PATCH', `${control}/capabilities`, { wait: 'returns-early', cancel: 'unimplemented' });
    assert.equal((await call('POST', url(`${operation}:wait?timeout=60s`))).status, 200);
    assertRefused(await call('POST', url(`${operation}:cancel`)), 501, 'UNIMPLEMENTED', /CancelOperation/);
    const wrong = await call('PATCH', `${control}/capabilities`, { wait: 'sometimes' });
    assert.equal(wrong.status, 400);
    assert.match(JSON.stringify(wrong.body), /wait/);
  });

  test('can be a list that contains a new operation late', async () => {
    services().vertex.setCapabilities({ list: { appearsAfterMs: 300 } });
    const model = addModel(services().vertex);
    const operation = await startExport(model);
    const list = async (): Promise<unknown> => at((await call('GET', url(`${model}/operations`))).body, 'operations');
    assert.deepEqual((await list()) ?? [], []);
    await eventually('it is listed', async () => at(await list(), 0, 'name') === operation);
  });

  test('can be a required token', async () => {
    services().vertex.setCapabilities({ requiredToken: 'secret' });
    assertRefused(await call('GET', url(MODELS.iris)), 401, 'UNAUTHENTICATED', /authentication credential/);
    const wrong = { authorization: 'Bearer expired' };
    assertRefused(await call('GET', url(MODELS.iris), undefined, wrong), 401, 'UNAUTHENTICATED', /credential/);
    const right = { authorization: 'Bearer secret' };
    assert.equal((await call('GET', url(MODELS.iris), undefined, right)).status, 200);
  });
});

suite('faults and counters of the emulator:', () => {
  const control = (): string => `${services().vertex.url}/emulator/v1`;

  test('faults are set over HTTP, skip and count requests, and occur before or after the request takes effect', async () => {
    const model = addModel(services().vertex, { durationMs: 0 });
    const before = services().vertex.operations().length;
    const fault = { status: 503, body: { error: { code: 503 } }, headers: { 'retry-after': '3' } };
    const match = { method: 'POST', path: ':export$' };
    const added = await call('POST', `${control()}/faults`, { match, skip: 1, times: 1, fault });
    await startExport(model);
    const refused = await call('POST', url(`${model}:export`), exportBody());
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '3']);
    assert.equal(services().vertex.operations().length, before + 1);
    await startExport(model);
    await call('DELETE', `${control()}/faults/${String(at(added.body, 'id'))}`);

    await call('POST', `${control()}/faults`, { match, when: 'after', fault: { html: 502 } });
    const lost = await call('POST', url(`${model}:export`), exportBody());
    assert.equal(lost.status, 502);
    assert.match(String(lost.body), /<html/i);
    assert.equal(services().vertex.operations().length, before + 3, 'it took effect');
    await call('DELETE', `${control()}/faults`);
    await startExport(model);
  });

  for (const fault of [{ reset: true }, { truncate: true }] as const) {
    test(`the fault ${JSON.stringify(fault)} breaks the answer`, async () => {
      services().vertex.addFault({ match: { path: MODELS.iris }, times: 1, fault });
      await assert.rejects(fetch(url(MODELS.iris)).then((response) => response.text()));
      assert.equal((await call('GET', url(MODELS.iris))).status, 200);
    });
  }

  test('a rule with problems is rejected with all of them', async () => {
    const { status, body } = await call('POST', `${control()}/faults`, { match: {}, times: 0, fault: {} });
    assert.equal(status, 400);
    const text = JSON.stringify(at(body, 'problems'));
    for (const place of ['match.path', 'times', 'fault']) assert.ok(text.includes(place), place);
  });

  test('requests are counted by route and by operation', async () => {
    const operation = await startExport(addModel(services().vertex));
    await call('GET', url(operation));
    await call('GET', url(operation));
    await call('POST', url(`${operation}:wait`));
    await call('GET', url('nonsense'));
    const { body } = await call('GET', `${control()}/requests`);
    assert.deepEqual(at(body, 'countByRoute'), {
      'models.export': 1,
      'operations.get': 2,
      'operations.wait': 1,
      unknown: 1,
    });
    assert.deepEqual(at(body, 'countByOperation'), { [operation.split('/').at(-1) ?? '']: 3 });
    await call('DELETE', `${control()}/requests`);
    assert.deepEqual(services().vertex.requests().requests, []);
  });

  test('models are added and their outcomes set over HTTP', async () => {
    const entry = postedEntry({}, tmpdir());
    assert.equal((await call('POST', `${control()}/models`, [entry])).status, 200);
    const outcome = { error: { code: 8, message: 'no room' } };
    await call('POST', `${control()}/outcomes`, {
      model: entry.model.name,
      outcome: [outcome, 'success'],
      durationMs: 0,
    });
    const codes: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const operation = await startExport(entry.model.name);
      codes.push(at((await call('POST', url(`${operation}:wait`))).body, 'error', 'code'));
    }
    assert.deepEqual(codes, [8, undefined, undefined]);
    const operations = at((await call('GET', `${control()}/operations`)).body, 'operations') as { state: string }[];
    assert.deepEqual(
      operations.slice(-3).map(({ state }) => state),
      ['failed', 'succeeded', 'succeeded'],
    );
  });
});
