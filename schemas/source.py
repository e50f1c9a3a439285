"""Typed models of `source` in site.yaml: where an export is fetched from, one model a kind.

What belongs here: the keys of each kind, and what may not be said together. What does not: fetching (flows/sources/<kind>.py, which
has the name of the kind). Passwords, keys and tokens are never written here: a key that ends in `_env` names an environment variable,
one that ends in `_block` a Prefect Secret block.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from schemas.base import Config, Name, Text, Texts, several

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


#: Name of an environment variable.
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", strict=True)]

#: Name of a Prefect Secret block.
BlockName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", strict=True)]

#: Name of a file within the export, with /.
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\.~][^\\]*$", strict=True)]

_USER = Field(default=None, description="Environment variable with the user name.")
_PASSWORD = Field(default=None, description="Environment variable with the password.")
_BLOCK = Field(default=None, description="Or its Prefect Secret block.")


def _url(value: str, *schemes: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("not an address") from None
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise ValueError(f"must begin with {' or '.join(f'{s}://' for s in schemes)} and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user name or password; name environment variables instead (username_env, password_env)")
    if parts.query or parts.fragment:
        raise ValueError("may not hold ? or #")
    return value


def _web(value: str) -> str:
    _url(value, "https", "http")
    if urlsplit(value).scheme == "http" and urlsplit(value).hostname not in _LOOPBACK:
        raise ValueError("must begin with https:// (http:// only on this machine)")
    return value


WebUrl = Annotated[Text, AfterValidator(_web)]
SftpUrl = Annotated[Text, AfterValidator(lambda value: _url(value, "sftp"))]
PostgresUrl = Annotated[Text, AfterValidator(lambda value: _url(value, "postgresql"))]


class FilesSource(Config):
    """A folder of files; `path` is relative to the configuration folder."""

    kind: Literal["files"] = Field(description="Where the export comes from.")
    path: Text = Field(description="Folder, relative to the configuration folder.")
    include: Texts = Field(default=("**/*",), description="Globs of the files to take.")

    @property
    def where(self) -> str:
        """The place, for messages."""
        return self.path


class RemoteSource(Config):
    """What every place on a network has in common."""

    max_mb: int = Field(default=1000, ge=1, le=100_000, description="A delivery that is larger is refused.")
    timeout_s: int = Field(default=60, ge=1, le=3600, description="Longest silence of the other side.")
    max_minutes: int = Field(default=60, ge=1, le=24 * 60, description="Longest time for a whole delivery.")

    @property
    def where(self) -> str:
        """The place, for messages: it holds no secret."""
        return str(getattr(self, "url", ""))

    def secrets(self) -> dict[str, tuple[str, str]]:
        """What is secret -> (env or block, its name), of those that are declared."""
        out = {}
        for field in type(self).model_fields:
            what, _, how = field.rpartition("_")
            if how in ("env", "block") and (name := getattr(self, field)) is not None:
                out[what] = (how, str(name))
        return out

    def _one_of(self, *fields: str) -> None:
        given = [f for f in fields if getattr(self, f) is not None]
        if len(given) != 1:
            raise ValueError(f"give one of {', '.join(fields)}" + (f"; {' and '.join(given)} are given" if given else ""))

    @model_validator(mode="after")
    def one_way_to_each_secret(self) -> Self:
        """A secret is in the environment or in a block."""
        names = [f for f in type(self).model_fields if f.endswith("_env")]
        for name in names:
            block = name.removesuffix("_env") + "_block"
            if block in type(self).model_fields and getattr(self, name) is not None and getattr(self, block) is not None:
                raise ValueError(f"give either {name} or {block}")
        return self


class SftpSource(RemoteSource):
    """A folder on an SFTP server. The server's key must be in `known_hosts` or be one of `host_key`; it is never taken on trust."""

    kind: Literal["sftp"] = Field(description="Where the export comes from.")
    url: SftpUrl = Field(description="sftp://host:port/folder; /~/folder begins at the folder one is logged in to.")
    include: Texts = Field(default=("**/*",), description="Globs of the files to take, within the folder.")
    username: Text | None = Field(default=None, description="Who logs in.")
    username_env: EnvName | None = _USER
    password_env: EnvName | None = _PASSWORD
    password_block: BlockName | None = _BLOCK
    key_env: EnvName | None = Field(default=None, description="Environment variable with a private key, or with the path of its file.")
    key_block: BlockName | None = Field(default=None, description="Or the Prefect Secret block with the private key.")
    passphrase_env: EnvName | None = Field(default=None, description="Environment variable with the passphrase of the key.")
    host_key: Texts = Field(default=(), description="Fingerprints of the server's key, SHA256:..., as `ssh-keygen -lf` shows them.")
    known_hosts: Text | None = Field(
        default=None, description="File of known hosts, relative to the configuration folder; default: the user's own."
    )

    @model_validator(mode="after")
    def knows_who(self) -> Self:
        """One user name, one way to log in, one way to know the server."""
        self._one_of("username", "username_env")
        self._one_of("password_env", "password_block", "key_env", "key_block")
        if self.host_key and self.known_hosts is not None:
            raise ValueError("give either host_key or known_hosts")
        if any(not k.startswith("SHA256:") for k in self.host_key):
            raise ValueError("host_key: a fingerprint looks like SHA256:...")
        return self


