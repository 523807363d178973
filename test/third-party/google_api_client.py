"""Uses Vertex AI with Google's API client for Python. Arguments: packages, URL, API version, Model, uploaded directory."""

import sys

PACKAGES, URL, VERSION, MODEL, ARTIFACT_URI = sys.argv[1:]
sys.path.insert(0, PACKAGES)

import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

PARENT = MODEL.split("/models/")[0]
PROJECT = PARENT.split("/locations/")[0]
# The client appends its paths to the endpoint. An HTTP object without credentials sends no token.
service = build(
    "aiplatform", VERSION, http=httplib2.Http(), static_discovery=True, client_options={"api_endpoint": URL}
)
locations = service.projects().locations()
models = locations.models()
TYPES = f"type.googleapis.com/google.cloud.aiplatform.{VERSION}"


def refused(status, call):
    try:
        call.execute()
    except HttpError as error:
        assert error.resp.status == status, error
        return error
    raise AssertionError(f"HTTP {status} was expected")


def ended(operation, kind):
    assert operation["metadata"]["@type"] == f"{TYPES}.{kind}OperationMetadata", operation
    done = models.operations().wait(name=operation["name"], timeout="30s").execute()
    assert done["done"] and "error" not in done, done
    return done["response"]


def lists_and_gets_locations():
    found = locations.list(name=PROJECT, pageSize=3).execute()
    assert len(found["locations"]) == 3
    following = locations.list_next(locations.list(name=PROJECT, pageSize=3), found).execute()
    assert following["locations"][0] not in found["locations"]
    assert locations.get(name=PARENT).execute()["locationId"] == PARENT.split("/")[-1]
    refused(403, locations.get(name=f"{PROJECT}/locations/nowhere"))


def lists_and_gets_models():
    assert models.get(name=MODEL).execute()["name"] == MODEL
    assert models.get(name=MODEL, fields="versionId,supportedExportFormats/id").execute().keys() == {
        "versionId",
        "supportedExportFormats",
    }
    names, request = [], models.list(parent=PARENT, pageSize=2, readMask="name")
    while request is not None:
        page = request.execute()
        names += [model["name"] for model in page.get("models", [])]
        request = models.list_next(request, page)
    assert MODEL in names and len(names) == len(set(names))
    found = models.list(parent=PARENT, filter=f"model={MODEL.split('/')[-1]}").execute()
    assert [model["name"] for model in found["models"]] == [MODEL]
    assert models.list(parent=PARENT, filter="display_name=nothing").execute() == {}
    versions = models.listVersions(name=MODEL, orderBy="create_time desc").execute()
    assert versions["models"][0]["name"] == f"{MODEL}@1"
    assert models.listCheckpoints(name=MODEL).execute() == {}


def sends_a_long_query_as_a_form():
    # The client sends queries of more than 2,048 characters as a POST request with X-HTTP-Method-Override.
    condition = " OR ".join(f'display_name="name {number}"' for number in range(70))
    assert models.list(parent=PARENT, filter=condition).execute() == {}


def gets_errors_with_details():
    assert "does not exist" in str(refused(404, models.get(name=f"{PARENT}/models/404")))
    error = refused(400, models.list(parent=PARENT, filter="nonsense"))
    assert error.error_details[0]["fieldViolations"][0]["field"] == "filter"
    refused(400, models.list(parent=PARENT, fields="nope"))
    refused(400, models.export(name=MODEL, body={"outputConfig": {"nope": 1}}))
    assert "UNIMPLEMENTED" in str(refused(501, locations.endpoints().list(parent=PARENT)).content)


