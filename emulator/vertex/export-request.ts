import { ApiError, badRequest } from '../api-error';

/** A checked body of `models.export`. */
export interface ExportRequest {
  readonly formatId: string;
  readonly outputUriPrefix?: string;
  readonly outputUri?: string;
}

/** The fields of the body. Leaves are strings, all others are objects. */
interface Fields {
  readonly [name: string]: 'text' | Fields;
}

const FIELDS: Fields = {
  // Some clients repeat the name from the URL.
  name: 'text',
  outputConfig: {
    exportFormatId: 'text',
    artifactDestination: { outputUriPrefix: 'text' },
    imageDestination: { outputUri: 'text' },
  },
};

/** Longest part of a request in an answer, in characters. */
const MAX_SHOWN = 200;
const shown = (text: string): string => (text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}...`);

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Collects the values of known fields in lowerCamelCase or snake_case. Unknown fields are an error, as in Vertex AI. */
function take(body: object, fields: Fields, at: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(body) as [string, unknown][]) {
    // A body can have a field with the name of a built-in property.
    const field = Object.hasOwn(fields, camelCase(name)) ? fields[camelCase(name)] : undefined;
    const path = at ? `${at}.${camelCase(name)}` : camelCase(name);
    if (field === undefined) {
      const where = at ? ` at '${at.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}'` : '';
      const text = `Invalid JSON payload received. Unknown name "${shown(name)}"${where}: Cannot find field.`;
      throw badRequest(at, text);
    }
    if (value === null) continue;
    if (field === 'text') {
      if (typeof value !== 'string')
        throw badRequest(path, `Invalid value at '${path}' (TYPE_STRING), ${shown(JSON.stringify(value))}`);
      values.set(path, value);
    } else {
      if (typeof value !== 'object')
        throw badRequest(path, `Invalid value at '${path}', ${shown(JSON.stringify(value))}`);
      values.set(path, '');
      for (const [key, text] of take(value, field, path)) values.set(key, text);
    }
  }
  return values;
}

/** No object name and no image URI is longer. */
const MAX_URI_LENGTH = 2_048;
const PREFIX = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/\P{Cc}*)?$/u;
const IMAGE =
  /^((?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)\/[a-z0-9]+(?:[.:-]+[a-z0-9]+)*(\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+(:[\w][\w.-]{0,127})?$/;

/** Checks the parts of an export's body that do not depend on the Model. */
export function parseExportRequest(body: unknown): ExportRequest {
  if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
    throw badRequest('', 'Invalid JSON payload received. Root element must be a message.');
  }
  const values = take(body ?? {}, FIELDS, '');
  const artifact = values.has('outputConfig.artifactDestination');
  const image = values.has('outputConfig.imageDestination');
  if (!artifact && !image) {
    throw badRequest(
      'output_config',
      'One of artifact_destination and image_destination must be set in output_config.',
    );
  }
  const outputUriPrefix = values.get('outputConfig.artifactDestination.outputUriPrefix');
  const outputUri = values.get('outputConfig.imageDestination.outputUri');
  if (artifact && !outputUriPrefix) {
    throw badRequest(
      'output_config.artifact_destination.output_uri_prefix',
      'output_config.artifact_destination.output_uri_prefix is required.',
    );
  }
  if (outputUriPrefix && (outputUriPrefix.length > MAX_URI_LENGTH || !PREFIX.test(outputUriPrefix))) {
    throw badRequest(
      'output_config.artifact_destination.output_uri_prefix',
      `Invalid Cloud Storage URI \`${shown(outputUriPrefix)}\`: it must be of the form gs://bucket/path.`,
    );
  }
  if (image && !outputUri) {
    throw badRequest(
      'output_config.image_destination.output_uri',
      'output_config.image_destination.output_uri is required.',
    );
  }
  if (outputUri && (outputUri.length > MAX_URI_LENGTH || !IMAGE.test(outputUri))) {
    throw badRequest(
      'output_config.image_destination.output_uri',
      `Invalid container image URI \`${shown(outputUri)}\`: it must be in Artifact Registry or Container Registry.`,
    );
  }
  return {
    formatId: values.get('outputConfig.exportFormatId') ?? '',
    ...(outputUriPrefix && { outputUriPrefix }),
    ...(outputUri && { outputUri }),
  };
}

/** The service's errors for Models, formats and buckets. */
export const refusals = {
  modelNotFound: (name: string) => new ApiError('NOT_FOUND', `The Model does not exist: ${name}`),
  notExportable: (name: string) => new ApiError('FAILED_PRECONDITION', `Model \`${name}\` is not exportable.`),
  formatNotSupported: (name: string, formatId: string) =>
    new ApiError('FAILED_PRECONDITION', `Exporting model \`${name}\` in format \`${formatId}\` is not supported.`),
  contents: (formatId: string, contents: string) =>
    badRequest(
      'output_config',
      `Export format \`${formatId}\` does not have ${contents} in its exportableContents: the destination can't be used.`,
    ),
  bucketNotFound: (prefix: string) =>
    new ApiError('FAILED_PRECONDITION', `The Cloud Storage bucket of \`${prefix}\` does not exist.`),
  bucketRegion: (prefix: string, bucketLocation: string, location: string) =>
    new ApiError(
      'FAILED_PRECONDITION',
      `The Cloud Storage bucket of \`${prefix}\` is in location \`${bucketLocation}\`. It must be in the same regional location as the service location \`${location}\`.`,
    ),
  bucketRoot: (prefix: string) =>
    badRequest(
      'output_config.artifact_destination.output_uri_prefix',
      `A tabular model can't be exported to the root of a bucket: \`${prefix}\`. Name a directory.`,
    ),
};
