"""Releases: written aside, made durable, renamed into place; then `latest` is switched. A crash leaves the old one valid.

What belongs here: release folders, their manifest, `latest`, clearing what a crash left. What does not: what goes into a
release (assemble.py), the history of findings (findings_store.py).
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from flows.engine import ledger, lock
from schemas.findings import PublicationError

PROJECT = Path(__file__).resolve().parents[2]
MANIFEST = "manifest.json"
_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-z]+-[0-9a-f]{8}$")
#: A note of a run (state.py) that was not yet given its name.
_NOTE = re.compile(r"\.(state|last_run)\.json\.\d+")
_STAMP = "%Y%m%dT%H%M%SZ"
#: Files forced to the disk side by side.
SYNCS_AT_A_TIME = 8


@dataclass(frozen=True)
class Release:
    """A published release: its folder and manifest."""

    release_id: str
    folder: Path
    manifest: dict[str, Any]

    @property
    def content(self) -> str:
        """8 hex of the hash of inputs and configuration."""
        return self.release_id.rpartition("-")[2]

    @property
    def as_of(self) -> dt.datetime:
        """The moment up to which deliveries count."""
        return moment(self.manifest["as_of"])

    @property
    def degraded(self) -> bool:
        """Some site is held, missing or carried."""
        return any(s["status"] in ("carried", "held", "missing") for s in self.manifest["sites"])


@dataclass(frozen=True)
class Part:
    """One file of a release: a staged file to link, or bytes to write. `path` is relative to the release."""

    dataset: str
    path: str
    rows: int
    sha256: str
    source: Path | None = None
    content: bytes = b""


def load(data: Path, release_id: str) -> Release | None:
    """A release by its id, or None when it is not there whole."""
    folder = data / "releases" / release_id
    try:
        told = (folder / MANIFEST).stat()
        return Release(release_id, folder, _manifest(folder / MANIFEST, (told.st_ino, told.st_mtime_ns, told.st_size)))
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=2)
def _manifest(path: Path, mark: tuple[int, ...]) -> dict[str, Any]:
    """A manifest, read once as long as its file stays the same; nobody changes what is read."""
    found: dict[str, Any] = from_json(path.read_bytes())
    return found


def latest(data: Path) -> Release | None:
    """The release that `latest` points to."""
    link = data / "releases" / "latest"
    return load(data, link.readlink().name) if link.is_symlink() else None


def standing(data: Path, as_of: dt.datetime) -> Release | None:
    """The release that stood at a moment: the newest `as_of` not after it; of two, the one published later."""
    told = {str(e["release_id"]): dt.datetime.fromisoformat(e["as_of"]) for e in ledger.entries(data, "release_published")}
    now = latest(data)
    if now is not None:
        told.setdefault(now.release_id, now.as_of)
    order = sorted(((at, release_id) for release_id, at in told.items() if at <= as_of), reverse=True)
    return next((found for _, release_id in order if (found := load(data, release_id)) is not None), None)


def clear_leftovers(data: Path) -> list[str]:
    """Remove what killed runs left half-written; only the holder of the lock may do so."""
    gone = []
    for folder in (".", "releases", "staged", "restricted", "findings", "changes", "config", "report_counts"):
        for path in sorted((data / folder).glob(".tmp-*")):
            if _removed(path):
                gone.append(f"{folder}/{path.name}")
    for path in sorted(p for p in data.glob(".*.json.*") if _NOTE.match(p.name)):
        path.unlink()
        gone.append(path.name)
    return gone


def _removed(path: Path) -> bool:
    """Remove a file or folder; False where a worker on another machine, which has not heard that its run is over, still writes into it."""
    try:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.ENOENT):
            raise
        return False
    return True


def new_id(data: Path, content: str, now: dt.datetime) -> str:
    """A release id later than every release there is, so that ids sort by time of publication."""
    there = [p.name for p in (data / "releases").glob("2*") if _ID.match(p.name)]
    there += [str(e["release_id"]) for e in ledger.entries(data, "release_published")[-1:]]
    last = max((dt.datetime.strptime(name[:16], _STAMP).replace(tzinfo=dt.UTC) for name in there), default=None)
    at = now.astimezone(dt.UTC).replace(microsecond=0)
    if last is not None and at <= last:
        at = last + dt.timedelta(seconds=1)
    return f"{at.strftime(_STAMP)}-{git_sha()}-{content}"


def write(data: Path, release_id: str, parts: Iterable[Part], manifest: dict[str, Any]) -> Path:
    """Write a release aside, into releases/.tmp-<id>, all but the catalog; staged files are linked, not copied."""
    folder = data / "releases" / f".tmp-{release_id}"
    folder.mkdir(parents=True)
    made: set[str] = set()
    for part in parts:
        put_part(folder, part, made=made)
    (folder / MANIFEST).write_text(lines(manifest), encoding="utf-8")
    return folder


def lines(manifest: dict[str, Any]) -> str:
    """JSON with a line an entry: as easy to read and to compare as with indents, and written fifty times as fast."""
    parts = []
    for key, value in manifest.items():
        inner = _entries(value) if isinstance(value, list) else ""
        parts.append(f" {json.dumps(key)}: " + (f"[\n  {inner}\n ]" if inner else json.dumps(value)))
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _entries(value: list[Any]) -> str:
    """The entries of a list, a line each. Where none holds a list of its own, they are written at once: a quote within a text is written
    with a backslash before it, so that `},{"` is nowhere but between two of them."""
    whole = to_json(value).decode()[1:-1]
    if whole.count('},{"') == len(value) - 1:
        return whole.replace('},{"', '},\n  {"')
    return ",\n  ".join(to_json(v).decode() for v in value)


def put_part(folder: Path, part: Part, mode: int = 0o444, made: set[str] | None = None) -> None:
    """One file into a release; read-only, because a staged file and its link are one. `made`: folders that are there."""
    target = f"{folder}/{part.path}"
    parent = target.rpartition("/")[0]
    if made is None or parent not in made:
        Path(parent).mkdir(parents=True, exist_ok=True)
        if made is not None:
            made.add(parent)
    if part.source is None:
        Path(target).write_bytes(part.content)
    else:
        try:
            os.link(part.source, target)
        except OSError:
            shutil.copyfile(part.source, target)
    place = Path(target)
    if place.stat().st_mode & 0o777 != mode:
        place.chmod(mode)


def restricted_manifest(parts: Iterable[Part]) -> bytes:
    """What restricted/<release_id> holds, as its own manifest.json: the release's manifest says nothing of it."""
    return lines({"files": [{"dataset": p.dataset, "path": p.path, "rows": p.rows, "sha256": p.sha256} for p in parts]}).encode()


