import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';
import { verifyExport } from '../../../../src/activities/export/verify-export';
import type { VerifiedExport, VerifyExportRequest } from '../../../../src/contract/export-activities';
import type { ImageManifest, RegistryApi } from '../../../../src/google/registry';
import type { StorageObject } from '../../../../src/google/storage';
import { activityEnvironment, failureOf } from '../../../support/activities';
import { dependenciesWith, ignore, MODEL, refusal, storageWith } from '../../../support/export-steps';
import { startRequest } from '../../../support/requests';

const { outputUriPrefix: PREFIX = '' } = startRequest(MODEL).destinations;
const IMAGE = 'us-docker.pkg.dev/p/r/image:v1';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONFIG = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64' }));
const CONFIG_DIGEST = `sha256:${createHash('sha256').update(CONFIG).digest('hex')}`;
const UPLOAD = 'gs://uploads/model';

const base: VerifyExportRequest = {
  level: 'listing',
  model: `${MODEL}@1`,
  operation: `${MODEL}/operations/1`,
  exportFormatId: 'custom-trained',
  outputInfo: { artifactOutputUri: `${PREFIX}model` },
  destinations: { outputUriPrefix: PREFIX },
  source: {},
  writeManifest: false,
  heartbeatTimeoutMs: 60_000,
};

