"""Which files of a source an export consists of: those the mapping reads, without what a blinded trial must not open.

What belongs here: names against the mapping's globs, the randomization list. What does not: fetching (incoming.py), copying (landing.py).

Only the standard library, flows.sources.files, arms.py and schemas are imported: "nothing changed" must be answered at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.engine.arms import shows_arms
from flows.sources.files import archive_of, matches
from schemas.findings import ReadError

if TYPE_CHECKING:
    from flows.engine.config import Unit
    from schemas.site import Site

RECEIPT = "receipt.json"


@dataclass(frozen=True)
class Choice:
    """What is taken of a source: names the mapping reads, and names that nothing reads. `others` are told to a person."""

    wanted: tuple[str, ...]
    others: tuple[str, ...]


def choose(unit: Unit, offered: Iterable[str]) -> Choice:
    """The files to take, by name. Raises ReadError when the mapping reads none of them."""
    site = unit.site
    names = [name for name in offered if not any(matches(name, p) for p in site.ignore_files)]
    read, closed = patterns(site, blinded=_blinded(unit))
    wanted = [name for name in names if any(matches(name, p) for p in read)]
    barred = [name for name in names if any(matches(name, p) for p in closed)]
    if _blinded(unit):
        wanted = [name for name in wanted if name in read or name not in barred]
    return Choice(_some(unit, wanted, len(names), read), tuple(n for n in names if n not in wanted and n not in barred))


def without_arms(unit: Unit, choice: Choice, here: Mapping[str, Path]) -> Choice:
    """The files to take, once they can be looked into: of a blinded trial without any that only a glob brings in and that shows the arms.

    Raises ReadError when none is left.
    """
    if not _blinded(unit):
        return choice
    read, _ = patterns(unit.site, blinded=True)
    shown = [n for n in choice.wanted if n not in read and shows_arms(here[n], unit.trial, unit.site)]
    if not shown:
        return choice
    left = [n for n in choice.wanted if n not in shown]
    return Choice(_some(unit, left, len(choice.wanted) + len(choice.others), read), tuple(sorted([*choice.others, *shown])))


def patterns(site: Site, *, blinded: bool) -> tuple[set[str], set[str]]:
    """Globs of the files the mapping reads, and of those it must not open: the randomization list of a blinded trial."""
    read: set[str] = set()
    closed: set[str] = set()
    for table, several in site.tables.items():
        into = closed if blinded and table == "randomization" else read
        for spec in several:
            into |= {spec.file, *(join.file for join in spec.join)}
            beside = spec.companion or site.defaults.companion
            if beside is not None:
                into.add(f"**/{beside}")
    return _with_archives(read), _with_archives(closed)


def _blinded(unit: Unit) -> bool:
    return bool(unit.trial.blinding.status == "blinded")


def _with_archives(globs: set[str]) -> set[str]:
    """A glob of members of an archive asks for the archive."""
    return {archive_of(glob) or glob for glob in globs}


def _some(unit: Unit, wanted: Iterable[str], offered: int, read: set[str]) -> tuple[str, ...]:
    out = tuple(wanted)
    if not out:
        raise ReadError(
            f"{unit.site.key}: none of {offered} file(s) in {unit.site.source.where} match {', '.join(sorted(read))}\n"
            f"  fix   -> look whether the export arrived, or correct `file` in {unit.folder.name}/site.yaml"
        )
    if RECEIPT in out:
        raise ReadError(f"{unit.site.key}: a file called {RECEIPT} cannot be landed\n  fix   -> rename it")
    return out
