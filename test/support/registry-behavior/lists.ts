import { at } from '../http';
import type { RegistryCalls } from '../registry-calls';
import { descriptor, imageOf, OCI_INDEX, OCI_MANIFEST } from '../registry-calls';
import type { Behavior } from './behavior';
import { UNKNOWN } from './behavior';

async function tagged(registry: RegistryCalls): Promise<void> {
  const { manifest } = await registry.pushImage('b');
  for (const tag of ['d', 'a', 'C']) await registry.pushManifest(tag, manifest);
}

const SBOM = 'application/vnd.example.sbom';

/** Pushes a manifest with a subject. Returns its digest and the answer's header. */
async function refer(
  registry: RegistryCalls,
  subject: string,
  artifactType?: string,
): Promise<[string, string | null]> {
  const image = imageOf(`refers ${artifactType ?? ''}`, {
    subject: descriptor(OCI_MANIFEST, subject),
    annotations: { made: 'here' },
    ...(artifactType !== undefined && { artifactType }),
  });
  await registry.pushBlob(image.config);
  await registry.pushBlob(image.layer);
  const pushed = await registry.pushManifest(image.digest, image.manifest);
  return [image.digest, pushed.header('oci-subject')];
}

export const LIST_BEHAVIORS: readonly Behavior[] = [
  {
    title: 'lists tags in alphabetical order',
    observe: async (registry) => {
      await tagged(registry);
      return registry.tags();
    },
    expected: ['C', 'a', 'b', 'd'],
  },
  {
    title: 'lists tags after a tag, at most as many as requested',
    observe: async (registry) => {
      await tagged(registry);
      return [await registry.tags('?n=2'), await registry.tags('?n=2&last=a'), await registry.tags('?last=a')];
    },
    expected: [
      ['C', 'a'],
      ['b', 'd'],
      ['b', 'd'],
    ],
  },
  {
    title: 'links to the next page of tags, until the last one',
    observe: async (registry) => {
      await tagged(registry);
      const [links, seen]: [string[], unknown[]] = [[], []];
      for (let below: string | undefined = 'tags/list?n=3'; below !== undefined;) {
        const page = await registry.send('GET', below);
        seen.push(...(at(JSON.parse(page.text), 'tags') as unknown[]));
        below = /<.*\/(tags\/list\?.*)>; rel="next"/.exec(page.header('link') ?? '')?.[1];
        if (below !== undefined) links.push(below);
      }
      return [links, seen];
    },
    expected: [['tags/list?n=3&last=b'], ['C', 'a', 'b', 'd']],
    goContainerRegistry: [[], ['C', 'a', 'b']],
  },
  {
    title: 'lists no tags if none are requested, without a link',
    observe: async (registry) => {
      await tagged(registry);
      const page = await registry.send('GET', 'tags/list?n=0');
      return [at(JSON.parse(page.text), 'tags'), page.header('link')];
    },
    expected: [[], null],
  },
  {
    title: 'rejects a number of tags that is not one',
    observe: async (registry) => {
      await tagged(registry);
      return (await registry.send('GET', 'tags/list?n=all')).status;
    },
    expected: 400,
  },
  {
    title: 'lists repositories',
    observe: async (registry) => {
      await registry.pushImage('v1');
      const { text } = await registry.sendTo(`${registry.url}/v2/_catalog`, 'GET');
      return text.includes(`"${registry.name}"`);
    },
    expected: true,
  },
  {
    title: 'lists repositories page by page',
    observe: async (registry) => {
      await registry.pushImage('v1');
      await registry.other().pushImage('v1');
      const first = await registry.sendTo(`${registry.url}/v2/_catalog?n=1`, 'GET');
      return [(at(JSON.parse(first.text), 'repositories') as unknown[]).length, first.header('link') !== null];
    },
    expected: [1, true],
    goContainerRegistry: [1, false],
  },
  {
    title: 'confirms the subject of a manifest, which may be missing',
    observe: async (registry) => {
      const { manifest, digest } = imageOf('pushed later or never');
      return (await refer(registry, manifest))[1] === digest;
    },
    expected: true,
    // The program runs without the referrers API.
    goContainerRegistry: false,
  },
  {
    title: 'lists the manifests with a subject, with type and annotations',
    observe: async (registry) => {
      const { manifest, digest } = await registry.pushImage('v1');
      const [plain] = await refer(registry, manifest);
      const [typed] = await refer(registry, manifest, SBOM);
      const listed = await registry.send('GET', `referrers/${digest}`);
      if (listed.status !== 200) return listed.outcome;
      const manifests = at(JSON.parse(listed.text), 'manifests') as Record<string, unknown>[];
      const of = (wanted: string): unknown => {
        const found = manifests.find((entry) => entry['digest'] === wanted);
        return [found?.['artifactType'], found?.['annotations']];
      };
      return [listed.header('content-type'), manifests.length, of(plain), of(typed)];
    },
    expected: [OCI_INDEX, 2, ['application/vnd.oci.image.config.v1+json', { made: 'here' }], [SBOM, { made: 'here' }]],
    goContainerRegistry: '404 METHOD_UNKNOWN',
  },
  {
    title: 'lists the manifests with a subject and a type',
    observe: async (registry) => {
      const { manifest, digest } = await registry.pushImage('v1');
      await refer(registry, manifest);
      const [typed] = await refer(registry, manifest, SBOM);
      const listed = await registry.send('GET', `referrers/${digest}?artifactType=${encodeURIComponent(SBOM)}`);
      if (listed.status !== 200) return listed.outcome;
      const manifests = at(JSON.parse(listed.text), 'manifests') as Record<string, unknown>[];
      return [listed.header('oci-filters-applied'), manifests.map((entry) => entry['digest'] === typed)];
    },
    expected: ['artifactType', [true]],
    goContainerRegistry: '404 METHOD_UNKNOWN',
  },
  {
    title: 'lists no manifests for a subject without references, and rejects one that is not a digest',
    observe: async (registry) => {
      const none = await registry.send('GET', `referrers/${UNKNOWN}`);
      return [none.status, /"manifests":\s*\[\]/.test(none.text), (await registry.send('GET', 'referrers/v1')).outcome];
    },
    expected: [200, true, '400 DIGEST_INVALID'],
    goContainerRegistry: [404, false, '404 METHOD_UNKNOWN'],
  },
];
