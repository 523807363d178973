import { isNativeError } from 'node:util/types';
import { GoogleTransportError } from './api-error';

/** Why there is no token. */
export type CredentialsProblem = 'missing' | 'unreadable' | 'refused' | 'unreachable' | 'unknown';

/** The texts of an error. */
interface Sentences {
  readonly problem: string;
  /** At most 300 characters, so that a failure can show all of it. */
  readonly action: string;
}

/** All texts of these errors. Texts of credential sources and token servers are not used: they can contain tokens and keys. */
const SENTENCES: Readonly<Record<CredentialsProblem, Sentences>> = {
  missing: {
    problem: 'there are no Application Default Credentials',
    action:
      'Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to the path of a credentials file, or attach a service account to the machine.',
  },
  unreadable: {
    problem: 'the credentials file cannot be used',
    action:
      'Check the file that GOOGLE_APPLICATION_CREDENTIALS names, or create it again with `gcloud auth application-default login`.',
  },
  refused: {
    problem: 'the token service refused the credentials: they are revoked, expired or not allowed',
    action:
      'Run `gcloud auth application-default login` again, or check the account, its keys and its workload identity federation.',
  },
  unreachable: {
    problem: 'the token service did not answer',
    action:
      'Check the network between the worker and its token service (oauth2.googleapis.com, sts.googleapis.com, iamcredentials.googleapis.com or the metadata server).',
  },
  unknown: {
    problem: 'no token could be obtained from the credentials',
    action:
      'Run `gcloud auth application-default print-access-token` in the environment of the worker to see the reason.',
  },
};

/**
 * No token could be obtained, so the request was not sent. The message is one of five fixed texts; it has no text of the
 * credential source, and there is no cause.
 */
export class CredentialsError extends GoogleTransportError {
  override readonly name: string = 'CredentialsError';
  /** The problem, without the action. */
  readonly problem: string;
  /** What a person can do. */
  readonly action: string;

  constructor(
    readonly reason: CredentialsProblem,
    request: string,
  ) {
    const { problem, action } = SENTENCES[reason];
    super(`${request}: ${problem}. ${action}`, request);
    this.problem = problem;
    this.action = action;
  }

  /** Whether the token service can't be reached. A person must fix every other problem. */
  get isOutage(): boolean {
    return this.reason === 'unreachable';
  }
}

/** File system errors for a file that does not exist. */
const MISSING_CODES = ['ENOENT', 'ENOTDIR'];
/** The other errors of files, and those of keys. */
const UNREADABLE_CODES = /^(?:EACCES|EPERM|EISDIR|ELOOP|ERR_OSSL_.*|ERR_CRYPTO_.*)$/;
const UNREACHABLE_CODES =
  /^(?:ECONN[A-Z]*|ENOTFOUND|EAI_[A-Z]+|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ERR_TLS_.*|CERT_.*|UND_ERR_.*|.*_CERT|.*_SIGNATURE|ERR_STREAM_PREMATURE_CLOSE)$/;

/** Messages of google-auth-library about a file that it read. Only its fixed words are compared, and none is repeated. */
const UNREADABLE_MESSAGE =
  /^(?:Unable to read the credential file|The incoming JSON object|Must pass in a JSON object)/;
const MISSING_MESSAGE = 'Could not load the default credentials';
const REFUSED_MESSAGE = /^Error code (?:invalid_|unauthorized_|access_denied)/;

/** The problem behind an error of a credential source. */
export function credentialsProblemOf(error: unknown): CredentialsProblem {
  // Jest runs tests in another realm, whose `Error` is not that of Node.js.
  if (!isNativeError(error)) return 'unknown';
  if (error instanceof CredentialsError) return error.reason;
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 || status === 408 || status === 429 ? 'unreachable' : 'refused';
  const code = codeOf(error);
  if (UNREACHABLE_CODES.test(code)) return 'unreachable';
  if (MISSING_CODES.includes(code) || error.message.includes(MISSING_MESSAGE)) return 'missing';
  if (UNREADABLE_CODES.test(code) || error instanceof SyntaxError || UNREADABLE_MESSAGE.test(error.message)) {
    return 'unreadable';
  }
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'unreachable';
  return REFUSED_MESSAGE.test(error.message) ? 'refused' : 'unknown';
}

/** HTTP status of a token service's answer, if the error has one. */
function statusOf(error: Error): number | undefined {
  const response: unknown = 'response' in error ? error.response : undefined;
  if (typeof response !== 'object' || response === null || !('status' in response)) return undefined;
  return typeof response.status === 'number' && response.status >= 400 ? response.status : undefined;
}

/** The system's code of an error or of the one that caused it. */
function codeOf(error: Error): string {
  for (const candidate of [error, error.cause]) {
    if (isNativeError(candidate) && 'code' in candidate && typeof candidate.code === 'string') return candidate.code;
  }
  return '';
}
