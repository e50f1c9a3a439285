"""A folder on an SFTP server.

A server is known by its key: one that `known_hosts` does not hold, or whose fingerprint is not declared, is refused before anybody logs
in. A download that was cut goes on where it stopped when size and time are the same and the last 64 KiB are. Size and time tell whether
a file is new; what they alone say is believed for seven days, then the file is fetched again. Links that lead out of the folder are
refused.

What belongs here: SSH. What does not: what is wanted and what is here already (flows/engine/incoming.py).
"""

from __future__ import annotations

import io
import logging
import stat as modes
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import paramiko

from flows.sources.place import MAX_FILES, Access, Part, There, moved, named
from schemas.findings import PassingError

_DEPTH = 16
_PIECE = 2**18
_AHEAD = 64
_FRESH_S = 120
_KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def connect(access: Access) -> Sftp:
    """Log in. Raises ReadError: unknown server, wrong password or key. PassingError: it cannot be reached."""
    return Sftp(access)


class _Declared(paramiko.MissingHostKeyPolicy):
    """A server whose key is in no list: accepted when its fingerprint is declared, else refused."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Raises ReadError unless the fingerprint is declared."""
        shown = f"{key.get_name()} {key.fingerprint}"
        declared = self._access.source.host_key
        if key.fingerprint in declared:
            return
        what = f"the server shows another key than declared: {shown}" if declared else f"the server's key is not known: {shown}"
        raise self._access.final(f"{what}; nothing was sent to it", "ask who runs the server for its fingerprint, and declare that one")


