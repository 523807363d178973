import type { ApiVersion } from './operations';

/**
 * The messages of the served methods: a name, and its fields with their types. Wrapped lines are indented. `@v1` marks a
 * field that only v1 has. Source: Google's discovery documents of aiplatform v1 and v1beta1, which a test compares with.
 */
const MESSAGES = `
Binding condition:Expr members:string[] role:string
BlurBaselineConfig maxBlurSigma:float
Checkpoint checkpointId:string epoch:int64 step:int64
ContainerRegistryDestination outputUri:string
CopyModelRequest customServiceAccount:string encryptionSpec:EncryptionSpec modelId:string parentModel:string
  sourceModel:string
DeployedModelRef checkpointId:string deployedModelId:string endpoint:string
EncryptionSpec kmsKeyName:string
EnvVar name:string value:string
Examples exampleGcsSource:ExamplesExampleGcsSource gcsSource:GcsSource@v1beta1 nearestNeighborSearchConfig:any
  neighborCount:int32 presets:Presets
ExamplesExampleGcsSource dataFormat:enum gcsSource:GcsSource
ExplanationMetadata featureAttributionsSchemaUri:string inputs:map<ExplanationMetadataInputMetadata>
  latentSpaceSource:string outputs:map<ExplanationMetadataOutputMetadata>
ExplanationMetadataInputMetadata denseShapeTensorName:string encodedBaselines:any[] encodedTensorName:string
  encoding:enum featureValueDomain:ExplanationMetadataInputMetadataFeatureValueDomain groupName:string
  indexFeatureMapping:string[] indicesTensorName:string inputBaselines:any[] inputTensorName:string modality:string
  visualization:ExplanationMetadataInputMetadataVisualization
ExplanationMetadataInputMetadataFeatureValueDomain maxValue:float minValue:float originalMean:float
  originalStddev:float
ExplanationMetadataInputMetadataVisualization clipPercentLowerbound:float clipPercentUpperbound:float colorMap:enum
  overlayType:enum polarity:enum type:enum
ExplanationMetadataOutputMetadata displayNameMappingKey:string indexDisplayNameMapping:any outputTensorName:string
ExplanationParameters examples:Examples integratedGradientsAttribution:IntegratedGradientsAttribution
  outputIndices:any[] sampledShapleyAttribution:SampledShapleyAttribution topK:int32 xraiAttribution:XraiAttribution
ExplanationSpec metadata:ExplanationMetadata parameters:ExplanationParameters
ExportModelRequest outputConfig:ExportModelRequestOutputConfig
ExportModelRequestOutputConfig artifactDestination:GcsDestination exportFormatId:string
  imageDestination:ContainerRegistryDestination
Expr description:string expression:string location:string title:string
FeatureNoiseSigma noiseSigma:FeatureNoiseSigmaNoiseSigmaForFeature[]
FeatureNoiseSigmaNoiseSigmaForFeature name:string sigma:float
GcsDestination outputUriPrefix:string
GcsSource uris:string[]
GenieSource baseModelUri:string
IntegratedGradientsAttribution blurBaselineConfig:BlurBaselineConfig smoothGradConfig:SmoothGradConfig stepCount:int32
ListLocationsResponse locations:Location[] nextPageToken:string
ListModelVersionCheckpointsResponse checkpoints:ModelVersionCheckpoint[] nextPageToken:string
ListModelVersionsResponse models:Model[] nextPageToken:string
ListModelsResponse models:Model[] nextPageToken:string
ListOperationsResponse nextPageToken:string operations:Operation[] unreachable:string[]
Location displayName:string labels:map<string> locationId:string metadata:map<any> name:string
MergeVersionAliasesRequest versionAliases:string[]
Model artifactUri:string baseModelSource:ModelBaseModelSource checkpoints:Checkpoint[]
  containerSpec:ModelContainerSpec createTime:google-datetime dataStats:ModelDataStats@v1 defaultCheckpointId:string
  deployedModels:DeployedModelRef[] description:string displayName:string encryptionSpec:EncryptionSpec etag:string
  explanationSpec:ExplanationSpec labels:map<string> metadata:any metadataArtifact:string metadataSchemaUri:string
  modelSourceInfo:ModelSourceInfo name:string originalModelInfo:ModelOriginalModelInfo pipelineJob:string@v1
  predictSchemata:PredictSchemata satisfiesPzi:boolean satisfiesPzs:boolean supportedDeploymentResourcesTypes:enum[]
  supportedExportFormats:ModelExportFormat[] supportedInputStorageFormats:string[]
  supportedOutputStorageFormats:string[] trainingPipeline:string updateTime:google-datetime versionAliases:string[]
  versionCreateTime:google-datetime versionDescription:string versionId:string versionUpdateTime:google-datetime
ModelBaseModelSource genieSource:GenieSource modelGardenSource:ModelGardenSource
ModelContainerSpec args:string[] command:string[] deploymentTimeout:google-duration env:EnvVar[] grpcPorts:Port[]
  healthProbe:Probe healthRoute:string imageUri:string invokeRoutePrefix:string livenessProbe:Probe ports:Port[]
  predictRoute:string sharedMemorySizeMb:int64 startupProbe:Probe
ModelDataStats testAnnotationsCount:int64 testDataItemsCount:int64 trainingAnnotationsCount:int64
  trainingDataItemsCount:int64 validationAnnotationsCount:int64 validationDataItemsCount:int64
ModelExportFormat exportableContents:enum[] id:string
ModelGardenSource publicModelName:string skipHfModelCache:boolean versionId:string
ModelOriginalModelInfo model:string
ModelSourceInfo copy:boolean sourceType:enum
ModelVersionCheckpoint checkpointId:string epoch:int64 step:int64
Operation done:boolean error:Status metadata:map<any> name:string response:map<any>
Policy bindings:Binding[] etag:byte version:int32
Port containerPort:int32
PredictSchemata instanceSchemaUri:string parametersSchemaUri:string predictionSchemaUri:string
Presets modality:enum query:enum
Probe exec:ProbeExecAction failureThreshold:int32 grpc:ProbeGrpcAction httpGet:ProbeHttpGetAction
  initialDelaySeconds:int32 periodSeconds:int32 successThreshold:int32 tcpSocket:ProbeTcpSocketAction
  timeoutSeconds:int32
ProbeExecAction command:string[]
ProbeGrpcAction port:int32 service:string
ProbeHttpGetAction host:string httpHeaders:ProbeHttpHeader[] path:string port:int32 scheme:string
ProbeHttpHeader name:string value:string
ProbeTcpSocketAction host:string port:int32
SampledShapleyAttribution pathCount:int32
SetIamPolicyRequest policy:Policy
SmoothGradConfig featureNoiseSigma:FeatureNoiseSigma noiseSigma:float noisySampleCount:int32
Status code:int32 details:map<any>[] message:string
TestIamPermissionsResponse permissions:string[]
UploadModelRequest model:Model modelId:string parentModel:string serviceAccount:string
XraiAttribution blurBaselineConfig:BlurBaselineConfig smoothGradConfig:SmoothGradConfig stepCount:int32
`;

