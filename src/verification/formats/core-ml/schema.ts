import { Root } from 'protobufjs/light';
import { z } from 'zod';
import { messageType } from '../../readers/proto-message';

/**
 * The fields of `Model.Type`, by number. Source: https://github.com/apple/coremltools/blob/main/mlmodel/format/Model.proto
 */
export const MODEL_TYPES: Readonly<Record<number, string>> = {
  200: 'pipelineClassifier',
  201: 'pipelineRegressor',
  202: 'pipeline',
  300: 'glmRegressor',
  301: 'supportVectorRegressor',
  302: 'treeEnsembleRegressor',
  303: 'neuralNetworkRegressor',
  304: 'bayesianProbitRegressor',
  400: 'glmClassifier',
  401: 'supportVectorClassifier',
  402: 'treeEnsembleClassifier',
  403: 'neuralNetworkClassifier',
  404: 'kNearestNeighborsClassifier',
  500: 'neuralNetwork',
  501: 'itemSimilarityRecommender',
  502: 'mlProgram',
  555: 'customModel',
  556: 'linkedModel',
  560: 'classConfidenceThresholding',
  600: 'oneHotEncoder',
  601: 'imputer',
  602: 'featureVectorizer',
  603: 'dictVectorizer',
  604: 'scaler',
  606: 'categoricalMapping',
  607: 'normalizer',
  609: 'arrayFeatureExtractor',
  610: 'nonMaximumSuppression',
  900: 'identity',
  2000: 'textClassifier',
  2001: 'wordTagger',
  2002: 'visionFeaturePrint',
  2003: 'soundAnalysisPreprocessing',
  2004: 'gazetteer',
  2005: 'wordEmbedding',
  2006: 'audioFeaturePrint',
  3000: 'serializedModel',
};

/** `ArrayFeatureType.ArrayDataType`. */
export const ARRAY_TYPES: Readonly<Record<number, string>> = {
  65552: 'float16',
  65568: 'float32',
  65600: 'float64',
  131080: 'int8',
  131104: 'int32',
};

/** `ImageFeatureType.ColorSpace`. */
export const COLOR_SPACES: Readonly<Record<number, string>> = {
  10: 'grayscale',
  20: 'RGB',
  30: 'BGR',
  40: 'grayscale float16',
};

// Only the fields that are read. Enums are read as the numbers that they are on the wire.
// Source: https://github.com/apple/coremltools/blob/main/mlmodel/format/FeatureTypes.proto, Model.proto for the first one.
const root = Root.fromJSON({
  nested: {
    FeatureDescription: {
      fields: { name: { type: 'string', id: 1 }, type: { type: 'FeatureType', id: 3 } },
    },
    FeatureType: {
      oneofs: {
        Type: {
          oneof: [
            ...['int64Type', 'doubleType', 'stringType', 'imageType', 'multiArrayType', 'dictionaryType'],
            ...['sequenceType', 'stateType'],
          ],
        },
      },
      fields: {
        int64Type: { type: 'Empty', id: 1 },
        doubleType: { type: 'Empty', id: 2 },
        stringType: { type: 'Empty', id: 3 },
        imageType: { type: 'ImageFeatureType', id: 4 },
        multiArrayType: { type: 'ArrayFeatureType', id: 5 },
        dictionaryType: { type: 'Empty', id: 6 },
        sequenceType: { type: 'Empty', id: 7 },
        stateType: { type: 'StateFeatureType', id: 8 },
      },
    },
    /** Replaces types of which only the presence matters. */
    Empty: { fields: {} },
    ImageFeatureType: {
      fields: {
        width: { type: 'int64', id: 1 },
        height: { type: 'int64', id: 2 },
        colorSpace: { type: 'int32', id: 3 },
        imageSizeRange: { type: 'ImageSizeRange', id: 31 },
        enumeratedSizes: { type: 'EnumeratedImageSizes', id: 21 },
      },
      nested: {
        ImageSize: { fields: { width: { type: 'int64', id: 1 }, height: { type: 'int64', id: 2 } } },
        EnumeratedImageSizes: { fields: { sizes: { rule: 'repeated', type: 'ImageSize', id: 1 } } },
        ImageSizeRange: {
          fields: { widthRange: { type: 'SizeRange', id: 1 }, heightRange: { type: 'SizeRange', id: 2 } },
        },
      },
    },
    ArrayFeatureType: {
      fields: {
        shape: { rule: 'repeated', type: 'int64', id: 1 },
        dataType: { type: 'int32', id: 2 },
        enumeratedShapes: { type: 'EnumeratedShapes', id: 21 },
        shapeRange: { type: 'ShapeRange', id: 31 },
      },
      nested: {
        Shape: { fields: { shape: { rule: 'repeated', type: 'int64', id: 1 } } },
        EnumeratedShapes: { fields: { shapes: { rule: 'repeated', type: 'Shape', id: 1 } } },
        ShapeRange: { fields: { sizeRanges: { rule: 'repeated', type: 'SizeRange', id: 1 } } },
      },
    },
    SizeRange: { fields: { lowerBound: { type: 'int64', id: 1 }, upperBound: { type: 'int64', id: 2 } } },
    StateFeatureType: { fields: { arrayType: { type: 'ArrayFeatureType', id: 1 } } },
  },
});

const side = z.number();
const range = z.object({ lowerBound: side, upperBound: side });
const arrayType = z.object({
  shape: z.array(side),
  dataType: z.int(),
  enumeratedShapes: z.object({ shapes: z.array(z.object({ shape: z.array(side) })) }).nullable(),
  shapeRange: z.object({ sizeRanges: z.array(range) }).nullable(),
});
const size = z.object({ width: side, height: side });
const imageType = size.extend({
  colorSpace: z.int(),
  enumeratedSizes: z.object({ sizes: z.array(size) }).nullable(),
  imageSizeRange: z.object({ widthRange: range.nullable(), heightRange: range.nullable() }).nullable(),
});

export type ArrayFeatureType = z.output<typeof arrayType>;
export type ImageFeatureType = z.output<typeof imageType>;

export const FEATURE_DESCRIPTION = messageType(
  root,
  'FeatureDescription',
  z.object({
    name: z.string(),
    type: z
      .object({
        /** Which of the types is set. */
        Type: z.string().optional(),
        imageType: imageType.nullish(),
        multiArrayType: arrayType.nullish(),
        stateType: z.object({ arrayType: arrayType.nullable() }).nullish(),
      })
      .nullable(),
  }),
);
