"""A folder of a bucket: S3, or a store that speaks its language.

A file's ETag is its version, and it is asked for by it, piece by piece: a file that is replaced meanwhile is noticed, and a download that
was cut goes on where it stopped. Where the ETag is the file's MD5, what came is held against it. Without keys in the configuration the
store is entered as this machine itself may (role, profile).

What belongs here: the store's language. What does not: what is wanted and what is here already (flows/engine/incoming.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

import aiohttp
import s3fs
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from fsspec.asyn import sync

from flows.sources.place import MAX_FILES, Access, Part, There, moved, named
from schemas.findings import PassingError, TrialweaveError

_PIECE = 8_000_000
_MD5 = re.compile(r"[0-9a-f]{32}")
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "401", "403"}
_ABSENT = {"NoSuchBucket", "NoSuchKey", "404"}
_OTHER_NOW = {"PreconditionFailed", "412", "InvalidRange", "416"}


def connect(access: Access) -> S3:
    """Get ready; the store is first spoken to when it is asked for its files."""
    return S3(access)


class S3:
    """A folder of a bucket."""

    def __init__(self, access: Access) -> None:
        self._access, source = access, access.source
        self._prefix = source.prefix.strip("/") + "/" if source.prefix.strip("/") else ""
        trusted = access.file("ca_file")
        self._fs = s3fs.S3FileSystem(
            key=access.secret("key"), secret=access.secret("secret"), token=access.secret("token"),
            client_kwargs={"endpoint_url": source.endpoint, "region_name": source.region} | ({"verify": str(trusted)} if trusted else {}),
            config_kwargs={"connect_timeout": source.timeout_s, "read_timeout": source.timeout_s, "retries": {"max_attempts": 1}},
            skip_instance_cache=True, use_listings_cache=False,
        )  # fmt: skip

    def files(self) -> Sequence[There]:
        """Every object below the folder."""
        out: list[There] = []
        more: dict[str, str] = {}
        while True:
            self._access.bound.seconds()
            page = self._ask("list_objects_v2", Prefix=self._prefix, **more)
            for one in page.get("Contents", ()):
                if not one["Key"].endswith("/"):
                    out.append(There(one["Key"][len(self._prefix) :], one["ETag"].strip('"'), True, one["Size"], one["Key"]))
            if len(out) > MAX_FILES:
                raise self._access.final(f"there are more than {MAX_FILES} files", "name a folder that holds this export only")
            if not page.get("IsTruncated"):
                return out
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Read one object, piece by piece, always of the version that was listed."""
        at, size, asked = part.begin(there.version), there.size or 0, {"Key": there.ref, "IfMatch": f'"{there.version}"'}
        md5_is_told = _MD5.fullmatch(there.version) is not None
        while at < size:
            end = min(at + _PIECE, size)
            answer = self._ask("get_object", **asked, Range=f"bytes={at}-{end - 1}")
            piece: bytes = answer["Body"]
            if len(piece) != end - at:
                raise self._access.passing(f"{there.name}: the store sent {len(piece)} of {end - at} bytes")
            md5_is_told &= answer.get("ServerSideEncryption") in (None, "AES256") and "SSECustomerAlgorithm" not in answer
            part.write(piece)
            at = end
        part.complete(size)
        if md5_is_told and size and hashlib.md5(part.path.read_bytes(), usedforsecurity=False).hexdigest() != there.version:
            part.remove()
            raise PassingError(f"{self._access.key}: {there.name} did not come as it is there; it is fetched again")
        return there

    def changed(self, came: Sequence[There]) -> list[str]:
        """Objects whose ETag is another one now."""
        return moved(came, named(self._access, self.files()))

    def about(self) -> dict[str, Any]:
        """Nothing more."""
        return {}

    def close(self) -> None:
        """Hang up."""
        s3fs.S3FileSystem.close_session(self._fs.loop, self._fs.s3)

    def _ask(self, method: str, **what: Any) -> dict[str, Any]:
        """One request with its answer, the body read. The store's errors as those of this project; their texts stay here."""
        access = self._access

        async def go() -> dict[str, Any]:
            await self._fs.set_session()
            answer: dict[str, Any] = await getattr(self._fs.s3, method)(Bucket=access.source.bucket, **what)
            if "Body" in answer:
                async with answer["Body"] as body:
                    answer["Body"] = await body.read()
            return answer

        try:
            answer: dict[str, Any] = sync(self._fs.loop, go, timeout=access.bound.seconds() + 1)
        except ClientError as error:
            raise self._told(str(error.response.get("Error", {}).get("Code", "")), error) from None
        except NoCredentialsError:
            raise access.final("there are no keys for the store", "name key_env and secret_env, or give this machine a role") from None
        except (TimeoutError, BotoCoreError, aiohttp.ClientError, OSError) as error:
            raise access.passing(f"the store cannot be reached or hung up ({type(error).__name__})") from None
        return answer

    def _told(self, code: str, error: ClientError) -> TrialweaveError:
        access, status = self._access, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _REFUSED or status in (401, 403):
            return access.final(f"the store refuses the keys ({code})", "look at the secrets the source names, and at what they may read")
        if code == "NoSuchKey" or code in _OTHER_NOW:
            return PassingError(f"{access.key}: a file changed or went while it was read; it is tried again")
        if code in _ABSENT:
            return access.final(f"there is no {access.source.where}", "correct source.bucket and source.prefix")
        if status >= 500 or status == 429 or code in ("SlowDown", "RequestTimeout"):
            return access.passing(f"the store is busy or broken ({code or status})")
        return access.final(f"the store refuses the request ({code or status})", "look at source.region and source.endpoint")
