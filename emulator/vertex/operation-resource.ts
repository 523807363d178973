import type { Operation } from './operations';

/** Names of the types of an operation, without their package. */
const TYPES: Readonly<Record<Operation['kind'], { readonly metadata: string; readonly response: string }>> = {
  export: { metadata: 'ExportModelOperationMetadata', response: 'ExportModelResponse' },
  upload: { metadata: 'UploadModelOperationMetadata', response: 'UploadModelResponse' },
  copy: { metadata: 'CopyModelOperationMetadata', response: 'CopyModelResponse' },
  delete: { metadata: 'DeleteOperationMetadata', response: '' },
};

/** An operation as the API returns it, with the types of the API version that started it. */
export function operationResource(operation: Operation): unknown {
  const { name, kind, apiVersion, createdAt, updatedAt, error, done } = operation;
  const type = `type.googleapis.com/google.cloud.aiplatform.${apiVersion}`;
  const { metadata, response } = TYPES[kind];
  return {
    name,
    metadata: {
      '@type': `${type}.${metadata}`,
      genericMetadata: { createTime: micros(createdAt), updateTime: micros(updatedAt) },
      ...(operation.kind === 'export' && { outputInfo: outputInfo(operation) }),
    },
    ...(done && {
      done,
      ...(error
        ? { error }
        : {
            response: {
              '@type': response === '' ? 'type.googleapis.com/google.protobuf.Empty' : `${type}.${response}`,
              ...(operation.kind !== 'export' && operation.response),
            },
          }),
    }),
  };
}

function outputInfo({ artifactOutputUri, imageOutputUri }: Operation & { kind: 'export' }): unknown {
  return { ...(artifactOutputUri && { artifactOutputUri }), ...(imageOutputUri && { imageOutputUri }) };
}

function micros(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
