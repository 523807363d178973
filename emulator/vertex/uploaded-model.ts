import { z } from 'zod';
import { badRequest } from '../api-error';
import { shown } from './field-names';

/** Fields of a Model that only the service sets. A request's values are ignored. */
export const OUTPUT_ONLY = [
  'checkpoints',
  'createTime',
  'deployedModels',
  'metadataArtifact',
  'modelSourceInfo',
  'originalModelInfo',
  'satisfiesPzi',
  'satisfiesPzs',
  'supportedDeploymentResourcesTypes',
  'supportedExportFormats',
  'supportedInputStorageFormats',
  'supportedOutputStorageFormats',
  'trainingPipeline',
  'updateTime',
  'versionCreateTime',
  'versionId',
  'versionUpdateTime',
] as const;

const MAX_DISPLAY_NAME = 128;
const ALIAS = /^[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]$/;
const LABEL = /^[\p{Ll}\p{Lo}\p{M}\p{N}_-]{0,64}$/u;

/** The fields of a request's Model that the emulator reads. */
export const givenModelSchema = z.looseObject({
  displayName: z.string().optional(),
  versionAliases: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  artifactUri: z.string().optional(),
  etag: z.string().optional(),
});

/** A checked Model of an upload. */
interface UploadedModel {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly versionAliases: readonly string[];
  /** Directory of its files: `gs://bucket/path`. */
  readonly uploadedFrom?: string;
}

/**
 * Checks the Model of an upload. If it has files, they can be exported as they were uploaded.
 *
 * @param isVersion whether it is a version of a Model that exists
 * @throws ApiError INVALID_ARGUMENT
 */
export function checkModel(given: Readonly<Record<string, unknown>>, isVersion: boolean): UploadedModel {
  const { displayName, versionAliases = [], labels = {}, artifactUri } = givenModelSchema.parse(given);
  if (!displayName && !isVersion) throw badRequest('model.display_name', 'display_name is required.');
  checkDisplayName(displayName);
  checkAliases(versionAliases);
  checkLabels(labels);
  if (artifactUri !== undefined && !/^gs:\/\/[^/]+(?:\/\P{Cc}*)?$/u.test(artifactUri)) {
    throw badRequest('model.artifact_uri', `Invalid artifact_uri: \`${shown(artifactUri)}\`.`);
  }
  const fields = Object.entries(given).filter(([name]) => !OUTPUT_ONLY.some((field) => field === name));
  return {
    fields: {
      ...Object.fromEntries(fields),
      ...(artifactUri !== undefined && {
        supportedExportFormats: [{ id: 'custom-trained', exportableContents: ['ARTIFACT'] }],
      }),
      modelSourceInfo: { sourceType: 'CUSTOM' },
    },
    versionAliases,
    ...(artifactUri !== undefined && { uploadedFrom: artifactUri }),
  };
}

/** @throws ApiError INVALID_ARGUMENT if the name is too long */
export function checkDisplayName(displayName = ''): void {
  if (Array.from(displayName).length <= MAX_DISPLAY_NAME) return;
  throw badRequest('model.display_name', `display_name has more than ${MAX_DISPLAY_NAME} characters.`);
}

/** @throws ApiError INVALID_ARGUMENT if an alias has an invalid form */
export function checkAliases(aliases: readonly string[]): void {
  const invalid = aliases.find((alias) => !ALIAS.test(alias));
  if (invalid !== undefined) throw badRequest('version_aliases', `Invalid version alias: \`${shown(invalid)}\`.`);
}

/** @throws ApiError INVALID_ARGUMENT if a label has an invalid form */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const invalid = Object.entries(labels)
    .flat()
    .find((text) => !LABEL.test(text));
  if (invalid !== undefined) throw badRequest('labels', `Invalid label: \`${shown(invalid)}\`.`);
}