def make_durable(folder: Path, fresh: Iterable[Path] = ()) -> None:
    """Force a folder tree's directories, its small files and the files named to the disk."""
    files = [*fresh, *(p for p in folder.iterdir() if p.is_file())]
    folders = [Path(inner) for inner, _, _ in os.walk(folder)]
    with ThreadPoolExecutor(SYNCS_AT_A_TIME) as waiting:  # a disk takes many at a time
        for paths in (files, folders):
            list(waiting.map(sync, paths))


def sync(path: Path) -> None:
    """Force one file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle(data: Path, release_id: str) -> Release:
    """Give the finished release its name. Raises PublicationError when it cannot be read back, LockedError when the lock was lost."""
    home = data / "releases"
    lock.put_in_place(data, home / f".tmp-{release_id}", home / release_id)
    sync(home)
    found = load(data, release_id)
    if found is None:
        raise PublicationError(f"release {release_id} cannot be read back; `latest` stays as it is")
    return found


def switch_latest(data: Path, release: Release) -> bool:
    """Point `latest` to a release by one rename; not when the present one knows later deliveries."""
    present = latest(data)
    if present is not None and present.as_of > release.as_of:
        return False
    home = data / "releases"
    link = home / f".tmp-latest-{secrets.token_hex(8)}"  # a name that no process on another machine has
    link.symlink_to(release.release_id)
    lock.put_in_place(data, link, home / "latest")
    sync(home)
    return True


@cache
def git_sha() -> str:
    """The checkout's short commit, or nogit; also where the checkout is another user's, which git refuses unless told."""
    if not (PROJECT / ".git").exists():
        return "nogit"
    try:
        asked = ["git", "-c", f"safe.directory={PROJECT}", "-C", str(PROJECT), "rev-parse", "--short", "HEAD"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "nogit"
    return told.stdout.strip() or "nogit"



def moment(text: str) -> dt.datetime:
    """A moment as manifests and the ledger write it."""
    return dt.datetime.fromisoformat(text)


def beside(release: Release) -> dict[str, str]:
    """sha256 of what explains a release beside its sets: dictionary, catalog. The ledger tells them; the manifest is made before and
    tells the files it lists."""
    listed = {MANIFEST, *(f["path"] for f in release.manifest["files"] if "/" not in f["path"])}
    return {p.name: file_sha256(p) for p in sorted(release.folder.iterdir()) if p.is_file() and p.name not in listed}


def file_sha256(path: Path) -> str:
    """Hash of one file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
