import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';

/** Part of every key, token and answer of these sources; it must not be in any message. */
export const SECRET = 'marked-secret-5d1e77';

/** Answers a request to the token server. */
export type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** Answers with JSON. */
export function json(status: number, value: unknown): Answer {
  return (_, __, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** Listens on a free port of loopback. Returns the base URL. */
export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}`;
}

/** Places where Application Default Credentials are found, and a token server, for the tests of a file. */
export interface CredentialSources {
  /** The home directory during a test: empty, except for what a test writes. */
  readonly folder: string;
  /** Base URL of the token server. */
  readonly tokenServer: string;
  /** Requests to the token server in this test. */
  readonly tokenRequests: number;
  /** How the token server answers. */
  answerToken: Answer;
  /** Makes a text or an object the credentials file of the process. */
  useFile(content: unknown): void;
  /** A credentials file of workload identity federation. Default source: a URL of the token server. */
  externalAccount(source?: unknown): Readonly<Record<string, unknown>>;
}

/** Isolates the tests of a file from the credentials of this machine, and starts a token server. */
export function useCredentialSources(): CredentialSources {
  const folder = mkdtempSync(path.join(tmpdir(), 'credentials-'));
  const saved = { ...process.env };
  let tokenServer = '';
  let tokenRequests = 0;
  const sources: CredentialSources = {
    folder,
    get tokenServer() {
      return tokenServer;
    },
    get tokenRequests() {
      return tokenRequests;
    },
    answerToken: json(500, {}),
    useFile(content) {
      const file = path.join(folder, 'credentials.json');
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      process.env['GOOGLE_APPLICATION_CREDENTIALS'] = file;
    },
    externalAccount: (source = { url: `${tokenServer}/subject` }) => ({
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${tokenServer}/sts`,
      credential_source: source,
    }),
  };
  const server = createServer((request, response) => {
    tokenRequests += 1;
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        sources.answerToken(request, Buffer.concat(chunks).toString(), response);
      });
  });
  before(async () => {
    tokenServer = await listen(server);
  });
  beforeEach(() => {
    isolateCredentials(folder);
    tokenRequests = 0;
  });
  afterEach(() => {
    restoreEnvironment(saved);
  });
  after(() => {
    rmSync(folder, { recursive: true });
    server.closeAllConnections();
    server.close();
  });
  return sources;
}

/** Lets the process find no Application Default Credentials and no emulators. */
export function isolateCredentials(home: string): void {
  Object.assign(process.env, {
    HOME: home,
    CLOUDSDK_CONFIG: path.join(home, 'gcloud'),
    METADATA_SERVER_DETECTION: 'none',
    GOOGLE_CLOUD_PROJECT: 'p-one',
  });
  for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'VERTEX_EMULATOR_HOST', 'STORAGE_EMULATOR_HOST']) {
    Reflect.deleteProperty(process.env, name);
  }
}

/** Makes the environment of the process what it was. */
export function restoreEnvironment(saved: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in saved)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
}
