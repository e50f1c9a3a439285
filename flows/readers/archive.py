"""Zip and gzip archives: one file in it, unpacked within bounds, read like any other.

What belongs here: which members there are, unpacking one safely. What does not: reading it (the reader its own name and content ask for).

A mapping names members as if the archive were a folder: `export.zip/doses_*.csv`. An archive that holds one file needs no more than its
own name. Refused: members that lead out of it, archives in archives, passwords, sizes no export has.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

from flows import readers
from flows.readers.cells import Cells, ReadOptions, unreadable
from flows.readers.inflate import LARGEST, bounded, inflate
from schemas.findings import ReadError

_ENDING = ".zip"
_MOST = 10_000
_PIECE = 2**20
_PACKED = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar")
_LEADS_OUT = re.compile(r"/|[A-Za-z]:|.*\\")
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, LookupError, ValueError, OSError)


def members(path: Path) -> list[str]:
    """Files in a zip archive, by name; folders, hidden files and what systems add (__MACOSX) are passed over.

    Raises ReadError: damaged, a member that leads out of it, too many or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [info.filename for info in _infos(path, archive)]
    except _DAMAGED:
        raise unreadable(path, "the zip archive is damaged or cut", "fetch or export it again") from None


def _infos(path: Path, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > _MOST or sum(info.file_size for info in infos) > LARGEST:
        raise unreadable(path, f"it holds more than {_MOST} files or {LARGEST // 2**30} GB", "send fewer files")
    out = []
    for info in infos:
        parts = PurePosixPath(info.filename).parts
        if _LEADS_OUT.match(info.orig_filename) or ".." in parts:
            raise unreadable(path, "a file in it leads out of it by its name", "do not use it; ask the site who made it")
        if not info.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in parts):
            out.append(info)
    names = [info.filename for info in out]
    if len(set(names)) < len(names):
        raise unreadable(path, "it holds two files of one name", "make the archive again")
    return sorted(out, key=lambda info: info.filename)


def read(path: Path, options: ReadOptions) -> Cells:
    """The cells of one member: the one `member` names, or the only one.

    Raises ReadError: damaged, several members and none named, a password, an archive in it, beyond the bounds; and what its reader raises.
    """
    with tempfile.TemporaryDirectory() as folder:
        if path.name.lower().endswith(_ENDING):
            inside = _from_zip(path, Path(folder), options)
        else:
            inside = Path(folder) / path.name[:-3]
            _refuse_nested(path, inside.name)
            with path.open("rb") as source, inside.open("wb") as target:
                inflate(path, source, target)
        try:
            return readers.read(inside, replace(options, member=None))
        except ReadError as error:
            raise ReadError(f"{path.name}/{error}") from None


def _from_zip(path: Path, folder: Path, options: ReadOptions) -> Path:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = {info.filename: info for info in _infos(path, archive)}
            beside = {name for name in infos if options.companion and PurePosixPath(name).name == options.companion}
            if options.member is None and len(infos.keys() - beside) != 1:
                few = ", ".join([*infos][:8]) + (" ..." if len(infos) > 8 else "")
                raise unreadable(path, f"it holds {len(infos)} files: {few}", f"name one as file: {path.name}/...")
            wanted = options.member or next(iter(infos.keys() - beside))
            if wanted not in infos:
                raise unreadable(path, f"there is no {wanted} in it", "correct `file` in the site's mapping")
            for name in {wanted, *(n for n in beside if PurePosixPath(n).parent == PurePosixPath(wanted).parent)}:
                _refuse_nested(path, name)
                with (folder / PurePosixPath(name).name).open("wb") as target:
                    _unpack(path, archive, infos[name], target)
    except _DAMAGED as error:
        if "password" in str(error) or "encrypted" in str(error):
            raise unreadable(path, "it is protected by a password", "send it without one") from None
        if isinstance(error, NotImplementedError):
            raise unreadable(path, "it is compressed in a way that is not read", "make it again as an ordinary zip archive") from None
        raise unreadable(path, "the zip archive is damaged or cut", "fetch or export it again") from None
    return folder / PurePosixPath(wanted).name


def _unpack(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: IO[bytes]) -> None:
    """Piece by piece: what comes out counts, not what the archive says of itself."""
    size = 0
    with archive.open(info) as source:
        while piece := source.read(_PIECE):
            size += len(piece)
            bounded(path, info.compress_size, size)
            target.write(piece)


def _refuse_nested(path: Path, name: str) -> None:
    if name.lower().endswith(_PACKED):
        raise unreadable(path, f"it holds an archive in turn ({PurePosixPath(name).name})", "send the files in one archive")
