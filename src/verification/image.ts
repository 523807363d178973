import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { VerificationLevel } from '../contract';
import type { ImageDescriptor, ImageManifest } from '../google/registry';
import { inParallel } from './in-parallel';

/** A config or a layer that is there. */
export interface ImageBlob {
  readonly bytes: number;
  /** Reads exactly so many bytes; they must lie within the blob. */
  read(start: number, length: number): Promise<Buffer>;
}

/** Where the parts of an image are read; `undefined` for what is not there. */
export interface ImageSource {
  manifest(digest: string): Promise<ImageManifest | undefined>;
  blob(descriptor: ImageDescriptor): Promise<ImageBlob | undefined>;
}

/** What a look at an image gave. */
export interface CheckedImage {
  readonly findings: readonly string[];
  readonly notes: readonly string[];
  readonly platforms: string[];
  readonly layers: number;
  readonly bytes: number;
}

/** An index of more manifests, or a manifest of more layers, is no image that anybody runs. */
const MAX_PARTS = 500;
/** A config is read whole up to this size, in bytes. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;
/** A part that is read at once, in bytes. */
const PART_BYTES = 8 * 1024 * 1024;

const configSchema = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });

/** Looks whether everything that a manifest or index refers to is there, of its size; with `content` reads it all. */
export async function checkImage(
  top: ImageManifest,
  source: ImageSource,
  level: VerificationLevel,
): Promise<CheckedImage> {
  const children = top.manifest.manifests ?? [];
  const parts = [top.manifest.config, ...(top.manifest.layers ?? [])];
  if (children.length > MAX_PARTS || parts.length > MAX_PARTS) {
    return { ...NOTHING, findings: [`it has more than ${MAX_PARTS} parts`] };
  }
  if (children.length === 0 && top.manifest.config === undefined) {
    return { ...NOTHING, findings: ['its manifest names neither a config nor other manifests'] };
  }
  const findings: string[] = [];
  const manifests = children.length === 0 ? [top] : [];
  for (const child of children) {
    const manifest = await source.manifest(child.digest);
    if (manifest === undefined) findings.push(`the manifest ${describe(child)} is missing`);
    else if (manifest.size !== child.size) findings.push(sizeFinding('manifest', child, manifest.size));
    else manifests.push(manifest);
  }
  const configs = manifests.flatMap(({ manifest }) => manifest.config ?? []);
  const layers = unique(manifests.flatMap(({ manifest }) => manifest.layers ?? []));
  const notes: string[] = [];
  const platforms: string[] = [];
  await inParallel(unique([...configs, ...layers]), async (part) => {
    const role = configs.includes(part) ? 'config' : 'layer';
    const blob = await source.blob(part);
    if (blob === undefined) findings.push(`the ${role} ${describe(part)} is missing`);
    else if (blob.bytes !== part.size) findings.push(sizeFinding(role, part, blob.bytes));
    else if (role === 'config') {
      const platform = await readPlatform(part, blob);
      if (platform.finding !== undefined) findings.push(platform.finding);
      else if (platform.name === undefined) notes.push(`the config ${describe(part)} names no platform`);
      else platforms.push(platform.name);
    } else if (level === 'content' && (await digestOf(blob)) !== part.digest) {
      findings.push(`the bytes of the layer ${describe(part)} have another digest`);
    }
  });
  const bytes = unique([...configs, ...layers]).reduce((sum, { size }) => sum + size, 0);
  return { findings, notes, platforms: [...new Set(platforms)].sort(), layers: layers.length, bytes };
}

const NOTHING: CheckedImage = { findings: [], notes: [], platforms: [], layers: 0, bytes: 0 };

function unique(descriptors: readonly ImageDescriptor[]): ImageDescriptor[] {
  return [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
}

function describe({ digest, mediaType, platform }: ImageDescriptor): string {
  return `${digest} (${platform ? platformName(platform) : mediaType})`;
}

function sizeFinding(role: string, part: ImageDescriptor, bytes: number): string {
  return `the ${role} ${describe(part)} has ${bytes} bytes, and ${part.size} are recorded`;
}

function platformName({ os, architecture, variant }: z.output<typeof configSchema>): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

/** The platform that a config names; other artifacts than images have none. */
async function readPlatform(part: ImageDescriptor, blob: ImageBlob): Promise<{ finding?: string; name?: string }> {
  if (part.size > MAX_CONFIG_BYTES) return {};
  const content = await blob.read(0, part.size);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  if (digest !== part.digest) return { finding: `the bytes of the config ${describe(part)} have the digest ${digest}` };
  const config = z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .catch(undefined)
    .pipe(configSchema)
    .safeParse(content.toString());
  return config.success ? { name: platformName(config.data) } : {};
}

async function digestOf(blob: ImageBlob): Promise<string> {
  const hash = createHash('sha256');
  for (let start = 0; start < blob.bytes; start += PART_BYTES) {
    hash.update(await blob.read(start, Math.min(PART_BYTES, blob.bytes - start)));
  }
  return `sha256:${hash.digest('hex')}`;
}