def exports_and_follows_operations():
    output = {"artifactDestination": {"outputUriPrefix": "gs://exports/python"}}
    operation = models.export(name=MODEL, body={"outputConfig": output}).execute()
    assert operation["metadata"]["outputInfo"]["artifactOutputUri"].startswith("gs://exports/python/")
    ended(operation, "ExportModel")
    name = operation["name"]
    short = f"{PARENT}/operations/{name.split('/')[-1]}"
    for collection, path in [(models.operations(), name), (locations.operations(), short)]:
        assert collection.get(name=path).execute()["done"]
        assert collection.wait(name=path).execute()["done"]
        assert collection.cancel(name=path).execute() == {}
    assert name in str(models.operations().list(name=MODEL, filter="done=true").execute())
    assert name in str(locations.operations().list(name=PARENT, pageSize=1000).execute())
    refused(501, locations.operations().list(name=PARENT, returnPartialSuccess=True))
    refused(400, models.operations().wait(name=name, timeout="30"))
    assert models.operations().delete(name=name).execute() == {}
    refused(404, locations.operations().get(name=short))
    other = models.export(name=MODEL, body={"outputConfig": output}).execute()["name"]
    assert locations.operations().delete(name=f"{PARENT}/operations/{other.split('/')[-1]}").execute() == {}


def uploads_and_exports_a_model():
    model = {"displayName": "uploaded", "artifactUri": ARTIFACT_URI, "labels": {"env": "test"}}
    body = {"model": model, "modelId": f"python-{VERSION}"}
    response = ended(models.upload(parent=PARENT, body=body).execute(), "UploadModel")
    assert response["modelVersionId"] == "1", response
    refused(409, models.upload(parent=PARENT, body=body))
    operation = models.export(
        name=response["model"],
        body={"outputConfig": {"artifactDestination": {"outputUriPrefix": f"gs://exports/uploaded-{VERSION}"}}},
    ).execute()
    ended(operation, "ExportModel")
    second = models.upload(parent=PARENT, body={"model": model, "parentModel": response["model"]}).execute()
    assert ended(second, "UploadModel")["modelVersionId"] == "2"



def changes_and_deletes_a_model():
    name = f"{PARENT}/models/python-{VERSION}"
    patched = models.patch(name=name, updateMask="description,labels", body={"description": "d"}).execute()
    assert patched["description"] == "d" and "labels" not in patched
    refused(400, models.patch(name=name, updateMask="artifactUri", body={}))
    refused(409, models.patch(name=name, updateMask="description", body={"etag": "old"}))
    merged = models.mergeVersionAliases(name=f"{name}@2", body={"versionAliases": ["default", "golden"]}).execute()
    assert set(merged["versionAliases"]) == {"default", "golden"}
    assert models.get(name=f"{name}@golden").execute()["versionId"] == "2"
    copied = ended(models.copy(parent=PARENT, body={"sourceModel": f"{name}@1"}).execute(), "CopyModel")
    assert models.get(name=copied["model"]).execute()["originalModelInfo"]["model"].endswith("@1")
    refused(400, models.deleteVersion(name=f"{name}@2"))
    ended(models.deleteVersion(name=f"{name}@1").execute(), "Delete")
    refused(404, models.get(name=f"{name}@1"))
    for deleted in [name, copied["model"]]:
        ended(models.delete(name=deleted).execute(), "Delete")
        refused(404, models.get(name=deleted))


def reads_and_writes_policies():
    policy = models.getIamPolicy(resource=MODEL, options_requestedPolicyVersion=3).execute()
    policy["bindings"] = [{"role": "roles/aiplatform.user", "members": ["user:a@example.com"]}]
    written = models.setIamPolicy(resource=MODEL, body={"policy": policy}).execute()
    assert written["bindings"] == policy["bindings"]
    refused(409, models.setIamPolicy(resource=MODEL, body={"policy": policy}))
    assert models.getIamPolicy(resource=MODEL).execute() == written
    models.setIamPolicy(resource=MODEL, body={"policy": {"etag": written["etag"]}}).execute()
    wanted = ["aiplatform.models.get", "aiplatform.models.export"]
    assert models.testIamPermissions(resource=MODEL, permissions=wanted).execute() == {"permissions": wanted}
    assert models.testIamPermissions(resource=f"{PARENT}/models/404", permissions=wanted).execute() == {}


STEPS = [
    lists_and_gets_locations,
    lists_and_gets_models,
    sends_a_long_query_as_a_form,
    gets_errors_with_details,
    exports_and_follows_operations,
    uploads_and_exports_a_model,
    changes_and_deletes_a_model,
    reads_and_writes_policies,
]

for step in STEPS:
    step()
    print(step.__name__.replace("_", " "))