/** The values of each enum, in the order of their numbers from 0. */
export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'ExamplesExampleGcsSource.dataFormat': ['DATA_FORMAT_UNSPECIFIED', 'JSONL'],
  'ExplanationMetadataInputMetadata.encoding': [
    'ENCODING_UNSPECIFIED',
    'IDENTITY',
    'BAG_OF_FEATURES',
    'BAG_OF_FEATURES_SPARSE',
    'INDICATOR',
    'COMBINED_EMBEDDING',
    'CONCAT_EMBEDDING',
  ],
  'ExplanationMetadataInputMetadataVisualization.colorMap': [
    'COLOR_MAP_UNSPECIFIED',
    'PINK_GREEN',
    'VIRIDIS',
    'RED',
    'GREEN',
    'PINK_WHITE_GREEN',
    'RED_GREEN',
  ],
  'ExplanationMetadataInputMetadataVisualization.overlayType': [
    'OVERLAY_TYPE_UNSPECIFIED',
    'NONE',
    'ORIGINAL',
    'GRAYSCALE',
    'MASK_BLACK',
  ],
  'ExplanationMetadataInputMetadataVisualization.polarity': ['POLARITY_UNSPECIFIED', 'POSITIVE', 'NEGATIVE', 'BOTH'],
  'ExplanationMetadataInputMetadataVisualization.type': ['TYPE_UNSPECIFIED', 'PIXELS', 'OUTLINES'],
  'Model.supportedDeploymentResourcesTypes': [
    'DEPLOYMENT_RESOURCES_TYPE_UNSPECIFIED',
    'DEDICATED_RESOURCES',
    'AUTOMATIC_RESOURCES',
    'SHARED_RESOURCES',
  ],
  'ModelExportFormat.exportableContents': ['EXPORTABLE_CONTENT_UNSPECIFIED', 'ARTIFACT', 'IMAGE'],
  'ModelSourceInfo.sourceType': [
    'MODEL_SOURCE_TYPE_UNSPECIFIED',
    'AUTOML',
    'CUSTOM',
    'BQML',
    'MODEL_GARDEN',
    'GENIE',
    'CUSTOM_TEXT_EMBEDDING',
    'MARKETPLACE',
  ],
  'Presets.modality': ['MODALITY_UNSPECIFIED', 'IMAGE', 'TEXT', 'TABULAR'],
  'Presets.query': ['PRECISE', 'FAST'],
};

/** The type of a field. */
export interface FieldType {
  /** `one`, a list, or a map from strings. */
  readonly shape: 'one' | 'list' | 'map' | 'list of maps';
  /** A scalar such as `string` or `int32`, `enum`, `any`, or the name of a message. */
  readonly type: string;
  /** Key in {@link ENUMS}. */
  readonly enumName: string;
  /** The only version of the API that has the field. */
  readonly only?: string;
}

/** The fields of a message, by name in lowerCamelCase. */
export type Message = ReadonlyMap<string, FieldType>;

/** All messages, by name. */
export const MESSAGE_TYPES: ReadonlyMap<string, Message> = new Map(
  MESSAGES.trim()
    .replace(/\n {2}/g, ' ')
    .split('\n')
    .map((line) => {
      const [name = '', ...fields] = line.split(' ');
      return [name, new Map(fields.map((field) => parseField(name, field)))];
    }),
);

function parseField(message: string, text: string): [string, FieldType] {
  const [, name = '', inMap, plain, list, only] = /^(\w+):(?:map<(\w+)>|([\w-]+))(\[\])?(?:@(\w+))?$/.exec(text) ?? [];
  const isList = list !== undefined;
  const shape = inMap === undefined ? (isList ? 'list' : 'one') : isList ? 'list of maps' : 'map';
  const type = inMap ?? plain ?? '';
  return [name, { shape, type, enumName: `${message}.${name}`, ...(only !== undefined && { only }) }];
}

/** The type of a field in a version of the API; undefined if there is none. */
export function fieldOf(message: string, name: string, apiVersion: ApiVersion): FieldType | undefined {
  const field = MESSAGE_TYPES.get(message)?.get(name);
  return field?.only === undefined || field.only === apiVersion ? field : undefined;
}
