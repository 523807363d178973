import { defined } from '../../../internal/defined';
import type { Inspector, InspectionContext } from '../../inspection';
import type { SparseBytes } from '../../readers/sparse-bytes';
import { attempt } from '../../readers/sparse-bytes';
import type { Inspecting } from '../../readers/work';
import { ubjsonEnd } from './ubjson';
import { jsonEnd } from './json';
import { beginsAsLegacy, inspectLegacyXgboost } from './legacy';

/** Parts that contain the learner at the beginning and the version at the end, in bytes. */
const HEAD_BYTES = 64;
const TAIL_BYTES = 128;
const MAX_BLANKS = 64;

interface Layout {
  readonly layout: 'json' | 'ubjson';
  /** The end of a model: three numbers of the version, and the end of the object. */
  readonly tail: RegExp;
  /** Whether other programs never write it: their files may have the parts in another order. */
  readonly onlyByXgboost: boolean;
  /** Finds the end of the model in a small file. */
  readonly follow: (bytes: SparseBytes) => Inspecting<number>;
}

const JSON_LAYOUT: Layout = {
  layout: 'json',
  tail: /"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]\s*\}\s*$/,
  onlyByXgboost: false,
  follow: jsonEnd,
};

const UBJSON_LAYOUT: Layout = {
  layout: 'ubjson',
  tail: /version\[#L[^]{8}[iU]([^])[iU]([^])[iU]([^])\}$/,
  onlyByXgboost: true,
  follow: ubjsonEnd,
};

/**
 * Inspects an XGBoost model: UBJSON, JSON, or the binary form before version 2.1; all three occur as `model.bst`.
 *
 * Source: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
 */
export const inspectXgboost: Inspector = function* (bytes, context) {
  const layout = yield* attempt(bytes, () => layoutOf(bytes));
  if (layout) yield* inspectObject(bytes, layout, context);
  else if (yield* attempt(bytes, () => beginsAsLegacy(bytes))) yield* inspectLegacyXgboost(bytes, context);
  else {
    const first = bytes.slice(0, Math.min(4, bytes.size)).toString('hex');
    throw bytes.malformed(`is not an XGBoost model: its first bytes are "${first}"`);
  }
};

/** Distinguishes them as XGBoost does: after the brace JSON has a quotation mark, UBJSON the marker of a length. */
function layoutOf(bytes: SparseBytes): Layout | undefined {
  const [brace, ...rest] = bytes.slice(0, Math.min(MAX_BLANKS, bytes.size)).toString('latin1');
  if (brace !== '{') return undefined;
  const next = rest.find((character) => !/\s/.test(character));
  return next === '"' || next === '}' ? JSON_LAYOUT : UBJSON_LAYOUT;
}

function* inspectObject(
  bytes: SparseBytes,
  { layout, tail, onlyByXgboost, follow }: Layout,
  context: InspectionContext,
): Inspecting {
  const small = bytes.isReadWhole;
  const begin = yield* attempt(bytes, () => bytes.slice(0, small ? bytes.size : HEAD_BYTES));
  if ((small || onlyByXgboost) && !begin.includes('learner')) {
    throw bytes.malformed('is not an XGBoost model: it has no learner');
  }
  const length = Math.min(TAIL_BYTES, bytes.size);
  const end = (yield* attempt(bytes, () => bytes.slice(bytes.size - length, length))).toString('latin1');
  const version = tail.exec(end)?.slice(1).map(numberOf).join('.');
  context.summarize({ kind: 'xgboost', summary: { layout, ...defined({ version }) } });
  if (small) {
    const left = bytes.size - (yield* follow(bytes));
    if (left > 0) context.note(`has ${left} bytes after the end of its model`);
    return;
  }
  if (version === undefined && (onlyByXgboost || !end.trimEnd().endsWith('}'))) {
    throw bytes.malformed('is cut off or damaged: it does not end as XGBoost ends a model, with its version and "}"');
  }
  context.note('only its beginning and end were inspected');
}

/** Digits of JSON, or a byte of UBJSON. */
function numberOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : text.charCodeAt(0);
}
