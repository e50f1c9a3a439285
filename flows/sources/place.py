"""What every place on a network has in common: the files there, a download that may stop and go on, bounds, secrets, how trouble is told.

What belongs here: the shape of a place (Place), and the parts its kinds are made of. What does not: a kind of place (one module each),
which files are wanted and what is here already (flows/engine/incoming.py). Only the standard library and schemas are imported.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from schemas.findings import PassingError, ReadError

MAX_FILES = 10_000
_OVERLAP = 2**16

#: Name of a Prefect Secret block -> its value; only a flow module can open one.
Blocks = Callable[[str], str]


@dataclass(frozen=True)
class There:
    """One file at its place. `version` changes when the content does (empty: not known before it is fetched); `exact`: it is made of
    the content itself, not only of size and time. `ref` is what the place calls the file, where that is not its name. `optional`: it may
    stay where it is without being told as unread. `settled`: the file is not so fresh that it may change again within the same second."""

    name: str
    version: str = ""
    exact: bool = False
    size: int | None = None
    ref: str = ""
    optional: bool = False
    settled: bool = True


class Place(Protocol):
    """An open place. Errors: PassingError where trying again may help, else ReadError; neither holds a secret or a cell."""

    def files(self) -> Sequence[There]:
        """Everything that could be fetched."""

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Bring one file here and say what came; None: it is still the version that is known."""

    def changed(self, came: Sequence[There]) -> list[str]:
        """Names of files that are not there any more as they came."""

    def about(self) -> dict[str, Any]:
        """What else the receipt says of the place."""

    def close(self) -> None:
        """Leave."""


@dataclass(frozen=True)
class Access:
    """What a place needs to be opened: whose it is, its configuration, secrets, bounds."""

    key: str
    source: Any
    config_root: Path
    bound: Bound
    blocks: Blocks | None = None

    def secret(self, what: str) -> str | None:
        """A secret by its field without _env or _block; None where none is declared. Raises ReadError when it is not to be had."""
        how, name = self.source.secrets().get(what, ("", ""))
        if not how:
            return None
        if how == "block":
            if self.blocks is None:
                raise self.final(f"the Prefect Secret block {name!r} can be opened by a run only")
            return self.blocks(name)
        value = os.environ.get(name, "")
        if not value.strip():
            raise self.final(f"the environment variable {name} is not set", f"set {name} where trialweave runs")
        return value

    def username(self) -> str:
        """Who logs in, written or named."""
        return getattr(self.source, "username", None) or self.secret("username") or ""

    def file(self, field: str) -> Path | None:
        """A file the configuration names. Raises ReadError when it is not there."""
        if (name := getattr(self.source, field)) is None:
            return None
        if absent := absent_files(self.source, self.config_root):
            raise self.final(f"there is no file {absent[0]}", "correct known_hosts or ca_file of the source")
        return self.config_root / Path(name).expanduser()

    def final(self, what: str, todo: str = "") -> ReadError:
        """Trouble that stays until somebody does something."""
        return ReadError(f"{self.key}: {what}" + (f"\n  fix   -> {todo}" if todo else ""))

    def passing(self, what: str) -> PassingError:
        """Trouble that may be gone when tried again."""
        return PassingError(f"{self.key}: {what}\n  fix   -> it is tried again; if it stays, look at {self.source.where}")


class Bound:
    """How much may come, and until when."""

    def __init__(self, key: str, source: Any) -> None:
        self._key, self._source = key, source
        self._left = source.max_mb * 1_000_000
        self._end = time.monotonic() + source.max_minutes * 60

    def take(self, size: int) -> None:
        """Count bytes that came. Raises ReadError when they are too many, PassingError when it takes too long."""
        self._left -= size
        if self._left < 0:
            raise ReadError(
                f"{self._key}: the delivery is larger than {self._source.max_mb} MB; nothing was landed\n"
                "  fix   -> look what is there; raise source.max_mb if it is right"
            )
        self.seconds()

    def foresee(self, size: int) -> None:
        """Refuse what is known to be too large before it is fetched."""
        self.take(size)
        self._left += size

    def seconds(self) -> float:
        """What is left of the time. Raises PassingError when it is over."""
        left = self._end - time.monotonic()
        if left <= 0:
            told = f"{self._key}: the delivery is not complete after {self._source.max_minutes} minutes; what came is kept for the next try"
            raise PassingError(f"{told}\n  fix   -> raise source.max_minutes if the place is slow")
        return left


