import { createHash } from 'node:crypto';
import type { RegistryCalls } from '../registry-calls';
import { sha256 } from '../registry-calls';
import type { Behavior } from './behavior';
import { UNKNOWN } from './behavior';

const CONTENT = 'the bytes of a blob';
const sha512 = (content: string): string => `sha512:${createHash('sha512').update(content).digest('hex')}`;

async function putDigest(registry: RegistryCalls, location: string, digest: string, body?: string): Promise<string> {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return (await registry.sendTo(url.href, 'PUT', body)).outcome;
}

export const BLOB_BEHAVIORS: readonly Behavior[] = [
  {
    title: 'answers the version check with 200',
    observe: async (registry) => (await registry.sendTo(`${registry.url}/v2/`, 'GET')).status,
    expected: 200,
  },
  {
    title: 'stores a blob by POST and PUT, and returns its bytes and digest',
    observe: async (registry) => {
      const digest = await registry.pushBlob(CONTENT);
      const read = await registry.send('GET', `blobs/${digest}`);
      return [read.status, read.text, read.header('docker-content-digest') === digest];
    },
    expected: [200, CONTENT, true],
  },
  {
    title: 'answers HEAD of a blob with its size',
    observe: async (registry) => {
      const read = await registry.send('HEAD', `blobs/${await registry.pushBlob(CONTENT)}`);
      return [read.status, read.header('content-length'), read.text];
    },
    expected: [200, String(CONTENT.length), ''],
  },
  {
    title: 'stores a blob by a single POST, and names its location',
    observe: async (registry) => {
      const posted = await registry.send('POST', `blobs/uploads/?digest=${sha256(CONTENT)}`, CONTENT);
      return [posted.status, (await registry.sendTo(posted.location, 'GET')).text === CONTENT];
    },
    expected: [201, true],
    goContainerRegistry: [201, false],
  },
  {
    title: 'stores an empty blob',
    observe: async (registry) => {
      const digest = await registry.pushBlob('');
      const read = await registry.send('GET', `blobs/${digest}`);
      return [read.status, read.content.length];
    },
    expected: [200, 0],
  },
  {
    title: 'stores a blob by its sha512 digest',
    observe: async (registry) => {
      const outcome = await putDigest(registry, await registry.begin(), sha512(CONTENT), CONTENT);
      return [outcome, (await registry.send('GET', `blobs/${sha512(CONTENT)}`)).outcome];
    },
    expected: ['201', '200'],
  },
  {
    title: 'rejects a blob with another digest',
    observe: async (registry) => {
      const outcome = await putDigest(registry, await registry.begin(), UNKNOWN, CONTENT);
      return [outcome, (await registry.send('HEAD', `blobs/${UNKNOWN}`)).status];
    },
    expected: ['400 DIGEST_INVALID', 404],
  },
  {
    title: 'rejects an upload that ends without a digest',
    observe: async (registry) => (await registry.sendTo(await registry.begin(), 'PUT', CONTENT)).outcome,
    expected: '400 DIGEST_INVALID',
  },
  {
    title: 'takes a blob in parts with ranges',
    observe: async (registry) => {
      let location = await registry.begin();
      const ranges: unknown[] = [];
      for (const [range, part] of [
        ['0-3', 'abcd'],
        ['4-7', 'efgh'],
      ] as const) {
        const answer = await registry.sendTo(location, 'PATCH', part, { 'content-range': range });
        ranges.push(answer.status, answer.header('range'));
        ({ location } = answer);
      }
      return [...ranges, await putDigest(registry, location, sha256('abcdefghij'), 'ij')];
    },
    expected: [202, '0-3', 202, '0-7', '201'],
  },
  {
    title: 'rejects a part that does not follow the others',
    observe: async (registry) => {
      const location = await registry.begin();
      const first = await registry.sendTo(location, 'PATCH', 'abcd', { 'content-range': '0-3' });
      const wrong = await registry.sendTo(first.location, 'PATCH', 'ij', { 'content-range': '8-9' });
      return [wrong.status, await putDigest(registry, first.location, sha256('abcdef'), 'ef')];
    },
    expected: [416, '201'],
  },
  {
    title: 'rejects a last part that does not follow the others',
    observe: async (registry) => {
      const { location } = await registry.sendTo(await registry.begin(), 'PATCH', 'abcd', { 'content-range': '0-3' });
      const url = new URL(location);
      url.searchParams.set('digest', sha256('abcdij'));
      return (await registry.sendTo(url.href, 'PUT', 'ij', { 'content-range': '8-9' })).status;
    },
    expected: 416,
    // It ignores the range of a PUT.
    goContainerRegistry: 201,
  },
  {
    title: 'rejects a range that is not one',
    observe: async (registry) =>
      (await registry.sendTo(await registry.begin(), 'PATCH', 'abcd', { 'content-range': 'all' })).outcome,
    expected: '400 BLOB_UPLOAD_INVALID',
    goContainerRegistry: '416 BLOB_UPLOAD_UNKNOWN',
  },
  {
    title: 'rejects a part that is shorter than its range, and keeps the bytes before it',
    observe: async (registry) => {
      const location = await registry.begin();
      const first = await registry.sendTo(location, 'PATCH', 'abcd', { 'content-range': '0-3' });
      const short = await registry.sendTo(first.location, 'PATCH', 'ef', { 'content-range': '4-9' });
      const status = await registry.sendTo(first.location, 'GET');
      return [short.outcome, status.header('range')];
    },
    expected: ['400 SIZE_INVALID', '0-3'],
    goContainerRegistry: ['202', null],
  },
  {
    title: 'streams parts without ranges',
    observe: async (registry) => {
      const location = await registry.begin();
      const first = await registry.sendTo(location, 'PATCH', 'abcd');
      const second = await registry.sendTo(first.location, 'PATCH', 'efgh');
      return [first.status, second.outcome];
    },
    expected: [202, '202'],
    goContainerRegistry: [202, '400 BLOB_UPLOAD_INVALID'],
  },
  {
    title: 'reports the state of an upload',
    observe: async (registry) => {
      const first = await registry.sendTo(await registry.begin(), 'PATCH', 'abcd', { 'content-range': '0-3' });
      const state = await registry.sendTo(first.location, 'GET');
      return [state.outcome, state.header('range')];
    },
    expected: ['204', '0-3'],
    goContainerRegistry: ['400 NAME_INVALID', null],
  },
  {
    title: 'cancels an upload',
    observe: async (registry) => {
      const location = await registry.begin();
      return [(await registry.sendTo(location, 'DELETE')).outcome, (await registry.sendTo(location, 'GET')).outcome];
    },
    expected: ['204', '404 BLOB_UPLOAD_UNKNOWN'],
    goContainerRegistry: ['400 NAME_INVALID', '400 NAME_INVALID'],
  },
  {
    title: 'does not know the upload of another repository',
    observe: async (registry) => {
      const location = (await registry.begin()).replace(registry.name, registry.other().name);
      return putDigest(registry, location, sha256(CONTENT), CONTENT);
    },
    expected: '404 BLOB_UPLOAD_UNKNOWN',
    goContainerRegistry: '201',
  },
  {
    title: 'mounts a blob of another repository',
    observe: async (registry) => {
      const digest = await registry.pushBlob(CONTENT);
      const other = registry.other();
      const before = await other.send('HEAD', `blobs/${digest}`);
      const mounted = await other.send('POST', `blobs/uploads/?mount=${digest}&from=${registry.name}`);
      return [before.status, mounted.status, (await other.send('GET', `blobs/${digest}`)).text];
    },
    expected: [404, 201, CONTENT],
    // It has no mounts. All repositories share their blobs.
    goContainerRegistry: [200, 202, CONTENT],
  },
  {
    title: 'starts an upload if the blob to mount does not exist',
    observe: async (registry) =>
      (await registry.send('POST', `blobs/uploads/?mount=${UNKNOWN}&from=tests/nowhere`)).status,
    expected: 202,
  },
  {
    title: 'deletes a blob',
    observe: async (registry) => {
      const digest = await registry.pushBlob(`${CONTENT} to delete`);
      const deleted = await registry.send('DELETE', `blobs/${digest}`);
      return [deleted.status, (await registry.send('GET', `blobs/${digest}`)).outcome];
    },
    expected: [202, '404 BLOB_UNKNOWN'],
  },
  {
    title: 'does not know a blob that was not pushed',
    observe: async (registry) => [
      (await registry.send('GET', `blobs/${UNKNOWN}`)).outcome,
      (await registry.send('HEAD', `blobs/${UNKNOWN}`)).outcome,
      (await registry.send('DELETE', `blobs/${UNKNOWN}`)).outcome,
    ],
    expected: ['404 BLOB_UNKNOWN', '404', '404 BLOB_UNKNOWN'],
    goContainerRegistry: ['404 BLOB_UNKNOWN', '404', '500 INTERNAL_SERVER_ERROR'],
  },
  {
    title: 'rejects digests that it cannot verify',
    observe: async (registry) => (await registry.send('GET', 'blobs/md5:d41d8cd98f00b204e9800998ecf8427e')).outcome,
    expected: '400 DIGEST_INVALID',
    goContainerRegistry: '400 NAME_INVALID',
  },
  {
    title: 'rejects names that no repository can have',
    observe: async (registry) => {
      const names = ['Upper', 'a//b', 'a/-b', '..%2f..%2fetc', `a${'b'.repeat(300)}`];
      const answers = names.map((name) => registry.sendTo(`${registry.url}/v2/${name}/tags/list`, 'GET'));
      return (await Promise.all(answers)).map(({ outcome }) => outcome);
    },
    expected: Array.from({ length: 5 }, () => '400 NAME_INVALID'),
    goContainerRegistry: Array.from({ length: 5 }, () => '404 NAME_UNKNOWN'),
  },
  ...(
    [
      ['from the start', 'bytes=0-2', [206, 'the', `bytes 0-2/${CONTENT.length}`], undefined],
      ['from the middle', 'bytes=4-8', [206, 'bytes', `bytes 4-8/${CONTENT.length}`], undefined],
      ['up to the end', 'bytes=15-', [206, 'blob', `bytes 15-18/${CONTENT.length}`], [416, null]],
      ['from the end', 'bytes=-4', [206, 'blob', `bytes 15-18/${CONTENT.length}`], [416, null]],
      ['beyond the end', 'bytes=15-99', [206, 'blob', `bytes 15-18/${CONTENT.length}`], [416, null]],
      ['after the end', 'bytes=19-20', [416, null], undefined],
    ] as const
  ).map(([place, range, [status, ...rest], go]): Behavior => ({
    title: `answers a range ${place}`,
    observe: async (registry) => {
      const read = await registry.send('GET', `blobs/${await registry.pushBlob(CONTENT)}`, undefined, { range });
      return read.status === 416 ? [416] : [read.status, read.text, read.header('content-range')];
    },
    expected: status === 416 ? [416] : [status, ...rest],
    ...(go !== undefined && { goContainerRegistry: [go[0]] }),
  })),
];
