import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { redact } from '../../../src/internal/redact';

/** The part of each text that must be removed. */
const SECRETS: Readonly<Record<string, readonly [text: string, secret: string]>> = {
  'a bearer token': ['401 for Bearer abc.def-ghi', 'abc.def-ghi'],
  'a bearer token in lower case': ['authorization: bearer abc.def-ghi', 'abc.def-ghi'],
  'basic credentials': ['Authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  'an access token': ['token ya29.a0AfH6SMBx-y_z refused', 'a0AfH6SMBx-y_z'],
  'a refresh token': ['sent 1//0gabcDEF_-123 to the server', 'gabcDEF_-123'],
  'a client secret': ['GOCSPX-Abc_123 is wrong', 'Abc_123'],
  'a JSON Web Token': ['got eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl here', 'c2lnbmF0dXJl'],
  'a JSON Web Token without a signature': ['got eyJhbGciOi.eyJzdWIi here', 'eyJzdWIi'],
  'a private key': ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'MIIE'],
  'a private key in JSON': ['"-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----"', 'MIIE'],
  'the start of a private key': ['Unexpected token - in "-----BEGIN PRIVATE KEY-----MIIEabc', 'MIIEabc'],
  'a field of a JSON reply': ['{"access_token": "s3cr3t-value", "expires_in": 1}', 's3cr3t-value'],
  'a field of JSON within a string': ['"{\\"refresh_token\\":\\"s3cr3t-value\\"}"', 's3cr3t-value'],
  'a field of a form': ['grant_type=x&client_secret=s3cr3t-value&scope=y', 's3cr3t-value'],
  'the signature of a URL': ['https://storage.googleapis.com/b/o?X-Goog-Signature=beef01', 'beef01'],
  'any query of a URL': ['a redirect to https://host.example/path?ticket=beef01', 'beef01'],
  'the fragment of a URL': ['https://host.example/path#token=beef01', 'beef01'],
  'a bearer token in a URL': ['x?auth=Bearer%20ya29.s3cr3t-value', 's3cr3t-value'],
  'an access token with escaped slashes': ['"ya29.abc\\/s3cr3t-value"', 's3cr3t-value'],
  'a value of several words in JSON': ['{"password": "two s3cr3t-words", "a": 1}', 's3cr3t-words'],
  'a value in JSON with an escaped quote': ['{"client_secret":"a\\"s3cr3t-value"}', 's3cr3t-value'],
  'a field in camel case': ['{accessToken: s3cr3t-value}', 's3cr3t-value'],
  'a field of an encoded form': ['%22refresh_token%22%3A%22s3cr3t-value%22', 's3cr3t-value'],
  'all cookies of a header': ['set-cookie: a=b; session=s3cr3t-value', 's3cr3t-value'],
  'an API key in a header': ['x-goog-api-key: s3cr3t-value', 's3cr3t-value'],
  'a private key without its first line': [`key MIIEvQIBADANBgkqhkiG9w0s3cr3t+value/x`, 's3cr3t'],
  'an HMAC key': ['GOOG1ES3CR3TVALUE0123456789', 'S3CR3TVALUE'],
  'a key of AWS': ['AKIAS3CR3TVALUE01234', 'S3CR3TVALUE'],
  'a token of Hugging Face': ['hf_S3cr3tValue0123456789abc', 'S3cr3tValue'],
  'a token of GitHub': ['ghp_S3cr3tValue0123456789abc', 'S3cr3tValue'],
  'an access token in a part of a URL': ['a redirect to /login#Bearer%20ya29.a0AfH6SMBx', 'a0AfH6SMBx'],
  'a JSON Web Token in a part of a URL': ['a redirect to /login/assertion%3DeyJhbGciOi.eyJzdWIi', 'eyJzdWIi'],
  'a password in a URL': ['connect to http://user:hunter2@proxy.example:3128/', 'hunter2'],
};

suite('redact', () => {
  for (const [what, [text, secret]] of Object.entries(SECRETS)) {
    test(`removes ${what} from a text`, () => {
      const redacted = redact(text);
      assert.ok(!redacted.includes(secret), redacted);
      assert.ok(redacted.includes('[redacted]'), redacted);
    });
  }

  test('keeps resource names, places and ordinary words unchanged', () => {
    const text =
      'GET projects/p/locations/us-central1/models/1@2: HTTP 403: gs://bucket/a/b.txt and ' +
      'https://us-central1-aiplatform.googleapis.com/v1beta1/x need roles/aiplatform.user; the token was refused.';
    assert.equal(redact(text), text);
  });

  test('takes linear time for a long text with repetitions', () => {
    for (const part of [
      'token="\\\\',
      'MII',
      '%20',
      'cookie:',
      'eyJ-',
      'https://',
      '-----BEGIN A-----',
      'Bearer ',
      'access_token=',
      'ya29.',
      '?',
    ]) {
      const once = redact(part.repeat(100_000));
      assert.equal(redact(once), once, part);
    }
  });
});
