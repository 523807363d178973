import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError } from '../../../emulator/api-error';
import { parseMessage } from '../../../emulator/vertex/message-body';
import { pageOf } from '../../../emulator/vertex/list-page';
import { parseParameters } from '../../../emulator/vertex/request-parameters';

const TYPES = {
  pageSize: 'int32',
  filter: 'string',
  timeout: 'google-duration',
  returnPartialSuccess: 'boolean',
  permissions: 'strings',
} as const;
const parse = (query: string) => parseParameters(new URLSearchParams(query), TYPES);

function refusal(run: () => unknown): ApiError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 'INVALID_ARGUMENT');
    return error;
  }
  assert.fail('it is accepted');
}

suite('query parameters', () => {
  test('are read in lowerCamelCase and snake_case', () => {
    for (const query of ['pageSize=5&returnPartialSuccess=true', 'page_size=5&return_partial_success=true']) {
      const { parameters } = parse(query);
      assert.deepEqual([parameters.integer('pageSize'), parameters.flag('returnPartialSuccess')], [5, true]);
    }
    const { parameters } = parse('timeout=1.5s&permissions=a&permissions=b&filter=x&filter=y');
    assert.equal(parameters.milliseconds('timeout'), 1_500);
    assert.deepEqual(parameters.texts('permissions'), ['a', 'b']);
    assert.equal(parameters.text('filter'), 'y');
  });

  test('of the system are read with and without $', () => {
    for (const query of ['$alt=json;enum-encoding=int', 'alt=json%3Benum-encoding%3Dint']) {
      assert.equal(parse(query).system.enumNumbers, true);
    }
    assert.deepEqual(parse('prettyPrint=false&fields=a&$.xgafv=1&key=k&quotaUser=u&access_token=t').system, {
      prettyPrint: false,
      enumNumbers: false,
      fields: 'a',
      firstErrorFormat: true,
    });
  });

  const invalid: [query: string, field: string, description: string | RegExp][] = [
    ['pageSize=abc', 'page_size', 'Invalid value at \'page_size\' (TYPE_INT32), "abc"'],
    ['page_size=2147483648', 'page_size', /TYPE_INT32/],
    ['pageSize=1.5', 'page_size', /TYPE_INT32/],
    ['pageSize=', 'page_size', /TYPE_INT32/],
    ['returnPartialSuccess=yes', 'return_partial_success', /TYPE_BOOL/],
    ['timeout=30', 'timeout', /Illegal duration format; duration must end with 's'/],
    ['timeout=xs', 'timeout', /Invalid duration format/],
    ['timeout=999999999999s', 'timeout', /exceeds limits/],
    ['alt=proto', 'alt', /Invalid value at 'alt'/],
    ['alt=media', 'alt', /Invalid value at 'alt'/],
    ['callback=x', 'callback', /callback/],
    ['prettyPrint=maybe', 'prettyPrint', /prettyPrint/],
    ['$.xgafv=3', '$.xgafv', /xgafv/],
  ];
  for (const [query, field, description] of invalid) {
    test(`are invalid if they are ${query}`, () => {
      const { details, message } = refusal(() => parse(query));
      assert.deepEqual(details[0]?.['fieldViolations'], [{ field, description: message }]);
      if (typeof description === 'string') assert.equal(message, description);
      else assert.match(message, description);
    });
  }

  test('that a method does not have are reported together with other problems', () => {
    const { message, details } = refusal(() => parse('foo=1&constructor=2&pageSize=x'));
    const unknown = (name: string): string =>
      `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
    const size = 'Invalid value at \'page_size\' (TYPE_INT32), "x"';
    assert.equal(message, [unknown('foo'), unknown('constructor'), size].join('\n'));
    assert.deepEqual(details[0]?.['fieldViolations'], [
      { description: unknown('foo') },
      { description: unknown('constructor') },
      { field: 'page_size', description: size },
    ]);
  });
});

suite('a body', () => {
  test('has its fields in lowerCamelCase, and names for numbers of enums', () => {
    const body = {
      model: {
        display_name: 'd',
        labels: { a_b: 'x' },
        container_spec: { ports: [{ container_port: 80 }], shared_memory_size_mb: 5 },
        explanationSpec: { metadata: { inputs: { a_b: { encoding: 2 } } } },
        metadata: { any_thing: [1] },
        description: null,
      },
    };
    assert.deepEqual(parseMessage(body, 'UploadModelRequest', 'v1'), {
      model: {
        displayName: 'd',
        labels: { a_b: 'x' },
        containerSpec: { ports: [{ containerPort: 80 }], sharedMemorySizeMb: '5' },
        explanationSpec: { metadata: { inputs: { a_b: { encoding: 'BAG_OF_FEATURES' } } } },
        metadata: { any_thing: [1] },
      },
    });
  });

  const invalid: [body: unknown, field: string, description: RegExp][] = [
    [{ model: { nope: 1 } }, 'model', /Unknown name "nope" at 'model': Cannot find field\.$/],
    [{ model: { displayName: 5 } }, 'model.display_name', /\(TYPE_STRING\), 5$/],
    [{ model: { displayName: ['x'] } }, 'model.display_name', /Proto field is not repeating, cannot start list\.$/],
    [{ model: { versionAliases: 'x' } }, 'model.version_aliases', /Invalid value/],
    [{ model: { labels: ['x'] } }, 'model.labels', /Invalid value/],
    [{ model: { labels: { a: 1 } } }, 'model.labels[a]', /TYPE_STRING/],
    [
      { model: { containerSpec: { ports: [{ containerPort: 'x' }] } } },
      'model.container_spec.ports[0].container_port',
      /INT32/,
    ],
    [{ model: { containerSpec: { deploymentTimeout: '5' } } }, 'model.container_spec.deployment_timeout', /Duration/],
    [{ model: { modelSourceInfo: { sourceType: 'NOPE' } } }, 'model.model_source_info.source_type', /TYPE_ENUM/],
    [{ model: 'x' }, 'model', /Invalid value at 'model'/],
  ];
  for (const [body, field, description] of invalid) {
    test(`is invalid at ${field}: ${description.source}`, () => {
      const { details, message } = refusal(() => parseMessage(body, 'UploadModelRequest', 'v1beta1'));
      assert.match(message, description);
      assert.deepEqual(details[0]?.['fieldViolations'], [{ field, description: message }]);
    });
  }

  test('has the fields of its version of the API only', () => {
    const body = { pipelineJob: 'x' };
    assert.deepEqual(parseMessage(body, 'Model', 'v1'), body);
    refusal(() => parseMessage(body, 'Model', 'v1beta1'));
    refusal(() => parseMessage([], 'Model', 'v1'));
    refusal(() => parseMessage({ policy: {} }, '', 'v1'));
  });
});

suite('a page', () => {
  const items = ['a', 'b', 'c'];
  const page = (query: string, list = 'list') => pageOf('items', items, parse(query).parameters, list);

  test('continues at the position in its token, up to the end', () => {
    const first = page('pageSize=2&filter=f');
    assert.deepEqual(first['items'], ['a', 'b']);
    const token = encodeURIComponent(first.nextPageToken ?? '');
    const types = { ...TYPES, pageToken: 'string' } as const;
    const next = (query: string, list = 'list') =>
      pageOf('items', items, parseParameters(new URLSearchParams(query), types).parameters, list);
    assert.deepEqual(next(`filter=f&pageToken=${token}`), { items: ['c'] });
    for (const run of [() => next(`filter=g&pageToken=${token}`), () => next(`filter=f&pageToken=${token}`, 'other')]) {
      assert.match(refusal(run).message, /page_token/);
    }
    assert.match(refusal(() => next('pageToken=x')).message, /page_token/);
  });

  test('is an empty object without items, and is refused with a negative size', () => {
    assert.deepEqual(pageOf('items', [], parse('').parameters, 'list'), {});
    assert.deepEqual(page('pageSize=0')['items'], items);
    assert.match(refusal(() => page('pageSize=-1')).message, /page_size/);
  });
});
