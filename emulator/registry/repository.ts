/** What the registry knows about a manifest, apart from its bytes. */
export interface ManifestRecord {
  readonly mediaType: string;
  readonly size: number;
  /** Digest of the manifest that this one refers to. */
  readonly subject?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A repository. It exists while it has a blob or a manifest. */
export interface Repository {
  /** Sizes of the blobs by digest. */
  readonly blobs: Map<string, number>;
  readonly manifests: Map<string, ManifestRecord>;
  /** Digests by tag. */
  readonly tags: Map<string, string>;
}
