import assert from 'node:assert/strict';
import { before, beforeEach, suite, test } from 'node:test';
import { LOCATION_IDS } from '../../../../emulator/vertex/locations';
import type { FieldType } from '../../../../emulator/vertex/messages';
import { ENUMS, fieldOf, MESSAGE_TYPES } from '../../../../emulator/vertex/messages';
import { isPublished, publishedMethods } from '../../../../emulator/vertex/published-methods';
import { parseParameters } from '../../../../emulator/vertex/request-parameters';
import type { Route } from '../../../../emulator/vertex/routes';
import { matchRoute, ROUTES } from '../../../../emulator/vertex/routes';
import { OUTPUT_ONLY } from '../../../../emulator/vertex/uploaded-model';
import type { DiscoveryDocument, Method, Property } from '../../../support/discovery-documents';
import { discoveryDocument, messageName } from '../../../support/discovery-documents';
import { assertRefused, exportBody, useEmulator } from '../../../support/emulator';
import { at, call } from '../../../support/http';
import { addModel, MODELS, PARENT } from '../../../support/models';
import { pythonProblem } from '../../../support/third-party-clients';

const { services, url } = useEmulator();
const VERSIONS = ['v1', 'v1beta1'] as const;

/** The ids of a route's methods: operations exist below Models and below locations. */
function idsOf({ name }: Route): string[] {
  const below = 'aiplatform.projects.locations';
  if (name.startsWith('locations.')) return [`${below}.${name.slice('locations.'.length)}`];
  return name.startsWith('operations.') ? [`${below}.${name}`, `${below}.models.${name}`] : [`${below}.${name}`];
}

const typeOfParameter = ({ type, format, repeated }: Method['parameters'][string]): string =>
  repeated === true ? `${type}s` : (format ?? type);

/** A field's type as the emulator's table has it. */
function shapeOf(property: Property): Pick<FieldType, 'shape' | 'type'> {
  const { type, items, additionalProperties } = property;
  if (type === 'array' && items !== undefined) {
    const inner = shapeOf(items);
    return { shape: inner.shape === 'map' ? 'list of maps' : 'list', type: inner.type };
  }
  if (additionalProperties !== undefined) return { shape: 'map', type: shapeOf(additionalProperties).type };
  const reference = property.$ref === undefined ? undefined : messageName(property.$ref);
  return { shape: 'one', type: reference ?? (property.enum ? 'enum' : (property.format ?? type ?? '')) };
}

const enumOf = (property: Property): readonly string[] | undefined => property.enum ?? property.items?.enum;

/** Problems of a value as a message: unknown fields, and values of other types. */
function problemsOf(value: unknown, property: Property, document: DiscoveryDocument, path: string): string[] {
  const { type, items, additionalProperties } = property;
  if (property.$ref !== undefined) {
    const fields = document.messages.get(messageName(property.$ref)) ?? {};
    return Object.entries(value as object).flatMap(([name, inner]: [string, unknown]) => {
      const field = fields[name];
      return field === undefined ? [`${path}.${name}`] : problemsOf(inner, field, document, `${path}.${name}`);
    });
  }
  if (type === 'array') {
    if (!Array.isArray(value) || value.length === 0) return [`${path} is not a list with items`];
    return value.flatMap((item: unknown) => problemsOf(item, items ?? {}, document, `${path}[]`));
  }
  if (property.enum !== undefined) return property.enum.some((name) => name === value) ? [] : [`${path}: enum`];
  if (type === 'any' || additionalProperties !== undefined) return [];
  const expected = type === 'integer' ? 'number' : type;
  return typeof value === expected ? [] : [`${path}: ${String(value)}`];
}