/** A file with checksums, below a directory of a bucket. */
function file(uri: string, content: string): StorageObject & { bucket: string } {
  const [, bucket = '', name = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const md5Hash = createHash('md5').update(content).digest('base64');
  return { bucket, name, size: content.length, generation: '1', md5Hash, crc32c: 'AAAAAA==' };
}

const WEIGHTS = file(`${PREFIX}model/weights.bin`, 'weights');

interface Situation {
  readonly request?: Partial<VerifyExportRequest>;
  readonly files?: readonly (StorageObject & { bucket: string })[];
  readonly manifests?: RegistryApi['getManifest'];
  readonly uploadBuckets?: readonly string[];
  /** Error of a listing of the bucket of uploads. */
  readonly uploadError?: Error;
}

function verify({ request, files = [WEIGHTS], manifests, uploadBuckets = [], uploadError }: Situation) {
  const written: string[] = [];
  const { storage } = storageWith([], {
    // eslint-disable-next-line @typescript-eslint/require-await -- the pages are in memory
    listObjects: async function* (bucket, prefix) {
      if (uploadError && bucket === 'uploads') throw uploadError;
      yield files.filter((one) => one.bucket === bucket && one.name.startsWith(prefix));
    },
    writeObject: (bucket, name) => {
      written.push(`gs://${bucket}/${name}`);
      return Promise.resolve();
    },
  });
  const unexpected = () => assert.fail('no blob is read');
  const registry = {
    getManifest: manifests ?? unexpected,
    getBlobSize: (_image: unknown, digest: string) => Promise.resolve(digest === CONFIG_DIGEST ? CONFIG.length : 5),
    readBlob: (_image: unknown, digest: string) =>
      Promise.resolve(digest === CONFIG_DIGEST ? CONFIG : assert.fail('a layer is read')),
  };
  const outcome: Promise<VerifiedExport> = activityEnvironment().run(() =>
    verifyExport(dependenciesWith({ storage, registry, uploadBuckets }), { ...base, ...request }, ignore),
  );
  return { outcome, written };
}

suite('the verification of an export', () => {
  test('lists the files below the directory of the operation, and counts its requests', async () => {
    const sibling = file(`${PREFIX}model2/x`, 'x');
    const { files, notes, reads, image } = await verify({ files: [WEIGHTS, sibling] }).outcome;
    assert.deepEqual([files?.count, files?.bytes, files?.manifestUri], [1, 7, undefined]);
    assert.deepEqual([notes, reads, image], [[], { listRequests: 1, readRequests: 0, bytes: 0 }, undefined]);
  });

  for (const [title, request, finding] of [
    ['without the URI of its artifacts', { outputInfo: {} }, /outputInfo has no artifactOutputUri/],
    [
      'without the URI of its image',
      { destinations: { outputUriPrefix: PREFIX, imageUri: IMAGE } },
      /outputInfo has no imageOutputUri/,
    ],
    [
      'at another place',
      { outputInfo: { artifactOutputUri: 'gs://exports/other/model' } },
      /which is not below gs:\/\/exports\/test\//,
    ],
  ] as const) {
    test(`fails for an output ${title}, which a fresh export can fix`, async () => {
      const { message, details } = await failureOf(verify({ request }).outcome, 'ExportError.VerificationFailed');
      assert.match(message, finding);
      assert.equal(details.exportAgain, true);
    });
  }

  test('fails for a directory without files', async () => {
    await failureOf(verify({ files: [] }).outcome, 'ExportError.VerificationFailed');
  });

  test('writes a manifest only if it is requested, and only into a folder of the calling workflow', async () => {
    assert.deepEqual(verify({}).written, []);
    const verified = verify({ request: { writeManifest: true } });
    const { files } = await verified.outcome;
    assert.deepEqual(verified.written, [files?.manifestUri]);
    assert.ok(files?.manifestUri?.startsWith(PREFIX), files?.manifestUri);
    const destinations = { outputUriPrefix: PREFIX.replace('/test/', '/other/') };
    const foreign = verify({ request: { writeManifest: true, destinations } });
    await failureOf(foreign.outcome, 'ExportError.InvalidInput');
    assert.deepEqual(foreign.written, []);
  });
});

suite('the comparison with what was uploaded', () => {
  const source = { artifactUri: UPLOAD };
  const uploaded = file(`${UPLOAD}/weights.bin`, 'weights');
  const missing = file(`${UPLOAD}/secret.txt`, 'secret');

  test('has no note and no failure for an equal copy', async () => {
    assert.deepEqual((await verify({ request: { source }, files: [WEIGHTS, uploaded] }).outcome).notes, []);
  });

  test('names a missing file only in buckets whose file names may be reported', async () => {
    for (const uploadBuckets of [[], ['uploads']]) {
      const { outcome } = verify({ request: { source }, files: [WEIGHTS, uploaded, missing], uploadBuckets });
      const { message } = await failureOf(outcome, 'ExportError.VerificationFailed');
      assert.equal(message.includes('secret.txt'), uploadBuckets.length > 0, message);
    }
  });

  test('is not made for a format that is no copy', async () => {
    const { outcome } = verify({
      request: { source, exportFormatId: 'other-format' },
      uploadError: new Error('the upload is listed'),
    });
    assert.ok((await outcome).files);
  });

  for (const [title, situation, reason] of [
    ['is empty', { files: [WEIGHTS] }, 'is empty'],
    ['may not be listed', { uploadError: refusal('PERMISSION_DENIED', 403) }, "can't be read by the worker"],
    ['no longer exists', { uploadError: refusal('NOT_FOUND', 404) }, "can't be read by the worker"],
    ['is not in Cloud Storage', { request: { source: { artifactUri: 'here' } } }, "can't be read by the worker"],
  ] satisfies [string, Situation, string][]) {
    test(`is left out with a note if the upload ${title}`, async () => {
      const { notes } = await verify({ request: { source }, ...situation }).outcome;
      const uri = 'request' in situation ? 'here' : UPLOAD;
      assert.deepEqual(notes, [`the Model's artifactUri ${uri} ${reason}: the export was not compared with it`]);
    });
  }

  test('is retried after an outage', async () => {
    const uploadError = refusal('UNAVAILABLE', 503);
    await assert.rejects(verify({ request: { source }, uploadError }).outcome, (error) => error === uploadError);
  });
});

suite('the verification of an image', () => {
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${'b'.repeat(64)}`, size: 5 };
  const config = {
    mediaType: 'application/vnd.oci.image.config.v1+json',
    digest: CONFIG_DIGEST,
    size: CONFIG.length,
  };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const top: ImageManifest = {
    digest: DIGEST,
    size: 300,
    mediaType,
    manifest: { schemaVersion: 2, mediaType, config, layers: [layer] },
  };
  const SERVING = 'us-docker.pkg.dev/p/r/serving:v1';
  const request: Partial<VerifyExportRequest> = {
    outputInfo: { imageOutputUri: IMAGE },
    destinations: { imageUri: IMAGE },
  };

  test('returns its digest, its layers and its size', async () => {
    const { image, files, reads } = await verify({ request, manifests: () => Promise.resolve(top) }).outcome;
    assert.deepEqual([image?.pinnedUri, image?.digest], [`us-docker.pkg.dev/p/r/image@${DIGEST}`, DIGEST]);
    assert.deepEqual([image?.mediaType, image?.isServingContainer, files], [mediaType, undefined, undefined]);
    assert.deepEqual(image?.platforms, ['linux/amd64']);
    assert.deepEqual(reads, { listRequests: 0, readRequests: 4, bytes: 300 + CONFIG.length });
  });

  test('fails without the image, which a fresh export can fix', async () => {
    const { outcome } = verify({ request, manifests: () => Promise.reject(refusal('NOT_FOUND', 404)) });
    assert.equal((await failureOf(outcome, 'ExportError.VerificationFailed')).details.exportAgain, true);
  });

  for (const [title, serving, isServingContainer, note] of [
    ['the same', top, true, undefined],
    [
      'an index with it',
      { ...top, digest: 'sha256:x', manifest: { schemaVersion: 2, manifests: [{ ...layer, digest: DIGEST }] } },
      true,
      undefined,
    ],
    ['another one', { ...top, digest: 'sha256:x' }, false, /its digest is not that of .*serving:v1, sha256:x/],
    ['not readable', refusal('PERMISSION_DENIED', 403), undefined, /serving:v1 can't be read and was not compared/],
    ['missing', refusal('NOT_FOUND', 404), undefined, /serving:v1 can't be read and was not compared/],
  ] satisfies [string, ImageManifest | Error, boolean | undefined, RegExp | undefined][]) {
    test(`compares it with the serving container, which is ${title}`, async () => {
      const { image, notes } = await verify({
        request: { ...request, source: { servingImageUri: SERVING } },
        manifests: ({ repository }) => {
          const answer = repository.endsWith('serving') ? serving : top;
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
      }).outcome;
      assert.equal(image?.isServingContainer, isServingContainer);
      if (note) assert.match(notes.join(), note);
      else assert.deepEqual(notes, []);
    });
  }

  test('is retried if the serving container is not answered', async () => {
    const { outcome } = verify({
      request: { ...request, source: { servingImageUri: SERVING } },
      manifests: ({ repository }) =>
        repository.endsWith('serving') ? Promise.reject(refusal('UNAVAILABLE', 503)) : Promise.resolve(top),
    });
    assert.ok((await failureOf(outcome, 'ExportError.Unavailable')).retryable);
  });
});
