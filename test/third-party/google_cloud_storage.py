"""Uses an object store with Google's client for Python. Arguments: URL, name of a new bucket."""

import gzip
import io
import os
import sys

import requests
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.resumable_media.requests import ResumableUpload

URL, BUCKET = sys.argv[1:]
os.environ["STORAGE_EMULATOR_HOST"] = URL
MIB = 1024 * 1024
LARGE = os.urandom(3 * MIB + 7)

client = storage.Client(project="local", credentials=AnonymousCredentials())
bucket = client.bucket(BUCKET)


def refused(error, call):
    try:
        call()
    except error:
        return
    raise AssertionError(f"{error.__name__} was expected")


def creates_a_bucket_with_settings():
    created = client.create_bucket(BUCKET, location="us-central1")
    assert (created.location, created.location_type) == ("US-CENTRAL1", "region")
    created.labels = {"env": "test"}
    created.iam_configuration.uniform_bucket_level_access_enabled = True
    created.patch()
    assert client.get_bucket(BUCKET).labels == {"env": "test"}
    refused(exceptions.Conflict, lambda: client.create_bucket(BUCKET))


def uploads_in_one_request_and_reads_ranges():
    blob = bucket.blob("dir/simple ü.txt")
    blob.metadata = {"k": "v"}
    blob.upload_from_string("0123456789", content_type="text/plain", checksum="md5")
    assert blob.download_as_bytes(start=2, end=4) == b"234"
    assert bucket.blob(blob.name).download_as_bytes(start=7) == b"789"
    found = bucket.get_blob(blob.name)
    assert (found.size, found.content_type, found.metadata) == (10, "text/plain", {"k": "v"})


def uploads_with_a_resumable_upload_of_chunks():
    blob = bucket.blob("large", chunk_size=512 * 1024)
    blob.upload_from_file(io.BytesIO(LARGE), checksum="crc32c")
    assert bucket.blob("large").download_as_bytes(checksum="md5") == LARGE
    target = io.BytesIO()
    bucket.blob("large", chunk_size=MIB).download_to_file(target)
    assert target.getvalue() == LARGE


def resumes_an_interrupted_upload():
    blob = bucket.blob("resumed")
    address = blob.create_resumable_upload_session(size=len(LARGE))
    headers = {"Content-Range": f"bytes 0-{MIB - 1}/{len(LARGE)}"}
    assert requests.put(address, data=LARGE[:MIB], headers=headers).status_code == 308
    upload = ResumableUpload(address, MIB)
    upload._resumable_url, upload._stream, upload._total_bytes = address, io.BytesIO(LARGE), len(LARGE)
    upload._content_type, upload._invalid = "application/octet-stream", True
    upload.recover(requests.Session())
    assert upload.bytes_uploaded == MIB
    while not upload.finished:
        upload.transmit_next_chunk(requests.Session())
    assert bucket.blob("resumed").download_as_bytes() == LARGE


def writes_and_reads_as_files():
    with bucket.blob("file").open("wb", chunk_size=256 * 1024) as file:
        file.write(LARGE)
    with bucket.blob("file").open("rb", chunk_size=MIB) as file:
        file.seek(MIB)
        assert file.read(100) == LARGE[MIB : MIB + 100]


def reads_compressed_content():
    blob = bucket.blob("compressed")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(b"x" * 10_000))
    assert bucket.blob("compressed").download_as_bytes() == b"x" * 10_000
    assert len(bucket.blob("compressed").download_as_bytes(raw_download=True)) < 1_000


def lists_with_a_prefix_a_delimiter_and_pages():
    for name in ["list/a", "list/b", "list/sub/c"]:
        bucket.blob(name).upload_from_string(name)
    listed = client.list_blobs(bucket, prefix="list/", delimiter="/")
    assert [blob.name for blob in listed] == ["list/a", "list/b"]
    assert listed.prefixes == {"list/sub/"}
    names = [blob.name for blob in client.list_blobs(bucket, prefix="list/", page_size=1)]
    assert names == ["list/a", "list/b", "list/sub/c"]
    fields = "items(name),nextPageToken"
    partial = list(client.list_blobs(bucket, prefix="list/s", fields=fields))
    assert [(blob.name, blob.size) for blob in partial] == [("list/sub/c", None)]


def respects_preconditions():
    bucket.blob("once").upload_from_string("one", if_generation_match=0)
    write = lambda: bucket.blob("once").upload_from_string("two", if_generation_match=0)
    refused(exceptions.PreconditionFailed, write)


def composes_copies_and_rewrites():
    composed = bucket.blob("composed")
    composed.compose([bucket.blob("list/b"), bucket.blob("list/a")])
    assert (composed.download_as_bytes(), composed.component_count) == (b"list/blist/a", 2)
    assert bucket.copy_blob(composed, bucket, "copied").size == 12
    token, done, total = bucket.blob("rewritten").rewrite(bucket.blob("copied"))
    assert (token, done, total) == (None, 12, 12)
    large = bucket.blob("large")
    large.update_storage_class("NEARLINE")
    assert bucket.get_blob("large").storage_class == "NEARLINE"


def changes_metadata_and_access():
    blob = bucket.get_blob("copied")
    blob.cache_control = "no-store"
    blob.patch()
    assert bucket.get_blob("copied").cache_control == "no-store"
    policy = bucket.get_iam_policy(requested_policy_version=3)
    policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"user:a@example.com"}})
    bucket.set_iam_policy(policy)
    assert bucket.test_iam_permissions(["storage.objects.get"]) == ["storage.objects.get"]


def keeps_versions():
    bucket.reload()
    bucket.versioning_enabled = True
    bucket.patch()
    bucket.blob("versioned").upload_from_string("one")
    bucket.blob("versioned").upload_from_string("two")
    versions = list(client.list_blobs(bucket, prefix="versioned", versions=True))
    assert [bucket.blob("versioned", generation=v.generation).download_as_bytes() for v in versions] == [b"one", b"two"]


def protects_held_objects_and_deletes_in_batches():
    blob = bucket.get_blob("copied")
    blob.temporary_hold = True
    blob.patch()
    refused(exceptions.Forbidden, blob.delete)
    blob.temporary_hold = False
    blob.patch()
    with client.batch():
        for name in ["list/a", "list/b", "list/sub/c"]:
            bucket.blob(name).delete()
    assert list(client.list_blobs(bucket, prefix="list/")) == []
    for blob in list(client.list_blobs(bucket, versions=True)):
        bucket.blob(blob.name, generation=blob.generation).delete()
    bucket.delete()
    refused(exceptions.NotFound, lambda: client.get_bucket(BUCKET))


STEPS = [
    creates_a_bucket_with_settings,
    uploads_in_one_request_and_reads_ranges,
    uploads_with_a_resumable_upload_of_chunks,
    resumes_an_interrupted_upload,
    writes_and_reads_as_files,
    reads_compressed_content,
    lists_with_a_prefix_a_delimiter_and_pages,
    respects_preconditions,
    composes_copies_and_rewrites,
    changes_metadata_and_access,
    keeps_versions,
    protects_held_objects_and_deletes_in_batches,
]

for step in STEPS:
    step()
    print(step.__name__.replace("_", " "))