for (const version of VERSIONS) {
  suite(`Google’s discovery document of ${version} has`, () => {
    let document: DiscoveryDocument;
    let problem: string | undefined;
    before(async () => {
      problem = await pythonProblem();
      if (problem === undefined) document = await discoveryDocument(version);
    });
    beforeEach((context) => {
      if (problem !== undefined && 'skip' in context) context.skip(problem);
    });
    const methodOf = (id: string): Method => {
      const method = document.methods.find((found) => found.id === id);
      assert.ok(method, `${id} is not published`);
      return method;
    };

    test('every served method with its path, parameters and types', () => {
      for (const route of ROUTES) {
        for (const id of idsOf(route)) {
          const { httpMethod, flatPath, parameters, request, response } = methodOf(id);
          const path = `/${flatPath.replace(/\{[^}]*\}/g, 'x')}`;
          assert.equal(matchRoute(httpMethod, path)?.route.name, route.name, id);
          const inQuery = Object.entries(parameters).filter(([, { location }]) => location === 'query');
          assert.deepEqual(
            { ...route.parameters, ...(version === 'v1' && route.v1Parameters) },
            Object.fromEntries(inQuery.map(([name, parameter]) => [name, typeOfParameter(parameter)])),
            id,
          );
          assert.equal(route.request, request && messageName(request.$ref), id);
          assert.equal(route.response, messageName(response.$ref), id);
        }
      }
    });

    test('all fields and enums of the messages', () => {
      for (const [message, fields] of MESSAGE_TYPES) {
        const published = document.messages.get(message);
        if (published === undefined) {
          assert.deepEqual([message, version], ['ModelDataStats', 'v1beta1']);
          continue;
        }
        const served = [...fields.keys()].filter((name) => fieldOf(message, name, version) !== undefined);
        assert.deepEqual(served.sort(), Object.keys(published).sort(), message);
        for (const [name, property] of Object.entries(published)) {
          const { shape, type, enumName } = fieldOf(message, name, version) ?? assert.fail(name);
          assert.deepEqual({ shape, type }, shapeOf(property), `${message}.${name}`);
          const values = type === 'enum' ? ENUMS[enumName] : undefined;
          assert.deepEqual([...(values ?? [])].sort(), [...(enumOf(property) ?? [])].sort(), enumName);
        }
      }
    });

    test('the system parameters, the locations, and the fields that only the service sets', () => {
      for (const name of document.systemParameters) {
        assert.doesNotThrow(() => parseParameters(new URLSearchParams([[name, '']]), {}), name);
      }
      assert.deepEqual([...document.locations].sort(), [...LOCATION_IDS].sort());
      const model = Object.entries(document.messages.get('Model') ?? {});
      const readOnly = model.filter(([, field]) => field.readOnly === true).map(([name]) => name);
      assert.deepEqual(readOnly.sort(), [...OUTPUT_ONLY].sort());
    });

    test('the other methods, which are UNIMPLEMENTED', () => {
      const paths = document.methods.map(({ httpMethod, flatPath }) => [
        httpMethod,
        flatPath
          .slice(version.length)
          .replace(/\{[^}]*\}/g, '*')
          .replace(/^\//, ''),
      ]);
      const others = paths.filter(([, path = '']) => !/(?:^|\/)operations(?:\/\*)?(?::\w+)?$/.test(path));
      const text = (methods: readonly string[][]): string[] => methods.map((method) => method.join(' ')).sort();
      assert.deepEqual(text(publishedMethods(version)), [...new Set(text(others))]);
      for (const { httpMethod, flatPath, id } of document.methods) {
        assert.ok(isPublished(httpMethod, `/${flatPath.replace(/\{[^}]*\}/g, 'x')}`), id);
      }
    });

    test('the fields of every answer', async () => {
      const { vertex } = services();
      const model = addModel(vertex, { durationMs: 0 });
      const name = `discovered-${version}`;
      const uploaded = `${PARENT}/models/${name}`;
      const binding = { role: 'roles/viewer', members: ['user:a@example.com'] };
      const answers: [id: string, method: string, path: string, body?: unknown][] = [
        ['list', 'GET', PARENT.replace(/\/[^/]+$/, '')],
        ['get', 'GET', PARENT],
        ...Object.values(MODELS).map((path): [string, string, string] => ['models.get', 'GET', path]),
        ['models.list', 'GET', `${PARENT}/models?pageSize=2`],
        ['models.listVersions', 'GET', `${MODELS.iris}:listVersions`],
        ['models.listCheckpoints', 'GET', `${MODELS.iris}:listCheckpoints`],
        ['models.export', 'POST', `${model}:export`, exportBody()],
        ['models.upload', 'POST', `${PARENT}/models:upload`, { model: { displayName: 'd' }, modelId: name }],
        ['models.copy', 'POST', `${PARENT}/models:copy`, { sourceModel: model }],
        ['models.operations.list', 'GET', `${model}/operations`],
        ['operations.list', 'GET', `${PARENT}/operations?pageSize=5`],
        ['models.setIamPolicy', 'POST', `${model}:setIamPolicy`, { policy: { bindings: [binding] } }],
        ['models.getIamPolicy', 'POST', `${model}:getIamPolicy`],
        ['models.testIamPermissions', 'POST', `${model}:testIamPermissions?permissions=a.b.c`],
        ['models.patch', 'PATCH', `${model}?updateMask=description`, { description: 'd' }],
        ['models.mergeVersionAliases', 'POST', `${model}@1:mergeVersionAliases`, { versionAliases: ['golden'] }],
        ['models.delete', 'DELETE', model],
      ];
      const operations: string[] = [];
      for (const [id, method, path, body] of answers) {
        const { status, body: answer } = await call(method, url(path, version), body);
        assert.equal(status, 200, `${id}: ${JSON.stringify(answer)}`);
        const { response } = methodOf(`aiplatform.projects.locations.${id}`);
        assert.deepEqual(problemsOf(answer, response, document, id), []);
        if (messageName(response.$ref) === 'Operation') operations.push(String(at(answer, 'name')));
      }
      for (const operation of operations) {
        const { body } = await call('POST', url(`${operation}:wait?timeout=30s`, version));
        for (const part of ['metadata', 'response']) {
          const type = String(at(body, part, '@type'));
          if (type.endsWith('.Empty')) continue;
          const fields = Object.fromEntries(
            Object.entries(at(body, part) as object).filter(([name]) => name !== '@type'),
          );
          const $ref = type.split('.').at(-1) ?? '';
          assert.deepEqual(problemsOf(fields, { $ref }, document, type), []);
          assert.ok(document.messages.has($ref), type);
        }
      }
      assert.equal((await call('GET', url(uploaded, version))).status, 200);
    });

    test('methods that are answered with 501 in JSON, and no others', async () => {
      const unserved: [string, string][] = [
        ['GET', `${PARENT}/endpoints`],
        ['POST', `${PARENT}/endpoints/1:predict`],
        ['GET', `${MODELS.flowers}/evaluations/1`],
        ['POST', `${MODELS.flowers}:updateExplanationDataset`],
        ['GET', `${PARENT}/endpoints/1/operations/2`],
        ['POST', `${PARENT}/datasets/1:export`],
      ];
      for (const [method, path] of unserved) {
        const answer = await call(method, url(path, version));
        assertRefused(answer, 501, 'UNIMPLEMENTED', /does not have the method/);
      }
      const unknown: [string, string][] = [
        ['PUT', MODELS.flowers],
        ['GET', `${MODELS.flowers}:export`],
        ['POST', `${MODELS.flowers}:deploy`],
        ['GET', `${PARENT}/nothing`],
      ];
      for (const [method, path] of unknown) {
        const { status, headers } = await call(method, url(path, version));
        assert.deepEqual([status, headers.get('content-type')?.split(';')[0]], [404, 'text/html'], path);
      }
    });
  });
}