class Sftp:
    """A folder, logged in to."""

    def __init__(self, access: Access) -> None:
        self._access = access
        source, url = access.source, urlsplit(access.source.url)
        self._client = client = paramiko.SSHClient()
        if not source.host_key:
            known = access.file("known_hosts")
            if known is not None or Path("~/.ssh/known_hosts").expanduser().is_file():
                client.load_system_host_keys(str(known) if known is not None else None)
        client.set_missing_host_key_policy(_Declared(access))
        text = access.secret("key")
        key = _key(access, text, access.secret("passphrase")) if text is not None else None
        password, user = access.secret("password"), access.username()
        try:
            with self._told():
                client.connect(
                    url.hostname or "", url.port or 22, user, password, key, allow_agent=False, look_for_keys=False,
                    timeout=source.timeout_s, banner_timeout=source.timeout_s, auth_timeout=source.timeout_s,
                    channel_timeout=source.timeout_s,
                )  # fmt: skip
                self._sftp = client.open_sftp()
                channel = self._sftp.get_channel()
                if channel is not None:
                    channel.settimeout(source.timeout_s)
                path = unquote(url.path) or "/"
                self._root = self._sftp.normalize(path.removeprefix("/~/") or "." if path.startswith("/~/") else path)
        except BaseException:
            client.close()
            raise

    def files(self) -> Sequence[There]:
        """Every plain file below the folder."""
        with self._told():
            return list(self._walk(self._root, "", 0))

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Read one file, from where an earlier try stopped."""
        with self._told(), self._sftp.open(there.ref, "rb") as file:
            if _version(file.stat()) != there.version:
                raise PassingError(f"{self._access.key}: {there.name} changed before it was read; it is tried again")

            def tail(offset: int, size: int) -> bytes:
                file.seek(offset)
                return file.read(size)

            at = part.begin(there.version, tail)
            file.seek(at)
            file._prefetch_thread = _quiet(file._prefetch_thread)
            file.prefetch(there.size, max_concurrent_requests=_AHEAD)
            while piece := file.read(_PIECE):
                part.write(piece)
            after = _version(file.stat())
        if after != there.version:
            part.remove()
            raise PassingError(f"{self._access.key}: {there.name} changed while it was read; it is tried again")
        part.complete(there.size)
        return there

    def changed(self, came: Sequence[There]) -> list[str]:
        """Files whose size or time is another one now."""
        return moved(came, named(self._access, self.files()))

    def about(self) -> dict[str, Any]:
        """Nothing more."""
        return {}

    def close(self) -> None:
        """Leave."""
        self._client.close()

    def _walk(self, folder: str, within: str, depth: int) -> Iterator[There]:
        if depth > _DEPTH:
            raise self._access.final(f"folders are nested more than {_DEPTH} deep", "name a folder that holds this export only")
        for number, entry in enumerate(sorted(self._sftp.listdir_attr(folder), key=lambda e: e.filename)):
            self._access.bound.seconds()
            name, path = f"{within}{entry.filename}", f"{folder.rstrip('/')}/{entry.filename}"
            if entry.filename.startswith((".", "~$")) and entry.filename not in (".", ".."):
                continue
            if number >= MAX_FILES:
                raise self._access.final(f"there are more than {MAX_FILES} files", "name a folder that holds this export only")
            if modes.S_ISLNK(entry.st_mode or 0):
                real = self._sftp.normalize(path)
                if not real.startswith(f"{self._root.rstrip('/')}/"):
                    raise self._access.final(f"{name!a} is a link that leads out of the folder", "put the file itself there")
                entry = self._sftp.stat(path)
                if modes.S_ISDIR(entry.st_mode or 0):
                    continue
            if modes.S_ISDIR(entry.st_mode or 0):
                yield from self._walk(path, f"{name}/", depth + 1)
            elif modes.S_ISREG(entry.st_mode or 0):
                settled = abs(time.time() - (entry.st_mtime or 0)) > _FRESH_S
                yield There(name, _version(entry), size=entry.st_size, ref=path, settled=settled)
            else:
                raise self._access.final(f"{name!a} is no plain file", "take it away there")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Paramiko's errors as those of this project; their own texts stay here."""
        access = self._access
        try:
            yield
        except paramiko.BadHostKeyException as error:
            shown = f"{error.key.get_name()} {error.key.fingerprint}"
            what = f"the server shows another key than the known one: {shown}; nothing was sent to it"
            raise access.final(what, "ask who runs the server whether its key changed, before you change known_hosts") from None
        except paramiko.AuthenticationException:
            raise access.final("the server refuses the user name, password or key", "look at the secrets the source names") from None
        except paramiko.ssh_exception.IncompatiblePeer:
            raise access.final("the server speaks only ciphers that are not safe any more", "have the server updated") from None
        except FileNotFoundError:
            raise access.final(f"there is no such folder or file at {access.source.where}", "correct source.url") from None
        except PermissionError:
            raise access.final(f"this user may not read {access.source.where}", "ask who runs the server") from None
        except UnicodeDecodeError:
            raise access.final("a file's name holds characters that cannot be kept", "rename it there") from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise access.passing(f"the server cannot be reached or hung up ({type(error).__name__})") from None


def _quiet(ask: Callable[..., None]) -> Callable[..., None]:
    """Paramiko asks ahead in a thread of its own; when the line is cut, reading says so, and the thread need not print it too."""

    def asking(*what: Any) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            ask(*what)

    return asking


def _version(entry: paramiko.SFTPAttributes) -> str:
    return f"{entry.st_size} bytes, {entry.st_mtime}"


def _key(access: Access, text: str, passphrase: str | None) -> paramiko.PKey:
    """A private key, from its text or the path of its file."""
    if "-----BEGIN" not in text:
        path = Path(text.strip()).expanduser()
        if not path.is_file():
            raise access.final("the private key's file is not there, or the secret is no key", "look at the secret the source names")
        text = path.read_text(encoding="utf-8", errors="replace")
    for kind in _KEYS:
        try:
            return kind.from_private_key(io.StringIO(text), password=passphrase)
        except paramiko.PasswordRequiredException:
            raise access.final("the private key has a passphrase", "name it as passphrase_env") from None
        except (paramiko.SSHException, ValueError, TypeError, IndexError):
            continue
    raise access.final("the private key cannot be read, or its passphrase is wrong", "look at the secret the source names")
