import assert from 'node:assert/strict';
import type { Row } from './calls';
import { apiError, model, rawly, refused, text } from './calls';

/** Replies that are not HTTP, not JSON, incomplete or missing. */
export const EXCHANGES: Readonly<Record<string, Row>> = {
  'an endless chunked body that comes slowly': {
    call: 'models.get',
    timeoutMs: 300,
    reply: (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(timer);
      });
    },
    ending: refused(/no answer within 300 ms/),
  },
  silence: { call: 'models.get', timeoutMs: 200, reply: () => undefined, ending: refused(/no answer within 200 ms/) },
  'endless 102 answers': {
    call: 'models.get',
    timeoutMs: 300,
    reply: (request, response) => {
      const timer = setInterval(() => request.socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5);
      response.on('close', () => {
        clearInterval(timer);
      });
    },
    ending: refused(/no answer within 300 ms/),
  },
  'a change of the protocol': {
    call: 'models.get',
    reply: rawly('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n', false),
    ending: refused(/changes the protocol/),
  },
  'fewer bytes than announced': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${JSON.stringify(model())}`),
    ending: refused(),
  },
  'more bytes than announced': {
    call: 'models.get',
    reply: rawly(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${JSON.stringify(model())}`),
    ending: refused(),
  },
  'a negative content-length': {
    call: 'models.get',
    reply: rawly('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}'),
    ending: refused(),
  },
  'what is not HTTP': { call: 'models.get', reply: rawly('SSH-2.0-OpenSSH_9.9\r\n'), ending: refused() },
  'no content': { call: 'models.get', reply: text('', 204), ending: refused(/\(empty\)/) },
  'not modified': {
    call: 'models.get',
    reply: text('', 304),
    ending: apiError(({ httpStatus }) => {
      assert.equal(httpStatus, 304);
    }),
  },
  'an empty body': { call: 'operations.get', reply: text(''), ending: refused(/\(empty\)/) },
  null: { call: 'models.get', reply: text('null'), ending: refused(/not what the API documents/) },
  'an array': { call: 'operations.list of a Model', reply: text('[]'), ending: refused(/not what the API documents/) },
  'invalid UTF-8': {
    call: 'models.get',
    reply: text(Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')])),
    ending: refused(),
  },
  'a byte order mark': { call: 'models.get', reply: text(`\ufeff${JSON.stringify(model())}`), ending: refused() },
  'a page of a proxy in place of a deletion': {
    call: 'objects.delete',
    reply: text('<html>sign in</html>'),
    ending: refused(/not empty/),
  },
  'a list in place of an empty answer to a cancel': { call: 'operations.cancel', reply: text('[]'), ending: refused() },
};
