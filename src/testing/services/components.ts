/** A program that is not on npm and is built or found on the machine. */
export interface Component {
  readonly title: string;
  /** Name of the executable. */
  readonly executable: string;
  /** Environment variable with a path; it goes before everything else. */
  readonly variable: string;
  /** Version that is built where none is found. */
  readonly version: string;
  /** Go package of `go install`. */
  readonly package: string;
  /** About how long a first build takes. */
  readonly buildTime: string;
  /** Arguments that make the program print its version. */
  readonly probe: readonly string[];
  /** Whether that is the right program in a version that will do; a reason where it is not. */
  readonly accepts: (output: string) => true | string;
}

export type ComponentName = 'temporal' | 'fake-gcs-server' | 'registry';

/** Oldest accepted versions: of the CLI, and of its server for builds without a CLI version. */
const OLDEST_CLI = '1.5.1';
const OLDEST_SERVER = '1.29.1';

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

function acceptsTemporal(output: string): true | string {
  const [, cli, server] = /temporal version (\S+) \(Server (\d+\.\d+\.\d+)/.exec(output) ?? [];
  if (cli === undefined || server === undefined) return 'it is not the Temporal CLI';
  const recent = cli === '0.0.0-DEV' ? isAtLeast(server, OLDEST_SERVER) : isAtLeast(cli, OLDEST_CLI);
  return recent || `it is version ${cli} (server ${server}), and ${OLDEST_CLI} or newer is needed`;
}

const saying = (pattern: RegExp, title: string) => (output: string) => pattern.test(output) || `it is not ${title}`;

export const COMPONENTS: Readonly<Record<ComponentName, Component>> = {
  temporal: {
    title: 'the Temporal CLI',
    executable: 'temporal',
    variable: 'TEMPORAL_CLI_PATH',
    version: '1.5.1',
    package: 'github.com/temporalio/cli/cmd/temporal',
    buildTime: '4 minutes',
    probe: ['--version'],
    accepts: acceptsTemporal,
  },
  'fake-gcs-server': {
    title: 'fake-gcs-server',
    executable: 'fake-gcs-server',
    variable: 'FAKE_GCS_SERVER_PATH',
    version: '1.56.1',
    package: 'github.com/fsouza/fake-gcs-server',
    buildTime: '1 minute',
    probe: ['-help'],
    accepts: saying(/-public-host/, 'fake-gcs-server'),
  },
  registry: {
    title: "go-containerregistry's registry",
    executable: 'registry',
    variable: 'OCI_REGISTRY_PATH',
    version: '0.22.1',
    package: 'github.com/google/go-containerregistry/cmd/registry',
    buildTime: '20 seconds',
    probe: ['-help'],
    accepts: saying(/-port/, "go-containerregistry's registry"),
  },
};
