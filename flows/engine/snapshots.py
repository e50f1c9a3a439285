"""The configuration as it was when a release was made, kept under its own hash, so that a release never depends on today's folder.

What belongs here: which files a configuration is read from, keeping them, opening them again. What does not: what they say
(config.py), whether a release still comes out the same (rebuild.py).

    config/<sha256[:16]>.zip      project/... the project's own files, own/... the user's folder; for its owner only

Only files the configuration is read from are kept: secrets are named there, never written. Corrections and decisions on drug names
hold texts of participants, so the file is closed to others.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import tempfile
import weakref
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from flows.engine import config, releases
from flows.engine.config import Programme
from schemas.findings import ConfigurationError

HOME = "config"
_SHARED = ("evidence.yaml", "instruments/*.yaml", "codelists/*.csv", "codelists/*.yaml")
_SITES = ("site.yaml", "site.from-*.yaml", "corrections.yaml", "medications.csv")
_OWN = (*_SHARED, "trials/*.yaml", "trials/*.medications.csv", "profiles/*.yaml", *(f"sites/*/{name}" for name in _SITES))
_EPOCH = (1980, 1, 1, 0, 0, 0)


def take(root: Path) -> dict[str, bytes]:
    """Every file a configuration folder is read from: name in the snapshot -> content."""
    is_own = root.resolve() != config.PROJECT
    wanted = [("project", config.PROJECT, _SHARED if is_own else _OWN)] + ([("own", root, _OWN)] if is_own else [])
    return {
        f"{name}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for name, folder, patterns in wanted
        for pattern in patterns
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }


def sha256_of(files: Mapping[str, bytes]) -> str:
    """Hash over the sorted names and contents."""
    lines = (f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def path_of(data: Path, sha256: str) -> Path:
    """Where a snapshot lies."""
    return data / HOME / f"{sha256[:16]}.zip"


def keep(data: Path, files: Mapping[str, bytes]) -> str:
    """Keep a configuration, once however often it is used; returns its sha256. On disk when this returns."""
    sha256 = sha256_of(files)
    path = path_of(data, sha256)
    if problems(data, sha256):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            for name, body in sorted(files.items()):
                file.writestr(zipfile.ZipInfo(name, _EPOCH), body, zipfile.ZIP_DEFLATED)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.parent / f".tmp-{os.getpid()}-{path.name}"
        temporary.write_bytes(content.getvalue())
        temporary.chmod(0o400)
        releases.sync(temporary)
        temporary.replace(path)
        releases.sync(path.parent)
    return sha256


def read(data: Path, sha256: str) -> dict[str, bytes]:
    """The files of a snapshot. Raises ConfigurationError when it is gone or not as it was kept."""
    told = f"the configuration {sha256[:16]} of this release"
    try:
        with zipfile.ZipFile(path_of(data, sha256)) as file:
            files = {name: file.read(name) for name in file.namelist()}
    except FileNotFoundError:
        raise ConfigurationError(f"{told} is not in {HOME}/") from None
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, ValueError, NotImplementedError):
        raise ConfigurationError(f"{told} cannot be read") from None
    if sha256_of(files) != sha256:
        raise ConfigurationError(f"{told} is not as it was kept")
    return files


def problems(data: Path, sha256: str) -> list[str]:
    """What is wrong with a snapshot; empty when it is as it was kept."""
    try:
        read(data, sha256)
    except ConfigurationError as error:
        return [str(error)]
    return []


@contextmanager
def opened(data: Path, sha256: str) -> Iterator[Path]:
    """A snapshot unpacked into a temporary folder; gone afterwards. Raises ConfigurationError as read() does."""
    files = read(data, sha256)
    with tempfile.TemporaryDirectory(prefix="trialweave-config-") as name:
        folder = Path(name)
        for inner, content in files.items():
            if PurePosixPath(inner).is_absolute() or ".." in PurePosixPath(inner).parts:
                raise ConfigurationError("a file of the kept configuration leads out of its folder")
            path = folder / inner
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield folder


def kept(data: Path, sha256: str, on: dt.date | None = None) -> Programme:
    """A kept configuration as the configuration it is; where it was unpacked is gone when it is. Raises ConfigurationError."""
    with ExitStack() as stack:
        programme = load(stack.enter_context(opened(data, sha256)), on)
        weakref.finalize(programme, stack.pop_all().close)
    return programme


def configs_of(manifest: Mapping[str, Any]) -> list[str]:
    """Every configuration that a release was made with: its own, and those of sites that stay as they were published before."""
    told = [manifest.get("config_snapshot"), *(e.get("config") for e in manifest["sites"])]
    return list(dict.fromkeys(str(sha256) for sha256 in told if sha256))


def load(folder: Path, on: dt.date | None = None) -> Programme:
    """An unpacked snapshot as the configuration it is."""
    project = folder / "project"
    return config.load(folder / "own" if (folder / "own").is_dir() else project, on, project)
