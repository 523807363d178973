import { z } from 'zod';
import { defined } from '../../internal/defined';
import type { ManifestCheck } from '../../manifest/check';
import { verifyManifest } from '../../manifest/check';
import { flag, parseArguments, value } from '../options';
import type { Output } from '../output';
import { ProgressBar } from '../progress-bar';

export const VERIFY_SUMMARY = 'Checks an export against the manifest that was written beside it.';

export const VERIFY_HELP = `Usage: temporal-vertex-export verify gs://BUCKET/PATH [options]

${VERIFY_SUMMARY}
PATH is the manifest, its folder, or the export's directory beside it. The command checks the directory beside the
manifest, even if the manifest names another one; the output shows which. To get a manifest, export with
"manifest": {"write": true} in the input.

  --content      read every byte and compare all digests, not only what Cloud Storage records
  --at gs://…    check this directory, for example a copy of the export
  --json         print one JSON object

Exit code: 0 if the export is intact, 1 if it differs from the manifest, 2 if the check was not possible.
Credentials: Application Default Credentials. If STORAGE_EMULATOR_HOST is set, that store is used without a token.
`;

/** Runs the command and returns its exit code. */
export async function verify(args: string[], output: Output): Promise<number> {
  const { options, positionals: uri } = parseArguments(args, OPTIONS, POSITIONALS);
  const level = options.content ? 'content' : 'listing';
  const bar = new ProgressBar(process.stderr);
  let check: ManifestCheck;
  try {
    check = await verifyManifest(uri, {
      level,
      ...defined({ at: options.at }),
      onProgress: (progress) => {
        bar.show(progress);
      },
    });
  } finally {
    bar.clear();
  }
  if (options.json) output.json(check);
  else describe(check, level, output);
  return check.findings.length === 0 ? 0 : 1;
}

const storageUri = z.string().refine((uri) => uri.startsWith('gs://'), {
  error: ({ input }) => `${String(input)} is not a Cloud Storage URI (gs://bucket/path).`,
});

const OPTIONS = { content: flag(), at: value(storageUri.exactOptional()), json: flag() };

const POSITIONALS = z
  .array(storageUri)
  .min(1, 'verify needs the URI of a manifest or an export: gs://bucket/path.')
  .max(1, { error: ({ input }) => `verify takes one URI, but got ${listOf(input)}.` })
  .transform(([uri = '']) => uri);

function listOf(input: unknown): string {
  return Array.isArray(input) ? `${input.length}: ${input.join(', ')}` : String(input);
}

function describe(check: ManifestCheck, level: 'listing' | 'content', output: Output): void {
  const { model, exportFormatId, count, bytes, verifiedAt, artifactOutputUri } = check.export;
  const what = level === 'content' ? 'every byte' : 'names, sizes and checksums';
  output.line(`${model} as ${exportFormatId}, verified ${verifiedAt}`);
  if (check.manifestUri !== undefined) output.line(`manifest: ${check.manifestUri}`);
  output.line(`checked:  ${check.artifactUri}`);
  if (asFolder(artifactOutputUri) !== asFolder(check.artifactUri)) {
    output.line(`          (the manifest names ${artifactOutputUri})`);
  }
  output.line(
    check.findings.length === 0
      ? `intact: ${count} files, ${bytes} bytes (${what})`
      : `NOT intact: ${count} files are recorded (${what})`,
  );
  list(check.findings, '  ', output);
  list(check.notes, '  note: ', output);
}

function list(lines: readonly string[], prefix: string, output: Output): void {
  for (const line of lines) output.line(`${prefix}${line}`);
}

function asFolder(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`;
}
