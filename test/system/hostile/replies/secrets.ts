import assert from 'node:assert/strict';
import type { Row } from './calls';
import { OTHER_SECRET, TOKEN, apiError, failure, gives, model, rawly, refused } from './calls';

/** Replies that contain credentials, the worker's or foreign ones. */
export const SECRETS: Readonly<Record<string, Row>> = {
  'an error that repeats the token': {
    call: 'models.get',
    reply: (request, response) =>
      response
        .writeHead(403)
        .end(failure({ status: 'PERMISSION_DENIED', message: `no: ${request.headers.authorization}` })),
    ending: apiError(({ message }) => {
      assert.match(message, /^no: .*redacted/);
    }),
  },
  'a page of a proxy that repeats all headers': {
    call: 'models.get',
    reply: (request, response) => response.writeHead(502).end(`<pre>${JSON.stringify(request.headers)}</pre>`),
    ending: apiError(({ message }) => {
      assert.match(message, /HTTP 502/);
    }),
  },
  'an answer of another shape that repeats the token': {
    call: 'operations.get',
    reply: (request, response) =>
      response.writeHead(200).end(JSON.stringify({ echo: request.headers.authorization?.slice('Bearer '.length) })),
    ending: refused(/not what the API documents/),
  },
  'a Model whose display name is the token': {
    call: 'models.get',
    reply: (request, response) =>
      response.writeHead(200).end(JSON.stringify(model({ displayName: request.headers.authorization }))),
    ending: gives((value) => {
      assert.ok(!JSON.stringify(value).includes(TOKEN));
    }),
  },
  'a registry that repeats the decoded credentials': {
    call: 'manifests.get',
    reply: (request, response) => {
      const [, encoded = ''] = (request.headers.authorization ?? '').split(' ');
      response.writeHead(401).end(Buffer.from(encoded, 'base64').toString());
    },
    ending: apiError(({ status }) => {
      assert.equal(status, 'UNAUTHENTICATED');
    }),
  },
  'a status line that repeats a secret': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 500 token=${OTHER_SECRET}\r\ncontent-length: 0\r\n\r\n`),
    ending: apiError(({ status }) => {
      assert.equal(status, 'INTERNAL');
    }),
  },
  'a redirect to a signed URL': {
    call: 'objects.get',
    reply: (_, response) =>
      response
        .writeHead(307, {
          location: `https://user:${OTHER_SECRET}@storage.example/b/o?X-Goog-Signature=${OTHER_SECRET}#${OTHER_SECRET}`,
        })
        .end(),
    ending: refused(/redirect to https:\/\/storage\.example\/b\/o$/),
  },
  'a redirect with the token in its path': {
    call: 'models.get',
    reply: (request, response) =>
      response
        .writeHead(302, { location: `https://evil.example/${request.headers.authorization?.split(' ')[1]}` })
        .end(),
    ending: refused(/redirect to https:\/\/evil\.example\//),
  },
  'a redirect to what is not a URL': {
    call: 'blobs.get',
    reply: (_, response) => response.writeHead(302, { location: 'https://[' }).end(),
    ending: refused(/an invalid URL/),
  },
};
