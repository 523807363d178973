import type { Answer, SeenRequest } from './outside';

/** A part of every secret of these tests. No output of an activity may contain it. */
export const MARK = 'MARKED';
/** Token of the worker. */
export const TOKEN = `ya29.a0${MARK}AfH6SMBx-token_of.the-worker`;

const JWT = `eyJhbGciOiJSUzI1NiJ9.eyJ${MARK}.c2lnbmF0dXJl${MARK}`;
const PEM = `-----BEGIN PRIVATE KEY-----\nMIIE${MARK}\nQ2h${MARK}\n-----END PRIVATE KEY-----\n`;
const SIGNED = `https://storage.googleapis.com/b/o?X-Goog-Credential=${MARK}&X-Goog-Signature=${MARK}`;

const json = (status: number, message: string): Answer => ({
  status,
  body: { error: { code: status, message, status: '' } },
});

/** Answers that contain a secret: the token of the request, or a secret of the server. */
export const TELLTALE_ANSWERS: Readonly<Record<string, (request: SeenRequest) => Answer>> = {
  'an error in JSON that echoes the token': ({ headers }) => json(403, `denied for ${headers.authorization ?? ''}`),
  'a refused token that is echoed': ({ headers }) => json(401, `invalid token: ${headers.authorization ?? ''}`),
  'an error in JSON with a token only': () => json(400, `the token ${TOKEN} is not valid`),
  'an internal error with a token in JSON': () => json(500, `{"access_token": "${MARK}", "expires_in": 3599}`),
  'a quota error with a signed URL': () => json(429, `try ${SIGNED} later`),
  'a precondition with a key': () => json(412, `the key ${PEM} has expired`),
  'a precondition with a key on one line': () => json(412, `the key ${JSON.stringify(PEM)} has expired`),
  'an error with a web token': () => json(404, `assertion ${JWT} is not known`),
  'a form with a secret': () => json(400, `grant_type=refresh_token&refresh_token=1//0${MARK}&client_secret=${MARK}`),
  'an API key': () => json(403, `API key AIza${MARK}0123456789 is not allowed`),
  'a page that shows the request': ({ headers }) => ({
    status: 502,
    headers: { 'content-type': 'text/html' },
    body: `<html><body><h1>Bad gateway</h1><pre>authorization: ${headers.authorization ?? ''}</pre></body></html>`,
  }),
  'a text that shows the request': ({ headers }) => ({
    status: 503,
    body: `Authorization: ${headers.authorization ?? ''}`,
  }),
  'a page in place of an answer': ({ headers }) => ({
    headers: { 'content-type': 'text/html' },
    body: `<html><form><input name="token" value="${headers.authorization ?? ''}"></form></html>`,
  }),
  'JSON of another shape that echoes the token': ({ headers }) => ({
    body: { headers: { Authorization: headers.authorization ?? '' } },
  }),
  'the answer of a token server': () => ({ body: { access_token: `x${MARK}`, token_type: 'Bearer', id_token: JWT } }),
  'JSON that is cut off': ({ headers }) => ({ body: `{"name": "${headers.authorization ?? ''}` }),
  'a redirect to a signed URL': () => ({ status: 302, headers: { location: SIGNED } }),
  'a redirect with a password': () => ({ status: 307, headers: { location: `https://user:${MARK}@evil.example/` } }),
  'a redirect with a token': () => ({
    status: 303,
    headers: { location: `https://accounts.google.com/?access_token=${MARK}` },
  }),
  'a redirect that echoes the token': ({ headers }) => ({
    status: 301,
    headers: { location: `/login#${encodeURIComponent(headers.authorization ?? '')}` },
  }),
};

/** Errors of credential sources. Their messages contain the output of a program, a server or a file. */
export const TELLTALE_REJECTIONS: Readonly<Record<string, unknown>> = {
  'a token server that echoes the assertion': new Error(`invalid_grant: assertion=${JWT}`),
  'the JSON of a program': new Error(`The executable failed: {"version":1,"access_token":"${MARK}"}`),
  'the output of a program': new Error(`The executable failed with exit code 1: password is ${MARK}`),
  'the first bytes of a key file': new SyntaxError(`Unexpected token '-', "-----BEGIN PRIVATE KEY-----${MARK}"`),
  'the first bytes of a file that is not JSON': new SyntaxError(`Unexpected token 'M', "${MARK} x" is not valid JSON`),
  'a cause with a secret': new Error('no token', { cause: new Error(`refresh_token=${MARK}`) }),
  'a secret that is not an error': `client_secret: ${MARK}`,
  'several errors': new AggregateError([new Error(`Bearer ${TOKEN}`)], 'none worked'),
  'a response with its request': Object.assign(new Error('Request failed'), {
    config: { headers: { Authorization: `Bearer ${TOKEN}` }, data: `client_secret=${MARK}` },
    response: { data: { error: MARK } },
  }),
};
