import { createHash } from 'node:crypto';
import { inParallel } from '../internal/in-parallel';
import { inspectContent } from './inspection';
import { Messages, shown, shownName } from './messages';
import { JsonReader } from './readers/json-reader';
import type { SparseBytes } from './readers/sparse-bytes';
import { MalformedFileError } from './readers/sparse-bytes';
import type { Inspecting } from './readers/work';
import { LimitError } from './readers/limit-error';
import { forEachInSlices, inSlice } from './slices';

/** What a manifest records of one of its parts. */
interface ImageDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  /** Of a manifest in an index. */
  readonly platform?: Platform;
}

/** A manifest or an index, as the registry returned it. */
interface ImageManifest {
  /** Length of the manifest itself, in bytes. */
  readonly size: number;
  readonly manifest: {
    readonly config?: ImageDescriptor;
    readonly layers?: readonly ImageDescriptor[];
    readonly manifests?: readonly ImageDescriptor[];
  };
}

/** A config or a layer that exists. */
export interface ImageBlob {
  readonly bytes: number;
  /** Reads exactly `length` bytes from byte `start` on; they lie within the blob. */
  read(start: number, length: number): Promise<Buffer>;
}

/** Reads the parts of an image; `undefined` for a part that does not exist. */
export interface ImageSource {
  manifest(digest: string): Promise<ImageManifest | undefined>;
  blob(descriptor: ImageDescriptor): Promise<ImageBlob | undefined>;
}

/** The result of checking an image. */
export interface CheckedImage {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  readonly platforms: string[];
  readonly layers: number;
  readonly bytes: number;
}

/** Most manifests of an index, and most configs and layers of an image, that are checked. */
const MAX_PARTS = 500;
/** Larger configs are not read, in bytes. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** Bytes per read. */
const PART_BYTES = 8 * 1024 * 1024;
/** Findings, notes and platforms that are kept. */
const MAX_KEPT = 200;
/** Longest media type in a message, in characters. */
const MAX_TYPE_LENGTH = 100;

/**
 * Checks that everything that a manifest or an index refers to exists and has the recorded size.
 *
 * @param readsLayers whether the digests of the layers are checked, too; those of configs always are
 */
export async function checkImage(top: ImageManifest, source: ImageSource, readsLayers: boolean): Promise<CheckedImage> {
  const check = new ImageCheck(source, readsLayers);
  if ((top.manifest.manifests ?? []).length === 0 && top.manifest.config === undefined) {
    check.findings.add('its manifest names neither a config nor other manifests');
    return check.result([]);
  }
  return check.run(top);
}

class ImageCheck {
  readonly findings = new Messages('findings', MAX_KEPT);
  private readonly notes = new Messages('notes', MAX_KEPT);
  private readonly platforms = new Set<string>();

  constructor(
    private readonly source: ImageSource,
    private readonly readsLayers: boolean,
  ) {}

  async run(top: ImageManifest): Promise<CheckedImage> {
    const manifests = await this.manifestsOf(top);
    const configs = new Map<string, ImageDescriptor>();
    const layers = new Map<string, ImageDescriptor>();
    await forEachInSlices(manifests, ({ manifest }) => {
      if (manifest.config) configs.set(manifest.config.digest, manifest.config);
      for (const layer of manifest.layers ?? []) layers.set(layer.digest, layer);
    });
    const parts = [...configs.values(), ...[...layers.values()].filter(({ digest }) => !configs.has(digest))];
    await inParallel(this.limited(parts, 'parts'), async (part) => {
      const role = configs.has(part.digest) ? 'config' : 'layer';
      const blob = await this.source.blob(part);
      if (blob === undefined) this.findings.add(`the ${role} ${describe(part)} is missing`);
      else if (blob.bytes !== part.size) this.findings.add(sizeFinding(role, part, blob.bytes));
      else if (role === 'config') await this.checkConfig(part, blob);
      else if (this.readsLayers && (await digestOf(blob)) !== part.digest) {
        this.findings.add(`the bytes of the layer ${describe(part)} have another digest`);
      }
    });
    return this.result(parts, layers.size);
  }

