"""An export on this machine, ready to be landed: a folder as it lies, anything remote fetched first, and only what is new of it.

What belongs here: which files come anew, where they wait, the note of what was seen. What does not: how a kind of place is fetched from
(flows/sources), what is wanted (wanted.py), landing (landing.py).

    incoming/<study>/<site>/<hash of the name>.csv    a download, complete or not; gone once it is landed
    incoming/<study>/<site>/seen.json                 version at its place and sha256 of each file that was landed

A file whose version is as seen is not fetched again: its landed copy is taken, when its bytes are still those. A version that is not made
of the content (size and time) is believed for a week, and never when the file was fresh as it came.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.engine.wanted import Choice, choose, without_arms
from flows.sources import files, opened
from flows.sources.place import Access, Blocks, Bound, Part, There, named
from schemas.findings import PassingError

if TYPE_CHECKING:
    from flows.engine.config import Unit

HOME, SEEN = "incoming", "seen.json"
_BELIEVED = dt.timedelta(days=7)


@dataclass(frozen=True)
class Export:
    """Files to land by name, names that nothing reads, and what the receipt says of where they come from."""

    files: dict[str, Path]
    left_out: tuple[str, ...]
    source: dict[str, Any]


@dataclass
class _Seen:
    """What was landed from a place: name -> version, sha256, when it was fetched. `place` is a hash of where that was."""

    place: str
    files: dict[str, dict[str, Any]] = field(default_factory=dict)


def folder(unit: Unit, config_root: Path) -> Export:
    """An export that lies in a folder. Raises ReadError as flows/sources/files.py does."""
    offered = files.find(unit.site, config_root)
    choice = choose(unit, offered)
    choice = without_arms(unit, choice, offered)
    source = unit.site.source
    told = {"kind": source.kind, "path": source.where}
    return Export({name: offered[name] for name in choice.wanted}, choice.others, told)


@contextmanager
def export(
    data: Path, unit: Unit, config_root: Path, now: dt.datetime, landed: Mapping[str, Path], blocks: Blocks | None = None
) -> Iterator[Export]:
    """The export as it is now. `landed`: sha256 -> a file of the newest delivery. What was fetched is removed once the body has ended well.

    Raises PassingError where trying again may help: what came so far stays for the next try. ReadError otherwise.
    """
    if unit.site.source.kind == "files":
        yield folder(unit, config_root)
        return
    home = data / HOME / unit.site.study / unit.site.site_id
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    fetching = _Fetching(unit, home, now, landed)
    yield fetching.run(config_root, blocks)
    fetching.settle()


def forget(data: Path, unit: Unit) -> None:
    """Remove what waits of an export and what was seen of it: everything is fetched anew."""
    shutil.rmtree(data / HOME / unit.site.study / unit.site.site_id, ignore_errors=True)


class _Fetching:
    """One export on its way here."""

    def __init__(self, unit: Unit, home: Path, now: dt.datetime, landed: Mapping[str, Path]) -> None:
        self.unit, self.home, self.now, self.landed = unit, home, now, landed
        place = hashlib.sha256(unit.site.source.model_dump_json().encode()).hexdigest()[:16]
        self.seen = _read(home / SEEN, place)
        self.after = _Seen(place)

    def run(self, config_root: Path, blocks: Blocks | None) -> Export:
        """Fetch what is new."""
        site = self.unit.site
        source: Any = site.source
        access = Access(site.key, source, config_root, Bound(site.key, source), blocks)
        here: dict[str, Path] = {}
        came: dict[str, There] = {}
        with opened(access) as place:
            include = getattr(source, "include", ("**/*",))
            there = {n: t for n, t in named(access, place.files()).items() if any(files.matches(n, p) for p in include)}
            choice = choose(self.unit, there)
            choice = Choice(choice.wanted, tuple(n for n in choice.others if not there[n].optional))
            access.bound.foresee(sum(there[n].size or 0 for n in choice.wanted))
            for name in choice.wanted:
                copy, version = self._copy(name)
                if copy is not None and version and version == there[name].version:
                    here[name], came[name] = copy, there[name]
                    continue
                part = Part(self.home / _short(name), access.bound, site.key)
                fetched = place.fetch(there[name], part, version if copy is not None else "")
                if fetched is None and copy is not None:
                    here[name], came[name] = copy, There(name, version, self.seen.files[name]["exact"])
                else:
                    here[name], came[name] = part.path, fetched or there[name]
            if changed := place.changed([came[n] for n in choice.wanted]):
                raise PassingError(
                    f"{site.key}: {len(changed)} file(s) changed while the export was read, first {changed[0]}; nothing was landed\n"
                    "  fix   -> it is tried again; fetch at an hour when nobody writes there"
                )
            about = place.about()
        return self._export(choice, here, came, about)

    def _copy(self, name: str) -> tuple[Path | None, str]:
        """The landed copy of a file and its version at the place, if they may be believed."""
        known = self.seen.files.get(name)
        if known is None or not known["version"]:
            return None, ""
        if not known["exact"] and not dt.timedelta(0) <= self.now - dt.datetime.fromisoformat(known["at"]) < _BELIEVED:
            return None, ""
        path = self.landed.get(known["sha256"])
        return (path, known["version"]) if path is not None and _sha256(path) == known["sha256"] else (None, "")

    def _export(self, choice: Choice, here: dict[str, Path], came: dict[str, There], about: dict[str, Any]) -> Export:
        kept = without_arms(self.unit, choice, here)
        for name in set(choice.wanted) - set(kept.wanted):
            if here[name].parent == self.home:
                Part(here[name], Bound(self.unit.key, self.unit.site.source), self.unit.key).remove()  # type: ignore[arg-type]
        for name in kept.wanted:
            is_old = here[name].parent != self.home
            at = self.seen.files[name]["at"] if is_old else self.now.isoformat()
            version = came[name].version if came[name].settled or came[name].exact else ""
            self.after.files[name] = {"version": version, "exact": came[name].exact, "sha256": _sha256(here[name]), "at": at}
        versions = {name: came[name].version for name in kept.wanted if came[name].version}
        source = self.unit.site.source
        told = {"kind": source.kind, "path": source.where, "fetched_at": self.now.isoformat(timespec="seconds"), "versions": versions}
        return Export({name: here[name] for name in kept.wanted}, kept.others, told | about)

    def settle(self) -> None:
        """The export is landed: note what was seen, remove what was fetched."""
        note = self.home / f".{SEEN}"
        note.write_text(json.dumps({"place": self.after.place, "files": self.after.files}, indent=1), encoding="utf-8")
        with note.open("rb") as file:
            os.fsync(file.fileno())
        note.replace(self.home / SEEN)
        for path in self.home.iterdir():
            if path.name != SEEN:
                path.unlink()


def _short(name: str) -> str:
    """A download's own name: short whatever the file is called, with its ending, which says how it is read."""
    return hashlib.sha256(name.encode()).hexdigest()[:24] + "".join(Path(name).suffixes[-2:])


def _read(path: Path, place: str) -> _Seen:
    """The note of what was seen; empty where there is none, it is damaged, or it is of another place."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        seen = _Seen(str(told["place"]), {str(n): dict(f) for n, f in told["files"].items()})
        if any({"version", "exact", "sha256", "at"} - f.keys() for f in seen.files.values()):
            return _Seen(place)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Seen(place)
    return seen if seen.place == place else _Seen(place)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
