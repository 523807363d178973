import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import type { VerificationLevel } from '../../../src/contract/export-input';
import type { VerifiedExport, VerifyExportRequest } from '../../../src/contract/export-activities';
import { addModel, MODELS } from '../../support/models';
import { useGoogleServices } from '../../support/services';
import { exported, findingsOf, verify } from '../../support/verification';

const services = useGoogleServices({ stores: 'independent' });

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';

let lastImage = 0;

/** The URI of an image that no other test uses. */
function freshImage(): { uri: string; repository: string } {
  lastImage += 1;
  const repository = `demo-project/models/image-${lastImage}`;
  return { uri: `us-central1-docker.pkg.dev/${repository}:v1`, repository };
}

const digestOf = (content: Buffer | string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const descriptor = (mediaType: string, content: Buffer | string): Record<string, unknown> => ({
  mediaType,
  digest: digestOf(content),
  size: Buffer.byteLength(content),
});

async function expectOk(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  assert.ok(response.ok, `${url}: ${response.status} ${await response.clone().text()}`);
  return response;
}

async function pushBlob(repository: string, content: Buffer | string): Promise<void> {
  const base = `${services().registry.url}/v2/${repository}/blobs/uploads/`;
  const started = await expectOk(base, { method: 'POST' });
  const place = new URL(started.headers.get('location') ?? '', base);
  place.searchParams.set('digest', digestOf(content));
  await expectOk(place.href, { method: 'PUT', body: new Uint8Array(Buffer.from(content)) });
}

async function pushManifest(repository: string, reference: string, mediaType: string, manifest: string): Promise<void> {
  await expectOk(`${services().registry.url}/v2/${repository}/manifests/${reference}`, {
    method: 'PUT',
    headers: { 'content-type': mediaType },
    body: manifest,
  });
}

const configOf = (architecture: string): string => JSON.stringify({ os: 'linux', architecture });

/** A manifest with one layer; its parts are pushed, except the ones that a test leaves out. */
async function imageManifest(
  repository: string,
  { architecture = 'amd64', layer = 'layer', config = configOf(architecture), without = '' } = {},
): Promise<string> {
  if (without !== 'config') await pushBlob(repository, config);
  if (without !== 'layer') await pushBlob(repository, layer);
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER, layer)],
  });
}

/** Verifies an image that already exists at a URI. */
async function verifyImage(
  uri: string,
  changes: Partial<VerifyExportRequest> & { level?: VerificationLevel } = {},
): Promise<VerifiedExport> {
  const imageUri = `us-central1-docker.pkg.dev/demo-project/models/churn:exported`;
  const model = addModel(services().vertex, {
    formats: { 'custom-trained': { 'serve.py': 'x' } },
    exportableContents: { 'custom-trained': ['IMAGE'] },
    image: true,
  });
  const request = await exported(services(), model, 'custom-trained', { destinations: { imageUri }, ...changes });
  return verify(services(), { ...request, outputInfo: { imageOutputUri: uri }, destinations: { imageUri: uri } });
}

suite('an exported image', () => {
  test('is pinned by its digest, with platform, layers and bytes', async () => {
    const { uri: imageUri } = freshImage();
    const request = await exported(services(), MODELS.churn, 'custom-trained', { destinations: { imageUri } });
    const { image, notes } = await verify(services(), request);
    assert.ok(image);
    assert.equal(image.pinnedUri, `${imageUri.replace(':v1', '')}@${image.digest}`);
    assert.deepEqual([image.platforms, image.layers], [['linux/amd64'], 1]);
    assert.ok(image.bytes > 0);
    assert.deepEqual(notes, []);
  });

  test('of several platforms is checked for each platform', async () => {
    const { uri, repository } = freshImage();
    const manifests = [];
    for (const architecture of ['amd64', 'arm64']) {
      const manifest = await imageManifest(repository, { architecture, layer: `for ${architecture}` });
      await pushManifest(repository, digestOf(manifest), OCI_MANIFEST, manifest);
      manifests.push({ ...descriptor(OCI_MANIFEST, manifest), platform: { os: 'linux', architecture } });
    }
    await pushManifest(
      repository,
      'v1',
      OCI_INDEX,
      JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
    );
    const { image } = await verifyImage(uri, { level: 'content' });
    assert.deepEqual(
      [image?.mediaType, image?.platforms, image?.layers],
      [OCI_INDEX, ['linux/amd64', 'linux/arm64'], 2],
    );
  });

  for (const without of ['layer', 'config'] as const) {
    test(`whose ${without} is missing is rejected`, async () => {
      const { uri, repository } = freshImage();
      // The content is unique, because the registry stores the blobs of all repositories together.
      const manifest = await imageManifest(repository, {
        without,
        layer: `${without} is missing`,
        config: JSON.stringify({ os: 'linux', architecture: 'amd64', author: without }),
      });
      await pushManifest(repository, 'v1', OCI_MANIFEST, manifest);
      assert.match(await findingsOf(verifyImage(uri)), new RegExp(`the ${without} sha256:[0-9a-f]{64} .* is missing`));
    });
  }

  test('whose layer has another size is rejected', async () => {
    const { uri, repository } = freshImage();
    const manifest = (await imageManifest(repository)).replace('"size":5}]', '"size":6}]');
    await pushManifest(repository, 'v1', OCI_MANIFEST, manifest);
    assert.match(await findingsOf(verifyImage(uri)), /the layer .* has 5 bytes, but 6 are recorded/);
  });

  test('that is an artifact other than a container is accepted with a note', async () => {
    const { uri, repository } = freshImage();
    await pushManifest(repository, 'v1', OCI_MANIFEST, await imageManifest(repository, { config: '{}' }));
    const { image, notes } = await verifyImage(uri);
    assert.deepEqual(image?.platforms, []);
    assert.match(notes.join(), /names no platform/);
  });

  test('with an empty manifest is rejected', async () => {
    const { uri, repository } = freshImage();
    await pushManifest(repository, 'v1', OCI_MANIFEST, JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST }));
    assert.match(await findingsOf(verifyImage(uri)), /names neither a config nor other manifests/);
  });

  test('is compared with the serving container if that can be read', async () => {
    const { uri, repository } = freshImage();
    await pushManifest(repository, 'v1', OCI_MANIFEST, await imageManifest(repository));
    const same = await verifyImage(uri, { source: { servingImageUri: uri } });
    assert.equal(same.image?.isServingContainer, true);

    const other = freshImage();
    await pushManifest(other.repository, 'v1', OCI_MANIFEST, await imageManifest(other.repository, { layer: 'other' }));
    const different = await verifyImage(uri, { source: { servingImageUri: other.uri } });
    assert.equal(different.image?.isServingContainer, false);
    assert.match(different.notes.join(), /its digest is not that of the Model's serving container/);
  });

  const unreadable: [string, RegExp][] = [
    ['docker.io/library/python:3', /is in another registry and was not compared/],
    ['us-docker.pkg.dev/vertex-ai/prediction/absent:latest', /can't be read and was not compared/],
  ];
  for (const [servingImageUri, message] of unreadable) {
    test(`has a note that it was not compared with ${servingImageUri}`, async () => {
      const { uri, repository } = freshImage();
      await pushManifest(repository, 'v1', OCI_MANIFEST, await imageManifest(repository));
      const { image, notes } = await verifyImage(uri, { source: { servingImageUri } });
      assert.equal(image?.isServingContainer, undefined);
      assert.match(notes.join(), message);
    });
  }
});
