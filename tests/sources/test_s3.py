"""S3, from a store that speaks its language and checks who asks."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.findings import PassingError, ReadError
from tests.sources.servers import Proxy, s3_store
from tests.sources.site import Remote, contents

BIG = random.Random(2).randbytes(2_000_000)


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[str, str, str, object]]:
    """Address, key and secret of somebody who may do everything, and a client of theirs."""
    import boto3
    import requests

    with s3_store() as address:
        iam = boto3.client("iam", endpoint_url=address, aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
        iam.create_user(UserName="site")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="site", PolicyName="all", PolicyDocument=json.dumps(everything))
        keys = iam.create_access_key(UserName="site")["AccessKey"]
        more = {"aws_access_key_id": keys["AccessKeyId"], "aws_secret_access_key": keys["SecretAccessKey"], "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=address, **more)
        requests.post(f"{address}/moto-api/reset-auth", data=b"0", timeout=10).raise_for_status()
        yield address, keys["AccessKeyId"], keys["SecretAccessKey"], client


class Bucket:
    """A bucket of one test, and a site that fetches from it."""

    def __init__(self, root: Path, store, monkeypatch: pytest.MonkeyPatch, **source: object) -> None:
        address, key, self.secret, self.client = store
        self.name = f"b{random.Random(str(root)).getrandbits(60)}"
        self.client.create_bucket(Bucket=self.name)
        monkeypatch.setenv("STORE_KEY", key)
        monkeypatch.setenv("STORE_SECRET", self.secret)
        told = {"kind": "s3", "bucket": self.name, "prefix": "lisbon/", "endpoint": address, "region": "us-east-1", "timeout_s": 10}
        self.site = Remote(root, **(told | {"key_env": "STORE_KEY", "secret_env": "STORE_SECRET"} | source))

    def put(self, key: str, content: bytes, **more: object) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=content, **more)


@pytest.fixture
def bucket(tmp_path, store, monkeypatch):
    made = Bucket(tmp_path, store, monkeypatch)
    made.put("lisbon/dose.csv", b"id,dose\n1,50\n")
    made.put("lisbon/2026/dose ä.csv", b"id,dose\n2,25\n")
    made.put("lisbon/2026/", b"")
    made.put("lisbon/notes.txt", b"-")
    made.put("porto/dose.csv", b"-")
    return made


def test_a_folder_of_a_bucket_is_landed_with_its_etags(bucket):
    delivery = bucket.site.pull()
    assert contents(delivery) == {"dose.csv": b"id,dose\n1,50\n", "2026/dose ä.csv": b"id,dose\n2,25\n"}
    assert delivery.left_out == ("notes.txt",)
    source = bucket.site.receipt()["source"]
    assert (source["kind"], source["path"]) == ("s3", f"s3://{bucket.name}/lisbon")
    assert source["versions"]["dose.csv"] == "25424b2da3a6d7a0471d8e4e68c343db"
    assert not any(bucket.secret in text for text in bucket.site.texts())


def test_what_is_the_same_is_nothing_new_and_only_what_changed_is_fetched(bucket, monkeypatch):
    from flows.sources.s3 import S3

    first, fetched, fetch = bucket.site.pull(), [], S3.fetch
    monkeypatch.setattr(S3, "fetch", lambda self, there, *more: fetched.append(there.name) or fetch(self, there, *more))
    assert bucket.site.pull() == first
    bucket.put("lisbon/dose.csv", b"id,dose\n1,25\n")
    assert contents(bucket.site.pull())["dose.csv"] == b"id,dose\n1,25\n"
    bucket.client.delete_object(Bucket=bucket.name, Key="lisbon/2026/dose ä.csv")
    assert list(contents(bucket.site.pull(days=30))) == ["dose.csv"]
    assert fetched == ["dose.csv"]
    assert len(bucket.site.known()) == 3


def test_a_download_that_is_cut_lands_nothing_and_goes_on_where_it_stopped(tmp_path, store, monkeypatch):
    wire = Proxy(int(store[0].rpartition(":")[2]))
    bucket = Bucket(tmp_path, store, monkeypatch, endpoint=f"http://127.0.0.1:{wire.port}")
    bucket.put("lisbon/big.csv", BIG)
    monkeypatch.setattr("flows.sources.s3._PIECE", 400_000)
    wire.cut(1_000_000)
    with pytest.raises(PassingError, match="hung up"):
        bucket.site.pull()
    (part,) = bucket.site.waiting()
    assert part.stat().st_size == 800_000
    assert bucket.site.known() == []
    before = wire.passed
    assert contents(bucket.site.pull()) == {"big.csv": BIG}
    assert wire.passed - before < 1_300_000
    wire.close()


def test_an_object_that_is_replaced_while_it_is_read_is_told(bucket, monkeypatch):
    from flows.sources.place import Part

    begin = Part.begin

    def and_replace(part, version, *more):
        bucket.put("lisbon/dose.csv", b"id,dose\n1,500\n")
        return begin(part, version, *more)

    monkeypatch.setattr(Part, "begin", and_replace)
    with pytest.raises(PassingError, match="changed or went"):
        bucket.site.pull()
    assert bucket.site.known() == []


def test_one_of_two_objects_replaced_after_it_was_read_is_told(bucket, monkeypatch):
    from flows.sources.place import Part

    complete = Part.complete

    def and_replace(part, size):
        complete(part, size)
        bucket.put("lisbon/dose.csv", b"id,dose\n1,500\n")

    monkeypatch.setattr(Part, "complete", and_replace)
    bucket.client.delete_object(Bucket=bucket.name, Key="lisbon/2026/dose ä.csv")
    with pytest.raises(PassingError, match="changed while the export was read, first dose"):
        bucket.site.pull()
    assert bucket.site.known() == []


def test_bytes_that_are_not_those_of_the_etag_are_not_landed(bucket, monkeypatch):
    from flows.sources.s3 import S3

    ask = S3._ask

    def and_flip(self, method, **what):
        answer = ask(self, method, **what)
        return answer | {"Body": answer["Body"][::-1]} if "Body" in answer else answer

    monkeypatch.setattr(S3, "_ask", and_flip)
    with pytest.raises(PassingError, match="did not come as it is there"):
        bucket.site.pull()


def test_wrong_keys_are_final_and_not_told(tmp_path, store, monkeypatch):
    bucket = Bucket(tmp_path, store, monkeypatch)
    monkeypatch.setenv("STORE_SECRET", "wrong/secret/wrong/secret")
    with pytest.raises(ReadError, match="the store refuses the keys") as error:
        bucket.site.pull()
    assert not isinstance(error.value, PassingError)
    assert "wrong/secret" not in str(error.value)


def test_no_bucket_no_folder_and_no_store_are_told_apart(tmp_path, store, monkeypatch):
    gone = Bucket(tmp_path / "1", store, monkeypatch, bucket="there-is-none")
    with pytest.raises(ReadError, match="there is no s3://there-is-none") as final:
        gone.site.pull()
    assert not isinstance(final.value, PassingError)
    with pytest.raises(ReadError, match="none of 0 file"):
        Bucket(tmp_path / "2", store, monkeypatch).site.pull()
    with pytest.raises(PassingError, match="cannot be reached"):
        Bucket(tmp_path / "3", store, monkeypatch, endpoint="http://127.0.0.1:1").site.pull()


def test_a_delivery_that_is_too_large_is_refused_before_it_comes(tmp_path, store, monkeypatch):
    bucket = Bucket(tmp_path, store, monkeypatch, max_mb=1)
    bucket.put("lisbon/big.csv", BIG[:1_000_001])
    with pytest.raises(ReadError, match="larger than 1 MB"):
        bucket.site.pull()


@pytest.mark.parametrize("key", ["lisbon/../../etc/cron.d/dose.csv", "lisbon//dose.csv", "lisbon/a\\b.csv", "lisbon/a\x1bb.csv"])
def test_a_key_that_leads_elsewhere_is_refused(tmp_path, store, monkeypatch, key):
    bucket = Bucket(tmp_path, store, monkeypatch)
    bucket.put(key, b"-")
    with pytest.raises(ReadError, match="cannot be kept or leads elsewhere"):
        bucket.site.pull()


def test_a_key_that_is_a_file_and_a_folder_is_refused(bucket):
    bucket.put("lisbon/dose.csv/dose.csv", b"-")
    with pytest.raises(ReadError, match="is a file and a folder"):
        bucket.site.pull()
