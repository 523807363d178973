import type { Answer, SeenRequest } from './outside';
import { FOLDER } from './examples';

const CONTENT = 'a model';

const OUTPUT = { artifactOutputUri: `${FOLDER}model-1/` };

function operation(name: string, done: boolean): object {
  const createTime = '2026-06-01T00:00:00Z';
  return { name, metadata: { genericMetadata: { createTime, updateTime: createTime }, outputInfo: OUTPUT }, done };
}

/** The answers of Google's services to valid requests, if every resource exists and every request succeeds. */
export function googleAnswer({ host, method, target, headers }: SeenRequest): Answer {
  const [path = '', query = ''] = target.split('?');
  if (host.endsWith('aiplatform.googleapis.com')) return vertexAnswer(method, decodeURIComponent(path));
  if (host === 'storage.googleapis.com') {
    return storageAnswer(method, path, new URLSearchParams(query), headers.range);
  }
  return { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } };
}

function vertexAnswer(method: string, path: string): Answer {
  const resource = path.replace(/^\/v1beta1\//, '');
  const model = resource.replace(/(@|:|\/operations).*$/, '');
  if (resource.endsWith(':export')) return { body: operation(`${model}/operations/7`, false) };
  if (resource.endsWith(':cancel')) return { body: {} };
  if (resource.includes('/operations/')) return { body: operation(resource.replace(/:wait$/, ''), true) };
  if (resource.endsWith('/operations')) return { body: {} };
  return { body: resource.endsWith('/models') ? { models: [modelRecord(`${model}/1`)] } : modelRecord(model) };
}

function modelRecord(name: string): object {
  const exportableContents = ['ARTIFACT', 'IMAGE'];
  const supportedExportFormats = ['tflite', 'core-ml'].map((id) => ({ id, exportableContents }));
  return { name, versionId: '1', displayName: 'a model', supportedExportFormats };
}

function storageAnswer(method: string, path: string, query: URLSearchParams, range: string | undefined): Answer {
  const record = (name: string): object => ({ name, size: String(CONTENT.length), generation: '1' });
  if (method === 'DELETE') return { status: 204 };
  if (method === 'POST') return { body: record(query.get('name') ?? '') };
  if (query.get('alt') === 'media') {
    const [, from = '0', to = '0'] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
    return { status: 206, body: CONTENT.slice(Number(from), Number(to) + 1) };
  }
  if (!path.endsWith('/o')) return { body: { name: path.split('/').at(-1), location: 'US-CENTRAL1' } };
  return { body: { kind: 'storage#objects', items: [record(`${query.get('prefix') ?? ''}model.joblib`)] } };
}