  result(parts: readonly ImageDescriptor[], layers = 0): CheckedImage {
    return {
      findings: this.findings.texts,
      notes: this.notes.texts,
      platforms: [...this.platforms].sort(),
      layers,
      bytes: parts.reduce((sum, { size }) => sum + size, 0),
    };
  }

  /** The manifest of an image, or the existing manifests that an index names. */
  private async manifestsOf(top: ImageManifest): Promise<ImageManifest[]> {
    const children = top.manifest.manifests ?? [];
    if (children.length === 0) return [top];
    const manifests: ImageManifest[] = [];
    for (const child of this.limited(children, 'manifests')) {
      const manifest = await this.source.manifest(child.digest);
      if (manifest === undefined) this.findings.add(`the manifest ${describe(child)} is missing`);
      else if (manifest.size !== child.size) this.findings.add(sizeFinding('manifest', child, manifest.size));
      else manifests.push(manifest);
    }
    return manifests;
  }

  private limited(parts: readonly ImageDescriptor[], what: string): readonly ImageDescriptor[] {
    if (parts.length <= MAX_PARTS) return parts;
    this.notes.add(`the image was not fully inspected: it has ${parts.length} ${what}, more than ${MAX_PARTS}`);
    return parts.slice(0, MAX_PARTS);
  }

  /** Configs of artifacts that are not images have no platform. */
  private async checkConfig(part: ImageDescriptor, blob: ImageBlob): Promise<void> {
    if (part.size > MAX_CONFIG_BYTES) {
      this.notes.add(`the config ${describe(part)} was not inspected: it has ${part.size} bytes`);
      return;
    }
    const content = await blob.read(0, part.size);
    const digest = await digestOf({ bytes: content.length, read: () => Promise.resolve(content) });
    if (digest !== part.digest) {
      this.findings.add(`the bytes of the config ${describe(part)} have the digest ${digest}`);
      return;
    }
    const platform = await platformOf(content);
    if (platform === undefined) this.notes.add(`the config ${describe(part)} names no platform`);
    else if (this.platforms.size < MAX_KEPT) this.platforms.add(platform);
  }
}

function describe({ digest, mediaType, platform }: ImageDescriptor): string {
  return `${shownName(digest)} (${shown(platform ? platformName(platform) : mediaType, MAX_TYPE_LENGTH)})`;
}

function sizeFinding(role: string, part: ImageDescriptor, bytes: number): string {
  return `the ${role} ${describe(part)} has ${bytes} bytes, but ${part.size} are recorded`;
}

interface Platform {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
}

function platformName({ os, architecture, variant }: Platform): string {
  return shown([os, architecture, variant].filter(Boolean).join('/'), MAX_TYPE_LENGTH);
}

/** The platform that a config names; `undefined` if it names none or is not JSON. */
async function platformOf(content: Buffer): Promise<string | undefined> {
  try {
    const fields = await inspectContent('its config', content, readFields);
    return fields.has('os') && fields.has('architecture')
      ? platformName({ os: fields.get('os'), architecture: fields.get('architecture'), variant: fields.get('variant') })
      : undefined;
  } catch (error) {
    if (error instanceof MalformedFileError || error instanceof LimitError) return undefined;
    throw error;
  }
}

/** The texts at the first level of a config. */
function* readFields(bytes: SparseBytes): Inspecting<ReadonlyMap<string, string>> {
  const json = new JsonReader(bytes, 'its JSON');
  const fields = new Map<string, string>();
  yield* json.members(function* (name) {
    if (!['os', 'architecture', 'variant'].includes(name)) {
      yield* json.skip();
      return;
    }
    const value = yield* json.read(() => json.maybeString());
    if (value !== undefined) fields.set(name, value);
  });
  yield* json.finish();
  return fields;
}

/** Bytes whose digest is computed without an interruption: a few milliseconds. */
const PIECE_BYTES = 1024 * 1024;

async function digestOf(blob: ImageBlob): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < blob.bytes; start += PART_BYTES) {
    const part = await blob.read(start, Math.min(PART_BYTES, blob.bytes - start));
    for (let from = 0; from < part.length; from += PIECE_BYTES) {
      await inSlice(() => hash.update(part.subarray(from, from + PIECE_BYTES)));
    }
  }
  return `sha256:${hash.digest('hex')}`;
}
