import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import type { HttpAnswer } from './http';
import { at, call } from './http';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';

export function sha256(content: Buffer | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

export function descriptor(mediaType: string, content: Buffer | string): Record<string, unknown> {
  return { mediaType, digest: sha256(content), size: Buffer.byteLength(content) };
}

export type Body = string | Buffer;

/** An image that was pushed. */
export interface PushedImage {
  readonly manifest: string;
  readonly digest: string;
  readonly config: string;
  readonly layer: string;
}

let names = 0;

/** Requests to a registry, in a repository that no other test uses. */
export class RegistryCalls {
  readonly name: string;

  constructor(readonly url: string) {
    names += 1;
    this.name = `demo-project/tests/repository-${names}`;
  }

  /** The same registry, and another repository. */
  other(): RegistryCalls {
    return new RegistryCalls(this.url);
  }

  /** Sends a request below the repository. */
  send(method: string, below: string, body?: Body, headers: Record<string, string> = {}): Promise<RegistryAnswer> {
    return this.sendTo(`${this.url}/v2/${this.name}/${below}`, method, body, headers);
  }

  async sendTo(
    url: string,
    method: string,
    body?: Body,
    headers: Record<string, string> = {},
  ): Promise<RegistryAnswer> {
    const response = await fetch(url, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/octet-stream' }), ...headers },
      ...(body !== undefined && { body: new Uint8Array(Buffer.from(body)) }),
    });
    const content = Buffer.from(await response.arrayBuffer());
    return new RegistryAnswer(url, response.status, response.headers, content);
  }

  /** Starts an upload. Returns its URL. */
  async begin(query = ''): Promise<string> {
    const answer = await this.send('POST', `blobs/uploads/${query}`);
    assert.equal(answer.status, 202, answer.text);
    return answer.location;
  }

  async pushBlob(content: Body, digest = sha256(content)): Promise<string> {
    const location = new URL(await this.begin());
    location.searchParams.set('digest', digest);
    const answer = await this.sendTo(location.href, 'PUT', content);
    assert.equal(answer.status, 201, answer.text);
    return digest;
  }

  pushManifest(reference: string, manifest: string, mediaType = OCI_MANIFEST): Promise<RegistryAnswer> {
    return this.send('PUT', `manifests/${reference}`, manifest, { 'content-type': mediaType });
  }

  /** Pushes a complete image with one layer. */
  async pushImage(tag: string, changes: Record<string, unknown> = {}): Promise<PushedImage> {
    const image = imageOf(tag, changes);
    await this.pushBlob(image.config);
    await this.pushBlob(image.layer);
    const answer = await this.pushManifest(tag, image.manifest);
    assert.equal(answer.status, 201, answer.text);
    return image;
  }

  async tags(query = ''): Promise<unknown> {
    return at(await this.read(`tags/list${query}`), 'tags');
  }

  /** The parsed body of an answer. */
  async read(below: string): Promise<HttpAnswer['body']> {
    const { body } = await call('GET', `${this.url}/v2/${this.name}/${below}`);
    return body;
  }
}

/** An image whose content is different for each seed. */
export function imageOf(seed: string, changes: Record<string, unknown> = {}): PushedImage {
  const config = JSON.stringify({ os: 'linux', architecture: 'amd64', author: seed });
  const layer = `layer of ${seed}`;
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER, layer)],
    ...changes,
  });
  return { manifest, digest: sha256(manifest), config, layer };
}

/** An index of manifests. */
export function indexOf(...manifests: readonly string[]): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: manifests.map((manifest) => descriptor(OCI_MANIFEST, manifest)),
  });
}

/** An answer of a registry. */
export class RegistryAnswer {
  constructor(
    private readonly url: string,
    readonly status: number,
    readonly headers: Headers,
    readonly content: Buffer,
  ) {}

  get text(): string {
    return this.content.toString();
  }

  header(name: string): string | null {
    return this.headers.get(name);
  }

  get location(): string {
    return new URL(this.header('location') ?? '', this.url).href;
  }

  /** Status and the first error's code. */
  get outcome(): string {
    const [, code] = /"code"\s*:\s*"([A-Z_]+)"/.exec(this.text) ?? [];
    return code === undefined ? String(this.status) : `${this.status} ${code}`;
  }
}
