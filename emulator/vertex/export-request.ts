import { z } from 'zod';
import { ApiError, badRequest } from '../api-error';
import { shown } from './field-names';
import type { MessageValue } from './message-body';

/** A checked body of `models.export`. */
export interface ExportRequest {
  /** Empty if the first supported format is wanted. */
  readonly formatId: string;
  readonly outputUriPrefix?: string;
  readonly outputUri?: string;
}

/** No object name and no image URI is longer. */
const MAX_URI_LENGTH = 2_048;
const PREFIX = /^gs:\/\/[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](\/\P{Cc}*)?$/u;
const IMAGE =
  /^((?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev)\/[a-z0-9]+(?:[.:-]+[a-z0-9]+)*(\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+(:[\w][\w.-]{0,127})?$/;

/** The `outputConfig` of a body whose types are checked. */
const outputConfigSchema = z.object({
  exportFormatId: z.string().default(''),
  artifactDestination: z.object({ outputUriPrefix: z.string().default('') }).optional(),
  imageDestination: z.object({ outputUri: z.string().default('') }).optional(),
});

/** Checks the parts of an export's body that do not depend on the Model. */
export function parseExportRequest(body: MessageValue): ExportRequest {
  const { exportFormatId, artifactDestination, imageDestination } = outputConfigSchema.parse(
    body['outputConfig'] ?? {},
  );
  const artifact = artifactDestination !== undefined;
  const image = imageDestination !== undefined;
  if (!artifact && !image) {
    throw badRequest(
      'output_config',
      'One of artifact_destination and image_destination must be set in output_config.',
    );
  }
  const outputUriPrefix = artifactDestination?.outputUriPrefix;
  const outputUri = imageDestination?.outputUri;
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
    formatId: exportFormatId,
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
