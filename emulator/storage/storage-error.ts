/** Where the cause of an error is in the request. */
interface ErrorLocation {
  readonly locationType: 'header' | 'parameter';
  readonly location: string;
}

/** An error in the format of the JSON API. Source: https://cloud.google.com/storage/docs/json_api/v1/status-codes */
export class StorageError extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    message: string,
    readonly at?: ErrorLocation,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  /** The body of the HTTP answer. */
  body(): unknown {
    const { status: code, reason, message, at } = this;
    return { error: { code, message, errors: [{ message, domain: 'global', reason, ...at }] } };
  }
}

export function invalid(message: string, parameter?: string): StorageError {
  return new StorageError(400, 'invalid', message, parameter === undefined ? undefined : inParameter(parameter));
}

export function invalidParameter(parameter: string, message: string): StorageError {
  return new StorageError(400, 'invalidParameter', message, inParameter(parameter));
}

export function required(parameter: string): StorageError {
  return new StorageError(400, 'required', `Required parameter: ${parameter}`, inParameter(parameter));
}

export function noBucket(): StorageError {
  return new StorageError(404, 'notFound', 'The specified bucket does not exist.');
}

export function noObject(bucket: string, name: string): StorageError {
  return new StorageError(404, 'notFound', `No such object: ${bucket}/${name}`);
}

export function conditionNotMet(header = 'If-Match'): StorageError {
  const message = 'At least one of the pre-conditions you specified did not hold.';
  return new StorageError(412, 'conditionNotMet', message, { locationType: 'header', location: header });
}

/** The answer to a conditional read whose client already has the current version. */
export function notModified(etag: string): StorageError {
  return new StorageError(304, 'notModified', 'Not Modified', undefined, { etag });
}

/** A method or an option of the service that this store does not have. */
export function notImplemented(what: string): StorageError {
  return new StorageError(501, 'notImplemented', `${what} is not implemented by this object store.`);
}

function inParameter(location: string): ErrorLocation {
  return { locationType: 'parameter', location };
}
