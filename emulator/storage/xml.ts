import type { StorageAnswer, StorageCall } from './call';
import type { StoreParts } from './routes';
import { decoded, download } from './routes';
import type { StorageError } from './storage-error';
import { notImplemented } from './storage-error';

/** Headers of the XML API, and the parameters of the JSON API that mean the same. */
const CONDITION_HEADERS = {
  'x-goog-if-generation-match': 'ifGenerationMatch',
  'x-goog-if-metageneration-match': 'ifMetagenerationMatch',
} as const;

const OBJECT_PATH = /^\/(?<bucket>[a-z0-9][a-z0-9._-]{1,220}[a-z0-9])\/(?<object>.+)$/;
/** First segments of the paths of other services. They could be names of buckets. */
const OTHER_SERVICES = /^\/(?:v\d+[a-z0-9]*|emulator|ui|storage|upload|download|resumable|batch)\//;

/** Whether a request reads an object by the path of the XML API: `/BUCKET/OBJECT`. */
export function isXmlDownload(method: string, pathname: string): boolean {
  return ['GET', 'HEAD'].includes(method) && OBJECT_PATH.test(pathname) && !OTHER_SERVICES.test(pathname);
}

/** Answers a download by the XML API. Source: https://cloud.google.com/storage/docs/xml-api/get-object-download */
export function answerXml(parts: StoreParts, call: StorageCall, pathname: string): Promise<StorageAnswer> {
  const { bucket = '', object = '' } = OBJECT_PATH.exec(pathname)?.groups ?? {};
  const query = new URLSearchParams(call.query);
  for (const [header, parameter] of Object.entries(CONDITION_HEADERS)) {
    const value = [call.headers[header] ?? []].flat()[0];
    if (value !== undefined) query.set(parameter, value);
  }
  if (['uploads', 'acl', 'tagging'].some((name) => query.has(name))) throw notImplemented('This part of the XML API');
  const names = { bucket, object: decoded(object), toBucket: '', toObject: '', project: '' };
  return download(parts, { ...call, query }, names);
}

const CODES: Readonly<Partial<Record<number, string>>> = {
  400: 'InvalidArgument',
  404: 'NoSuchKey',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  501: 'NotImplemented',
};

/** The body of an error of the XML API. */
export function xmlError({ status, message }: StorageError): string {
  const isBucket = status === 404 && message.includes('bucket does not exist');
  const code = isBucket ? 'NoSuchBucket' : (CODES[status] ?? 'InternalError');
  return `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
