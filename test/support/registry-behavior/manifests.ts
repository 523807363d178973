import { descriptor, imageOf, indexOf, OCI_INDEX, OCI_MANIFEST } from '../registry-calls';
import type { Behavior } from './behavior';
import { UNKNOWN } from './behavior';

export const MANIFEST_BEHAVIORS: readonly Behavior[] = [
  {
    title: 'stores a manifest by its tag, and returns it by tag and digest with its media type',
    observe: async (registry) => {
      const image = await registry.pushImage('v1');
      const byTag = await registry.send('GET', 'manifests/v1');
      const byDigest = await registry.send('GET', `manifests/${image.digest}`);
      const head = await registry.send('HEAD', 'manifests/v1');
      return [
        byTag.text === image.manifest,
        byDigest.text === image.manifest,
        byTag.header('content-type'),
        [byTag, byDigest, head].every((answer) => answer.header('docker-content-digest') === image.digest),
        [head.status, head.text, head.header('content-length') === String(image.manifest.length)],
      ];
    },
    expected: [true, true, OCI_MANIFEST, true, [200, '', true]],
  },
  {
    title: 'names the location of a manifest',
    observe: async (registry) => {
      const image = await registry.pushImage('v1');
      const pushed = await registry.pushManifest('v2', image.manifest);
      return [
        pushed.header('location') !== null,
        (await registry.sendTo(pushed.location, 'GET')).text === image.manifest,
      ];
    },
    expected: [true, true],
    goContainerRegistry: [false, true],
  },
  {
    title: 'rejects a manifest with another digest',
    observe: async (registry) => {
      const { manifest } = await registry.pushImage('v1');
      return (await registry.pushManifest(UNKNOWN, manifest)).outcome;
    },
    expected: '400 DIGEST_INVALID',
    goContainerRegistry: '201',
  },
  {
    title: 'rejects a manifest whose blobs are missing, with one error for each',
    observe: async (registry) => {
      const answer = await registry.pushManifest('v1', imageOf('nothing of it').manifest);
      return [answer.outcome, (answer.text.match(/MANIFEST_BLOB_UNKNOWN/g) ?? []).length];
    },
    expected: ['404 MANIFEST_BLOB_UNKNOWN', 2],
    goContainerRegistry: ['201', 0],
  },
  {
    title: 'accepts layers that may stay outside of the registry',
    observe: async (registry) => {
      const config = '{}';
      await registry.pushBlob(config);
      const foreign = descriptor('application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'somewhere else');
      const { manifest } = imageOf('foreign', { config: descriptor('application/json', config), layers: [foreign] });
      return (await registry.pushManifest('v1', manifest)).status;
    },
    expected: 201,
  },
  {
    title: 'stores an index of known manifests',
    observe: async (registry) => {
      const images = [await registry.pushImage('amd64'), await registry.pushImage('arm64')];
      const index = indexOf(...images.map(({ manifest }) => manifest));
      const pushed = await registry.pushManifest('all', index, OCI_INDEX);
      return [pushed.status, (await registry.send('GET', 'manifests/all')).header('content-type')];
    },
    expected: [201, OCI_INDEX],
  },
  {
    title: 'rejects an index of unknown manifests',
    observe: async (registry) =>
      (await registry.pushManifest('all', indexOf(imageOf('not pushed').manifest), OCI_INDEX)).outcome,
    expected: '404 MANIFEST_BLOB_UNKNOWN',
    goContainerRegistry: '404 MANIFEST_UNKNOWN',
  },
  ...(
    [
      ['that is not JSON', '{', OCI_MANIFEST],
      ['without layers', '{"schemaVersion": 2}', OCI_MANIFEST],
      ['whose media type is another one', imageOf('x').manifest, OCI_INDEX],
      ['of an unknown media type', '{"schemaVersion": 2}', 'application/x-unknown'],
    ] as const
  ).map(([title, manifest, mediaType]): Behavior => ({
    title: `rejects a manifest ${title}`,
    observe: async (registry) => (await registry.pushManifest('v1', manifest, mediaType)).outcome,
    expected: '400 MANIFEST_INVALID',
    // It parses indexes only, and reads another manifest as an empty one.
    goContainerRegistry: '201',
  })),
  {
    title: 'rejects a manifest of more than 4 MiB',
    observe: async (registry) => {
      const annotations = { filler: 'x'.repeat(4 * 1024 * 1024) };
      return (await registry.pushManifest('v1', imageOf('large', { annotations }).manifest)).status;
    },
    expected: 413,
    goContainerRegistry: 201,
  },
  {
    title: 'answers only media types that the client accepts',
    observe: async (registry) => {
      await registry.pushImage('v1');
      const accepts = [OCI_MANIFEST, `${OCI_INDEX}, ${OCI_MANIFEST};q=0.5`, '*/*', OCI_INDEX];
      const answers = accepts.map((accept) => registry.send('GET', 'manifests/v1', undefined, { accept }));
      return (await Promise.all(answers)).map(({ outcome }) => outcome);
    },
    expected: ['200', '200', '200', '404 MANIFEST_UNKNOWN'],
    goContainerRegistry: ['200', '200', '200', '200'],
  },
  {
    title: 'does not know repositories, tags and digests that were not pushed',
    observe: async (registry) => {
      const before = (await registry.send('GET', 'manifests/v1')).outcome;
      const tagsBefore = (await registry.send('GET', 'tags/list')).outcome;
      await registry.pushImage('v1');
      const references = ['v2', UNKNOWN];
      const after = references.map((reference) => registry.send('GET', `manifests/${reference}`));
      return [before, tagsBefore, ...(await Promise.all(after)).map(({ outcome }) => outcome)];
    },
    expected: ['404 NAME_UNKNOWN', '404 NAME_UNKNOWN', '404 MANIFEST_UNKNOWN', '404 MANIFEST_UNKNOWN'],
  },
  {
    title: 'moves a tag to another manifest, and keeps the first one',
    observe: async (registry) => {
      const first = await registry.pushImage('v1');
      const second = await registry.pushImage('v1', { annotations: { second: 'yes' } });
      return [
        (await registry.send('GET', 'manifests/v1')).text === second.manifest,
        (await registry.send('GET', `manifests/${first.digest}`)).status,
      ];
    },
    expected: [true, 200],
  },
  {
    title: 'deletes a tag, and keeps its manifest',
    observe: async (registry) => {
      const { digest } = await registry.pushImage('v1');
      const deleted = await registry.send('DELETE', 'manifests/v1');
      return [
        deleted.status,
        (await registry.send('GET', 'manifests/v1')).outcome,
        (await registry.send('GET', `manifests/${digest}`)).status,
      ];
    },
    expected: [202, '404 MANIFEST_UNKNOWN', 200],
  },
  {
    title: 'deletes a manifest with its tags',
    observe: async (registry) => {
      const { digest, manifest } = await registry.pushImage('v1');
      await registry.pushManifest('v2', manifest);
      const deleted = await registry.send('DELETE', `manifests/${digest}`);
      const again = await registry.send('DELETE', `manifests/${digest}`);
      return [deleted.status, again.outcome, await registry.tags()];
    },
    expected: [202, '404 MANIFEST_UNKNOWN', []],
    // The tags keep the manifest.
    goContainerRegistry: [202, '404 MANIFEST_UNKNOWN', ['v1', 'v2']],
  },
  {
    title: 'adds the tags that a push by digest names',
    observe: async (registry) => {
      const { manifest, digest } = await registry.pushImage('v1');
      const pushed = await registry.pushManifest(`${digest}?tag=v2&tag=latest`, manifest);
      return [pushed.status, pushed.header('oci-tag'), await registry.tags()];
    },
    expected: [201, 'v2, latest', ['latest', 'v1', 'v2']],
    goContainerRegistry: [201, null, ['v1']],
  },
];
