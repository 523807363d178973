/**
 * Paths of the published methods, except those of operations: a collection with its methods, and after `|` those of its
 * items. `@` is a location, `.` the root, and `*` an id. Wrapped lines are indented. Source: Google's discovery documents of aiplatform v1
 * and v1beta1, which a test compares with.
 */
export const PUBLISHED_PATHS = {
  both: `
. POST:evaluateDataset POST:evaluateInstances POST:generateInstanceRubrics
@ GET POST:askContexts POST:asyncRetrieveContexts POST:augmentPrompt POST:corroborateContent POST:deploy
  POST:evaluateDataset POST:evaluateInstances POST:generateInstanceRubrics POST:generateLossClusters
  POST:generateSyntheticData POST:generateUserScenarios POST:retrieveContexts
@/agents GET POST | DELETE GET PATCH POST:getIamPolicy POST:setIamPolicy POST:testIamPermissions
@/batchPredictionJobs GET POST | DELETE GET POST:cancel
@/cachedContents GET POST | DELETE GET PATCH
@/customJobs GET POST | DELETE GET POST:cancel
@/dataLabelingJobs GET POST | DELETE GET POST:cancel
@/datasets GET POST | DELETE GET GET:searchDataItems PATCH POST:export POST:getIamPolicy POST:import POST:setIamPolicy
  POST:testIamPermissions
@/datasets/*/annotationSpecs/* GET
@/datasets/*/dataItems GET
@/datasets/*/dataItems/*/annotations GET
@/datasets/*/datasetVersions GET POST | DELETE GET GET:restore PATCH
@/datasets/*/savedQueries GET | DELETE
@/deploymentResourcePools GET POST | DELETE GET GET:queryDeployedModels PATCH
@/endpoints GET POST | DELETE GET PATCH POST:computeTokens POST:countTokens POST:deployModel POST:directPredict
  POST:directRawPredict POST:explain POST:fetchPredictOperation POST:generateContent POST:mutateDeployedModel
  POST:predict POST:predictLongRunning POST:rawPredict POST:serverStreamingPredict POST:streamGenerateContent
  POST:streamRawPredict POST:undeployModel POST:update
@/endpoints/*/chat/completions POST
@/endpoints/*/deployedModels/*/invoke/* POST
@/endpoints/*/invoke/* POST
@/endpoints/*/responses/* DELETE GET
@/endpoints/google/science/inference POST
@/endpoints/openapi/completions POST
@/endpoints/openapi/embeddings POST
@/endpoints/openapi/responses POST
@/evaluationItems GET POST | DELETE GET
@/evaluationMetrics GET POST | DELETE GET
@/evaluationRuns GET POST | DELETE GET POST:cancel
@/evaluationSets GET POST POST:import | DELETE GET PATCH
@/featureGroups GET POST | DELETE GET PATCH POST:getIamPolicy POST:setIamPolicy POST:testIamPermissions
@/featureGroups/*/features GET POST POST:batchCreate | DELETE GET PATCH
@/featureOnlineStores GET POST | DELETE GET PATCH POST:getIamPolicy POST:setIamPolicy POST:testIamPermissions
@/featureOnlineStores/*/featureViews GET POST | DELETE GET PATCH POST:directWrite POST:fetchFeatureValues
  POST:generateFetchAccessToken POST:getIamPolicy POST:searchNearestEntities POST:setIamPolicy POST:sync
  POST:testIamPermissions
@/featureOnlineStores/*/featureViews/*/featureViewSyncs GET | GET
@/featurestores GET GET:searchFeatures POST | DELETE GET PATCH POST:batchReadFeatureValues POST:getIamPolicy
  POST:setIamPolicy POST:testIamPermissions
@/featurestores/*/entityTypes GET POST | DELETE GET PATCH POST:deleteFeatureValues POST:exportFeatureValues
  POST:getIamPolicy POST:importFeatureValues POST:readFeatureValues POST:setIamPolicy POST:streamingReadFeatureValues
  POST:testIamPermissions POST:writeFeatureValues
@/featurestores/*/entityTypes/*/features GET POST POST:batchCreate | DELETE GET PATCH
@/hyperparameterTuningJobs GET POST | DELETE GET POST:cancel
@/indexEndpoints GET POST | DELETE GET PATCH POST:deployIndex POST:findNeighbors POST:mutateDeployedIndex
  POST:readIndexDatapoints POST:undeployIndex
@/indexes GET POST | DELETE GET PATCH POST:removeDatapoints POST:upsertDatapoints
@/interactions POST:create POST:createStream | DELETE
@/interactionsHttp POST | GET
@/interactionsHttp/*/cancel POST
@/memoryBanks/* POST:ingestEvents
@/memoryBanks/*/memories GET POST POST:generate POST:purge POST:retrieve | DELETE GET PATCH POST:rollback
@/memoryBanks/*/memories/*/revisions GET | GET
@/metadataStores GET POST | DELETE GET
@/metadataStores/*/artifacts GET POST POST:purge | DELETE GET GET:queryArtifactLineageSubgraph PATCH
@/metadataStores/*/contexts GET POST POST:purge | DELETE GET GET:queryContextLineageSubgraph PATCH
  POST:addContextArtifactsAndExecutions POST:addContextChildren POST:removeContextChildren
@/metadataStores/*/executions GET POST POST:purge | DELETE GET GET:queryExecutionInputsAndOutputs PATCH
  POST:addExecutionEvents
@/metadataStores/*/metadataSchemas GET POST | GET
@/migratableResources POST:batchMigrate POST:search
@/modelDeploymentMonitoringJobs GET POST | DELETE GET PATCH POST:pause POST:resume
  POST:searchModelDeploymentMonitoringStatsAnomalies
@/models GET POST:copy POST:upload | DELETE DELETE:deleteVersion GET GET:listCheckpoints GET:listVersions PATCH
  POST:export POST:getIamPolicy POST:mergeVersionAliases POST:setIamPolicy POST:testIamPermissions
  POST:updateExplanationDataset
@/models/*/evaluations GET POST:import | GET
@/models/*/evaluations/*/slices GET | GET POST:batchImport
@/nasJobs GET POST | DELETE GET POST:cancel
@/nasJobs/*/nasTrialDetails GET | GET
@/notebookExecutionJobs GET POST | DELETE GET
@/notebookRuntimeTemplates GET POST POST:setDefault | DELETE GET PATCH POST:getIamPolicy POST:setIamPolicy
  POST:testIamPermissions
@/notebookRuntimes GET POST:assign | DELETE GET POST:start POST:stop POST:upgrade
@/onlineEvaluators GET POST | DELETE GET PATCH POST:activate POST:suspend
@/persistentResources GET POST | DELETE GET PATCH POST:reboot
@/pipelineJobs GET POST POST:batchCancel POST:batchDelete | DELETE GET POST:cancel
@/publishers/*/files GET POST | DELETE GET
@/publishers/*/files/*/content GET
@/publishers/*/models/* POST:batchEmbedContents POST:computeTokens POST:countTokens POST:embedContent
  POST:fetchPredictOperation POST:generateContent POST:predict POST:predictLongRunning POST:rawPredict
  POST:serverStreamingPredict POST:streamGenerateContent POST:streamRawPredict
@/publishers/*/models/*/invoke/* POST
@/publishers/*/v1/responses POST | DELETE GET
@/publishers/*/v1/responses/compact POST
@/ragCorpora GET POST | DELETE GET PATCH
@/ragCorpora/*/ragFiles GET POST:import | DELETE GET
@/ragEngineConfig GET PATCH
@/reasoningEngines GET POST | DELETE GET PATCH POST:asyncQuery POST:cancelAsyncQuery POST:executeCode
  POST:getIamPolicy POST:query POST:setIamPolicy POST:streamQuery POST:testIamPermissions
@/reasoningEngines/*/memories GET POST POST:generate POST:ingestEvents POST:purge POST:retrieve | DELETE GET PATCH
  POST:rollback
@/reasoningEngines/*/memories/*/revisions GET | GET
@/reasoningEngines/*/runtimeRevisions/* POST:query POST:streamQuery
@/reasoningEngines/*/sandboxEnvironmentSnapshots GET | DELETE GET
@/reasoningEngines/*/sandboxEnvironmentTemplates GET POST | DELETE GET
@/reasoningEngines/*/sandboxEnvironments GET POST | DELETE GET POST:authorizeAccess POST:execute POST:pause
  POST:resume POST:snapshot
@/reasoningEngines/*/sessions GET POST | DELETE GET PATCH POST:appendEvent POST:compact
@/reasoningEngines/*/sessions/*/events GET
@/schedules GET POST | DELETE GET PATCH POST:pause POST:resume
@/semanticGovernancePolicies GET POST | DELETE GET PATCH
@/semanticGovernancePolicyEngine GET PATCH POST:deprovision
@/servingProfiles GET POST | DELETE GET PATCH
@/specialistPools GET POST | DELETE GET PATCH
@/studies GET POST POST:lookup | DELETE GET
@/studies/*/trials GET POST POST:listOptimalTrials POST:suggest | DELETE GET POST:addTrialMeasurement
  POST:checkTrialEarlyStoppingState POST:complete POST:stop
@/tensorboards GET POST | DELETE GET GET:batchRead GET:readSize GET:readUsage PATCH
@/tensorboards/*/experiments GET POST | DELETE GET PATCH POST:batchCreate POST:write
@/tensorboards/*/experiments/*/runs GET POST POST:batchCreate | DELETE GET PATCH POST:write
@/tensorboards/*/experiments/*/runs/*/timeSeries GET POST | DELETE GET GET:read GET:readBlobData PATCH
  POST:exportTensorboardTimeSeries
@/trainingPipelines GET POST | DELETE GET POST:cancel
@/tuningJobs GET POST POST:rebaseTunedModel | GET POST:cancel
batchPredictionJobs GET POST | GET
datasets GET POST | DELETE GET PATCH
datasets/*/datasetVersions GET POST | DELETE GET GET:restore PATCH
endpoints/* POST:computeTokens POST:countTokens POST:fetchPredictOperation POST:generateContent POST:predict
  POST:predictLongRunning POST:streamGenerateContent
endpoints/*/chat/completions POST
interactions/* GET:poll GET:stream POST:cancel
projects/*/cacheConfig GET PATCH
projects/*/locations GET
publishers/*/models/* GET POST:computeTokens POST:countTokens POST:fetchPredictOperation POST:generateContent
  POST:predict POST:predictLongRunning POST:streamGenerateContent
reasoningEngines GET POST | DELETE GET PATCH POST:asyncQuery POST:cancelAsyncQuery POST:executeCode POST:query
  POST:streamQuery
reasoningEngines/*/runtimeRevisions/* POST:query POST:streamQuery
reasoningEngines/*/sandboxEnvironmentSnapshots GET | DELETE GET
reasoningEngines/*/sandboxEnvironmentTemplates GET POST | DELETE GET
reasoningEngines/*/sandboxEnvironments GET POST | DELETE GET POST:authorizeAccess POST:execute POST:pause POST:resume
  POST:snapshot
`,
  v1: `
@/ragCorpora/*/ragFiles POST:upload
`,
  v1beta1: `
@ POST:deployPublisherModel POST:recommendSpec
@/agentAnomalyDetectionScopes GET POST | DELETE GET
@/agents/*/tasks GET POST | DELETE GET GET:download GET:downloadArtifact GET:listArtifacts GET:stream PATCH
  POST:cancel POST:deleteArtifact POST:resume POST:suspend POST:upload POST:uploadArtifact
@/agents/*/tasks/*/artifacts GET GET:preview POST:add POST:remove
@/collaborativeProjects GET POST | DELETE GET GET:download PATCH
@/collaborativeProjects/*/artifacts GET GET:preview POST:add POST:remove
@/datasets/* POST:assemble POST:assess
@/detectors GET POST | DELETE GET GET:listRevisions PATCH POST:disable POST:enable
@/endpoints/* POST:getIamPolicy POST:setIamPolicy POST:testIamPermissions
@/evaluationExperiments GET POST | DELETE GET PATCH
@/evaluationItems/*/revisions/* GET
@/evaluationSets/*/revisions GET POST | DELETE GET
@/exampleStores GET POST:create | DELETE GET PATCH POST:fetchExamples POST:removeExamples POST:searchExamples
  POST:upsertExamples
@/extensions GET POST:import | DELETE GET PATCH POST:execute POST:query
@/featureGroups/*/featureMonitors GET POST | DELETE GET PATCH
@/featureGroups/*/featureMonitors/*/featureMonitorJobs GET POST | GET
@/featureOnlineStores/*/featureViews/* POST:streamingFetchFeatureValues
@/indexes/* POST:import
@/memoryBanks/*/memories POST:retrieveProfiles
@/modelMonitors GET POST | DELETE GET PATCH POST:searchModelMonitoringAlerts POST:searchModelMonitoringStats
@/modelMonitors/*/modelMonitoringJobs GET POST | DELETE GET
@/monitoredAgents GET | GET POST:clearTrainingData POST:disable POST:enable
@/monitoredAgents/*/analyzedSessions GET GET:aggregate | GET
@/monitoredAgents/*/analyzedSessions/*/analyzedInvocations GET | GET
@/notebookExecutionJobs/* POST:generateAccessToken POST:reportEvent
@/notebookRuntimes/* POST:generateAccessToken POST:reportEvent
@/publishers/*/models/* GET:fetchPublisherModelConfig POST:export POST:getIamPolicy POST:setPublisherModelConfig
@/ragCorpora/*/ragDataSchemas GET POST POST:batchCreate POST:batchDelete | DELETE GET
@/ragCorpora/*/ragFiles/*/ragMetadata GET POST POST:batchCreate POST:batchDelete | DELETE GET PATCH
@/reasoningEngines/*/a2a/card GET
@/reasoningEngines/*/a2a/extendedAgentCard GET
@/reasoningEngines/*/a2a/message POST:send POST:stream
@/reasoningEngines/*/a2a/tasks GET | GET GET:subscribe POST:cancel
@/reasoningEngines/*/a2a/tasks/*/pushNotificationConfigs GET | GET
@/reasoningEngines/*/a2a/v1/card GET
@/reasoningEngines/*/a2a/v1/extendedAgentCard GET
@/reasoningEngines/*/a2a/v1/message POST:send POST:stream
@/reasoningEngines/*/a2a/v1/tasks GET | GET GET:subscribe POST:cancel
@/reasoningEngines/*/a2a/v1/tasks/*/pushNotificationConfigs GET | GET
@/reasoningEngines/*/a2aTasks GET POST | DELETE GET POST:appendEvents
@/reasoningEngines/*/a2aTasks/*/events GET
@/reasoningEngines/*/feedbackEntries GET POST | DELETE GET PATCH
@/reasoningEngines/*/feedbackEntries/*/feedbackContext GET PATCH
@/reasoningEngines/*/memories POST:retrieveProfiles
@/reasoningEngines/*/runtimeRevisions GET | DELETE GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/card GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/extendedAgentCard GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/message POST:send POST:stream
@/reasoningEngines/*/runtimeRevisions/*/a2a/tasks GET | GET GET:subscribe POST:cancel
@/reasoningEngines/*/runtimeRevisions/*/a2a/tasks/*/pushNotificationConfigs GET | GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/v1/card GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/v1/extendedAgentCard GET
@/reasoningEngines/*/runtimeRevisions/*/a2a/v1/message POST:send POST:stream
@/reasoningEngines/*/runtimeRevisions/*/a2a/v1/tasks GET | GET GET:subscribe POST:cancel
@/reasoningEngines/*/runtimeRevisions/*/a2a/v1/tasks/*/pushNotificationConfigs GET | GET
@/reasoningEngines/*/sandboxEnvironmentTemplates/* PATCH
@/reasoningEngines/*/sandboxEnvironments/* POST:bidiExecute
@/skills GET GET:retrieve POST | DELETE GET PATCH
@/skills/*/revisions GET | GET
@/taskStores/*/a2aTaskRecords GET POST | DELETE GET POST:appendEvents
@/taskStores/*/a2aTaskRecords/*/events GET
@/tasks GET | GET
@/tuningJobs POST:optimizePrompt POST:processData POST:validateReinforcementTuningReward
@/voices GET:list POST:create | DELETE:delete GET:get
memoryBanks/* POST:ingestEvents
memoryBanks/*/memories GET POST POST:generate POST:purge POST:retrieve POST:retrieveProfiles | DELETE GET PATCH
  POST:rollback
memoryBanks/*/memories/*/revisions GET | GET
projects/* GET:fetchPublisherModelConfig POST:setPublisherModelConfig
projects/*/modelGardenEula POST:accept POST:check
projects/*/publishers/*/models/* POST:enableModel
publishers/*/models GET
reasoningEngines/*/a2a/card GET
reasoningEngines/*/a2a/extendedAgentCard GET
reasoningEngines/*/a2a/message POST:send POST:stream
reasoningEngines/*/a2a/tasks GET | GET GET:subscribe POST:cancel
reasoningEngines/*/a2a/tasks/*/pushNotificationConfigs GET | GET
reasoningEngines/*/a2a/v1/card GET
reasoningEngines/*/a2a/v1/extendedAgentCard GET
reasoningEngines/*/a2a/v1/message POST:send POST:stream
reasoningEngines/*/a2a/v1/tasks GET | GET GET:subscribe POST:cancel
reasoningEngines/*/a2a/v1/tasks/*/pushNotificationConfigs GET | GET
reasoningEngines/*/memories GET POST POST:generate POST:ingestEvents POST:purge POST:retrieve POST:retrieveProfiles |
  DELETE GET PATCH POST:rollback
reasoningEngines/*/memories/*/revisions GET | GET
reasoningEngines/*/runtimeRevisions/*/a2a/card GET
reasoningEngines/*/runtimeRevisions/*/a2a/extendedAgentCard GET
reasoningEngines/*/runtimeRevisions/*/a2a/message POST:send POST:stream
reasoningEngines/*/runtimeRevisions/*/a2a/tasks GET | GET GET:subscribe POST:cancel
reasoningEngines/*/runtimeRevisions/*/a2a/tasks/*/pushNotificationConfigs GET | GET
reasoningEngines/*/runtimeRevisions/*/a2a/v1/card GET
reasoningEngines/*/runtimeRevisions/*/a2a/v1/extendedAgentCard GET
reasoningEngines/*/runtimeRevisions/*/a2a/v1/message POST:send POST:stream
reasoningEngines/*/runtimeRevisions/*/a2a/v1/tasks GET | GET GET:subscribe POST:cancel
reasoningEngines/*/runtimeRevisions/*/a2a/v1/tasks/*/pushNotificationConfigs GET | GET
reasoningEngines/*/sandboxEnvironmentTemplates/* PATCH
reasoningEngines/*/sandboxEnvironments/* POST:bidiExecute
reasoningEngines/*/sessions GET POST | DELETE GET PATCH POST:appendEvent
reasoningEngines/*/sessions/*/events GET
vertexExpress GET:retrieveExpressProject POST:signUp
vertexExpress/Eligibility GET:check
`,
} as const;
