const REPLACEMENT = '[redacted]';
/** Shortest value that is removed: answers can contain shorter ones by chance. */
const LEAST_LENGTH = 8;

/** The credentials of one request, to remove them from an answer that repeats them. */
export class SentSecrets {
  private readonly values: readonly string[];

  constructor({ authorization = '' }: Readonly<Record<string, string>>) {
    const [, scheme = '', value = ''] = /^(\S+) +(\S.*)$/.exec(authorization) ?? [];
    const password = /^basic$/i.test(scheme)
      ? Buffer.from(value, 'base64')
          .toString()
          .replace(/^[^:]*:/, '')
      : '';
    this.values = [authorization, value, password].filter(({ length }) => length >= LEAST_LENGTH);
  }

  /** The text without the credentials. */
  removeFrom(text: string): string {
    return this.values.reduce((result, value) => result.replaceAll(value, REPLACEMENT), text);
  }

  /** The body without the credentials; the same buffer if it has none. */
  removeFromBody(body: Buffer): Buffer {
    if (!this.values.some((value) => body.includes(value))) return body;
    return Buffer.from(this.removeFrom(body.toString()));
  }
}
