import type { Component, Release } from '../components';

/** What is searched for, and where. */
export interface Search {
  readonly component: Component;
  /** The release that a download or a build gets. */
  readonly release: Release;
  /** The only accepted release; if undefined, every supported version is accepted. */
  readonly required: Release | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes progress lines. */
  readonly log: (line: string) => void;
}

/** The path of a program, or why this way does not have it. */
export type Found = { readonly path: string } | { readonly reason: string };

/** One way to get a program. */
export interface Way {
  /** What this way uses, for a list of what was tried. Undefined if it does not provide the component. */
  readonly title: (search: Search) => string | undefined;
  readonly find: (search: Search) => Promise<Found>;
}
