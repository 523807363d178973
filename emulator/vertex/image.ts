import path from 'node:path';
import type { ModelFile } from './store';
import { digestOf, readFolder } from './store';

/** An image that is ready to push. */
interface Image {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly blobs: readonly Buffer[];
}

const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** Reads an OCI layout, or creates an image with one layer from a folder. */
async function readImage(folder: string): Promise<Image> {
  const files = await readFolder(folder);
  return files.some(({ path: name }) => name === 'oci-layout') ? layoutImage(files, folder) : folderImage(files);
}

function layoutImage(files: readonly ModelFile[], folder: string): Image {
  const index = files.find(({ path: name }) => name === 'index.json');
  const text = index?.content.toString() ?? '';
  const digest = /"digest"\s*:\s*"sha256:([0-9a-f]{64})"/.exec(text)?.[1] ?? '';
  const blobs = files.filter(({ path: name }) => name.startsWith('blobs/sha256/'));
  const manifest = blobs.find(({ path: name }) => path.posix.basename(name) === digest);
  if (manifest === undefined) throw new Error(`${folder}: the index of the OCI layout refers to no existing manifest`);
  const mediaType = /"mediaType"\s*:\s*"([^"]+manifest[^"]*)"/.exec(text)?.[1] ?? OCI_MANIFEST;
  return {
    manifest: manifest.content,
    mediaType,
    blobs: blobs.filter((blob) => blob !== manifest).map(({ content }) => content),
  };
}

function folderImage(files: readonly ModelFile[]): Image {
  const layer = tar(files);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    }),
  );
  const descriptor = (mediaType: string, content: Buffer) => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
  });
  const manifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: descriptor(OCI_CONFIG, config),
    layers: [descriptor(OCI_LAYER, layer)],
  };
  return { manifest: Buffer.from(JSON.stringify(manifest)), mediaType: OCI_MANIFEST, blobs: [config, layer] };
}

const BLOCK = 512;

/** A POSIX archive without times and owners, so that equal files have equal digests. */
function tar(files: readonly ModelFile[]): Buffer {
  const blocks = files.flatMap(({ path: name, content }) => [
    tarHeader(name, content.length),
    content,
    Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

function tarHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100)
    throw new Error(`${name}: the paths in an image's folder must have at most 100 bytes`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  // For the checksum, its field counts as spaces.
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\0' + '00', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The registry that images are pushed to, by the OCI distribution API. */
export class ImageRegistry {
  constructor(private readonly url: string | undefined) {}

  /** Pushes the image of a folder. `parts: 'blobs'` omits the manifest, like an interrupted push. */
  async push(folder: string, imageUri: string, parts: 'all' | 'blobs'): Promise<void> {
    const [, repository = '', tag = 'latest'] = /^[^/]+\/(.+?)(?::([^:/]+))?$/.exec(imageUri) ?? [];
    const image = await readImage(folder);
    const base = `${this.base()}/v2/${repository}`;
    for (const blob of image.blobs) await this.pushBlob(base, blob);
    if (parts === 'blobs') return;
    await this.expectOk(`${base}/manifests/${tag}`, 'PUT', image.manifest, image.mediaType);
  }

  private async pushBlob(base: string, blob: Buffer): Promise<void> {
    const upload = await this.expectOk(`${base}/blobs/uploads/`, 'POST');
    const location = new URL(upload.headers.get('location') ?? '', `${base}/`);
    location.searchParams.set('digest', digestOf(blob));
    await this.expectOk(location.href, 'PUT', blob, 'application/octet-stream');
  }

  private async expectOk(url: string, method: string, body?: Buffer, type?: string): Promise<Response> {
    const response = await fetch(url, {
      method,
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status}`);
    return response;
  }

  private base(): string {
    if (this.url === undefined) throw new Error('There is no registry: set registryUrl or REGISTRY_EMULATOR_HOST');
    return this.url;
  }
}