class S3Source(RemoteSource):
    """A bucket of S3 or of a store that speaks its language. Without keys: what this machine itself is allowed (role, profile)."""

    kind: Literal["s3"] = Field(description="Where the export comes from.")
    bucket: Name = Field(description="The bucket.")
    prefix: Text = Field(default="", description="Folder within it.")
    include: Texts = Field(default=("**/*",), description="Globs of the files to take, within the folder.")
    endpoint: WebUrl | None = Field(default=None, description="Address of the store; default: Amazon's.")
    region: Name | None = Field(default=None, description="Region of the bucket.")
    key_env: EnvName | None = Field(default=None, description="Environment variable with the access key's id.")
    secret_env: EnvName | None = Field(default=None, description="Environment variable with the secret access key.")
    secret_block: BlockName | None = Field(default=None, description="Or its Prefect Secret block.")
    token_env: EnvName | None = Field(default=None, description="Environment variable with a session token.")
    ca_file: Text | None = Field(default=None, description="Certificates to trust, relative to the configuration folder.")

    @property
    def where(self) -> str:
        """The place, for messages."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @model_validator(mode="after")
    def both_keys(self) -> Self:
        """An id needs its secret."""
        if (self.key_env is None) != (self.secret_env is None and self.secret_block is None):
            raise ValueError("key_env and secret_env (or secret_block) belong together")
        return self


class HttpsSource(RemoteSource):
    """Files on a web server. `url` is one file, or with `files` the folder they are in."""

    kind: Literal["https"] = Field(description="Where the export comes from.")
    url: WebUrl = Field(description="Address of the file, or of the folder of `files`.")
    files: Annotated[tuple[FileName, ...], BeforeValidator(several)] = Field(default=(), description="Names of the files below `url`.")
    username_env: EnvName | None = Field(default=None, description="Environment variable with the user name (basic authentication).")
    password_env: EnvName | None = _PASSWORD
    password_block: BlockName | None = _BLOCK
    token_env: EnvName | None = Field(default=None, description="Environment variable with a bearer token.")
    token_block: BlockName | None = _BLOCK
    ca_file: Text | None = Field(default=None, description="Certificates to trust, relative to the configuration folder.")

    @model_validator(mode="after")
    def one_authentication(self) -> Self:
        """A name with its password, a token, or nothing; an address that names a file."""
        if (self.username_env is None) != (self.password_env is None and self.password_block is None):
            raise ValueError("username_env and password_env (or password_block) belong together")
        if self.username_env is not None and (self.token_env is not None or self.token_block is not None):
            raise ValueError("give either a password or a token")
        if not self.files and not urlsplit(self.url).path.rpartition("/")[2]:
            raise ValueError("url names a folder: name the `files` in it")
        return self


class RedcapSource(RemoteSource):
    """A REDCap project, by its API. It lands as `data.csv` (raw codes) and `dictionary.csv`; a mapping that names `events.csv`,
    `form_events.csv` or `repeating.csv` gets these too."""

    kind: Literal["redcap"] = Field(description="Where the export comes from.")
    url: WebUrl = Field(description="Address of the API, such as https://redcap.example.org/api/.")
    token_env: EnvName | None = Field(default=None, description="Environment variable with the API token.")
    token_block: BlockName | None = _BLOCK
    forms: Texts = Field(default=(), description="Instruments to fetch; default: all.")
    fields: Texts = Field(default=(), description="Fields to fetch besides those of `forms`; default: all.")
    events: Texts = Field(default=(), description="Events to fetch, by their unique names; default: all.")
    survey_fields: bool = Field(default=False, description="Also the survey identifier and time stamps.")
    chunk: int = Field(default=200, ge=1, le=10_000, description="Records asked for at a time.")
    per_minute: int = Field(default=300, ge=1, le=600, description="Requests a minute at most; REDCap shuts out who sends more than 600.")
    ca_file: Text | None = Field(default=None, description="Certificates to trust, relative to the configuration folder.")

    @model_validator(mode="after")
    def has_a_token(self) -> Self:
        """The token comes from one place."""
        self._one_of("token_env", "token_block")
        return self


class PostgresSource(RemoteSource):
    """A PostgreSQL database: named queries, read in one read-only transaction that sees one state. Each lands as `<name>.parquet`."""

    kind: Literal["postgres"] = Field(description="Where the export comes from.")
    url: PostgresUrl = Field(description="postgresql://host:port/database.")
    username: Text | None = Field(default=None, description="Who logs in.")
    username_env: EnvName | None = _USER
    password_env: EnvName | None = _PASSWORD
    password_block: BlockName | None = _BLOCK
    queries: dict[Name, Text] = Field(min_length=1, description="Name of the file -> one SELECT.")
    ca_file: Text | None = Field(default=None, description="Certificates to trust, relative to the configuration folder.")

    @model_validator(mode="after")
    def knows_who(self) -> Self:
        """One user name."""
        self._one_of("username", "username_env")
        return self


#: Where an export is fetched from; `kind` says which. The kind is the name of the module in flows/sources.
Source = Annotated[
    FilesSource | SftpSource | S3Source | HttpsSource | RedcapSource | PostgresSource, Field(discriminator="kind")
]
