import assert from 'node:assert/strict';
import type { Row } from './calls';
import {
  DIGEST,
  MODEL,
  OPERATION,
  PARENT,
  fieldsOf,
  gives,
  givesEqual,
  json,
  model,
  object,
  objects,
  operation,
  refused,
  text,
} from './calls';

/** Replies that name other resources than the request. */
export const NAMES: Readonly<Record<string, Row>> = {
  'a Model of another project': {
    call: 'models.get',
    reply: json(model({ name: 'projects/p-two/locations/us-central1/models/123' })),
    ending: refused(/names another resource/),
  },
  'a Model of another location': {
    call: 'models.get',
    reply: json(model({ name: 'projects/42/locations/europe-west4/models/123' })),
    ending: refused(/names another resource/),
  },
  'another Model': {
    call: 'models.get',
    reply: json(model({ name: `${PARENT}/models/124` })),
    ending: refused(/names another resource/),
  },
  'another version of the Model': {
    call: 'models.get',
    reply: json(model({ versionId: '3' })),
    ending: refused(/names another resource/),
  },
  'another version in the name of the Model': {
    call: 'models.get',
    reply: json(model({ name: `${MODEL}@3`, versionId: '2' })),
    ending: refused(/names another resource/),
  },
  'a Model with a path in its version': {
    call: 'models.get',
    reply: json(model({ versionId: '2/../../../x' })),
    ending: refused(/versionId/),
  },
  'a list with a Model of another location': {
    call: 'models.list',
    reply: json({ models: [model(), model({ name: 'projects/42/locations/us-east1/models/5' })] }),
    ending: refused(/names another resource/),
  },
  'a list with a Model of an evil location': {
    call: 'models.list',
    reply: json({ models: [model({ name: 'projects/42/locations/evil.example#/models/5' })] }),
    ending: refused(/names another resource/),
  },
  'an operation at an evil host': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/evil.example#/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation with dots in its name': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/../operations/..' })),
    ending: refused(/names another resource/),
  },
  'an operation of another Model': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/124/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation of another project': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/p-two/locations/us-central1/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation of another location': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-east1/models/123/operations/7' })),
    ending: refused(/names another resource/),
  },
  'an operation without its Model': {
    call: 'models.export',
    reply: json(operation({ name: 'projects/42/locations/us-central1/operations/7' })),
    ending: gives((value) => {
      assert.equal(fieldsOf(value)['name'], 'projects/42/locations/us-central1/operations/7');
    }),
  },
  'another operation': {
    call: 'operations.get',
    reply: json(operation({ name: 'projects/42/locations/us-central1/models/123/operations/8', done: true })),
    ending: refused(/names another resource/),
  },
  'another operation at the end of a wait': {
    call: 'operations.wait',
    reply: json(operation({ name: 'projects/43/locations/us-central1/models/123/operations/7', done: true })),
    ending: refused(/names another resource/),
  },
  'a list with an operation of another Model': {
    call: 'operations.list of a Model',
    reply: json({ operations: [operation(), operation({ name: `${PARENT}/models/124/operations/8` })] }),
    ending: refused(/not of the parent/),
  },
  'a list of a location with an operation elsewhere': {
    call: 'operations.list of a location',
    reply: json({ operations: [operation({ name: 'projects/42/locations/us-east1/models/123/operations/7' })] }),
    ending: refused(/not of the parent/),
  },
  'a list of a location with operations of other kinds': {
    call: 'operations.list of a location',
    reply: json({
      operations: [{ name: 'projects/42/locations/us-central1/endpoints/5/operations/6', done: 'maybe' }, operation()],
    }),
    ending: givesEqual([OPERATION]),
  },
  'a list of a Model with an operation of one of its parts': {
    call: 'operations.list of a Model',
    reply: json({ operations: [{ name: 'projects/42/locations/us-central1/models/123/evaluations/5/operations/6' }] }),
    ending: givesEqual([]),
  },
  'a list of a Model with an operation of an endpoint': {
    call: 'operations.list of a Model',
    reply: json({ operations: [{ name: 'projects/42/locations/us-central1/endpoints/5/operations/6' }] }),
    ending: refused(/not of the parent/),
  },
  'a listed object outside of the prefix': {
    call: 'objects.list',
    reply: json(objects(object(), object({ name: 'other/model.bin' }))),
    ending: refused(/names another resource/),
  },
  'a listed object called ..': {
    call: 'objects.list',
    reply: json(objects(object({ name: '..' }))),
    ending: refused(/names another resource/),
  },
  'a listed name of 2 MB': {
    call: 'objects.list',
    reply: json(objects(object({ name: `run/${'x'.repeat(2_000_000)}` }))),
    ending: refused(/name/),
  },
  'another bucket': {
    call: 'buckets.get',
    reply: json({ name: 'other', location: 'US-CENTRAL1' }),
    ending: refused(/names another resource/),
  },
  'another object after a write': {
    call: 'objects.insert',
    reply: json(object({ name: 'run/other.json' })),
    ending: refused(/names another resource/),
  },
  'a manifest with another digest': {
    call: 'manifests.get',
    reply: text('{"schemaVersion":2}', 200, { 'docker-content-digest': DIGEST }),
    ending: refused(/has digest/),
  },
  'a manifest whose layer has a path as its digest': {
    call: 'manifests.get',
    reply: text('{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:../../..","size":1}]}'),
    ending: refused(/not a manifest/),
  },
};