class Part:
    """A download on its way to being a file: bytes under a temporary name, and beside them which version they are of."""

    def __init__(self, path: Path, bound: Bound, key: str) -> None:
        self.path, self._bound, self._key = path, bound, key
        self._note = path.with_name(path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def version(self) -> str:
        """The version the bytes are of; empty when nothing is here or that is not known."""
        try:
            return str(json.loads(self._note.read_text(encoding="utf-8"))["version"]) if self.size else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""

    def begin(self, version: str, tail: Callable[[int, int], bytes] | None = None) -> int:
        """Bytes that need not be fetched again: those of the same version whose end is what `tail(offset, size)` says is there."""
        here = self.size if version and version == self.version else 0
        if here and tail is not None:
            size = min(_OVERLAP, here)
            with self.path.open("rb") as file:
                file.seek(here - size)
                if file.read(size) != tail(here - size, size):
                    here = 0
        if not here:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")
            self._note.write_text(json.dumps({"version": version}), encoding="utf-8")
        self._bound.take(here)
        return here

    def write(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self._bound.take(len(piece))
        with self.path.open("ab") as file:
            file.write(piece)

    def complete(self, size: int | None) -> None:
        """Say that all is here. Raises PassingError when it is not as large as it must be; the next try begins anew then."""
        if size is not None and self.size != size:
            here = self.size
            self.remove()
            raise PassingError(f"{self._key}: a file came with {here} bytes and has {size} there; it is fetched again")
        with self.path.open("rb") as file:
            os.fsync(file.fileno())

    def remove(self) -> None:
        """Forget what is here."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)


def named(access: Access, found: Iterable[There]) -> dict[str, There]:
    """Files by name, hidden ones left out. Raises ReadError for a name that leads elsewhere or cannot be kept, and for too many."""
    out: dict[str, There] = {}
    for there in found:
        parts = there.name.split("/")
        if any(p.startswith((".", "~$")) and p not in (".", "..") for p in parts):
            continue
        bad = not there.name.isprintable() or "\\" in there.name or any(p in ("", ".", "..") or len(p.encode()) > 200 for p in parts)
        if bad or len(there.name) > 1000:
            raise access.final(f"a file's name cannot be kept or leads elsewhere: {there.name[:200]!a}", "rename it there")
        out[there.name] = there
        if len(out) > MAX_FILES:
            raise access.final(f"there are more than {MAX_FILES} files", "name a folder that holds this export only")
    folders = {name[:at] for name in out for at, sign in enumerate(name) if sign == "/"}
    if both := sorted(folders & out.keys()):
        raise access.final(f"{both[0]!a} is a file and a folder", "rename one of them there")
    return out


def moved(before: Sequence[There], now: Mapping[str, There]) -> list[str]:
    """Names whose version is another one now, or that are gone."""
    return [b.name for b in before if b.name not in now or now[b.name].version != b.version]


def missing_env(source: Any, environment: Mapping[str, str]) -> list[str]:
    """Environment variables a source needs that are not set."""
    declared = () if source.kind == "files" else source.secrets().values()
    return sorted({name for how, name in declared if how == "env" and not environment.get(name, "").strip()})


def absent_files(source: Any, config_root: Path) -> list[str]:
    """Files that a source names and that are not there."""
    named = [getattr(source, field, None) for field in ("known_hosts", "ca_file")]
    return [name for name in named if name is not None and not (config_root / Path(name).expanduser()).is_file()]
