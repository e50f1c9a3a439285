"""Files of a release beside the same files made again: identical, or how they differ.

What belongs here: comparing, also where a purge has taken a participant out since. What does not: making them again (rebuild.py).

After a purge some things cannot come out as they were: rows stand elsewhere in a file that was written again (SRCFILE, SRCROW), sums over
the trial were made with the participant (adref; Z and RANK100 of adipd), and findings may compare others with them. Everything else
must, and is compared row by row.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine.releases import Part

Entry = dict[str, Any]
#: Where a row stands in the site's files.
PLACES = {"SRCFILE", "SRCROW", "source_file", "source_row", "n_rows", "suggestion", "message"}
#: Set -> columns made from every participant of the trial; None: the whole set.
_OF_ALL: dict[str, set[str] | None] = {"adipd": {"Z", "RANK100"}, "adref": None}


@dataclass
class Compared:
    """`differs`: one sentence a file that came out otherwise; `purged`: files that hold what a purge has left and come out as such;
    `summed`: those that rest on the purged participant too and were not compared, or not whole; `lost`: those of a delivery that a purge
    removed."""

    differs: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)
    summed: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """What a purge since the release has left of the proof, in sentences."""
        out = []
        if self.purged:
            out.append(f"{len(self.purged)} files hold what a purge has left: the same rows, which stand elsewhere in the site's file now")
        if self.summed:
            out.append(f"{len(self.summed)} files rest on the purged participant too: sums, ranks and a site's findings are not compared")
        if self.lost:
            out.append(f"{len(self.lost)} files come from a delivery that a purge removed: they are not made again")
        return out


def stem(path: str) -> str:
    """A file of a release without its hash: <set>/<study>/<site>, or a name of its own where it belongs to no trial."""
    return re.sub(r"-[0-9a-f]{8}\.parquet$", "", path)


def files(
    listed: Sequence[Entry], folder: Path, made: Sequence[Part], purged: Set[tuple[str, str]], lost: Set[tuple[str, str]], name: str = ""
) -> Compared:
    """Files of a release and what was made again. `purged`: (study, site) a participant was purged from since; `lost`: those whose
    delivery a purge removed."""
    out = Compared()
    again = {stem(p.path): p for p in made}
    studies = {study for study, _ in purged | lost}
    for entry in listed:
        part = again.pop(stem(entry["path"]), None)
        dataset, study, site = (*stem(entry["path"]).split("/"), "", "")[:3]
        told = f"{name}{entry['path']}"
        if part is not None and part.sha256 == entry["sha256"]:
            continue
        if (study, site) in lost:
            out.lost.append(told)
        elif part is None:
            out.differs.append(f"{told}: was not made again")
        elif study not in studies and (study or not studies):
            out.differs.append(f"{told}: {how(folder / entry['path'], _content(part))}")
        else:
            _after_purge(out, told, dataset, folder / entry["path"], part, is_own=(study, site) in purged)
    out.differs += [f"{name}{part.path}: is not in the release" for part in again.values()]
    return out


def _after_purge(out: Compared, told: str, dataset: str, before: Path, part: Part, *, is_own: bool) -> None:
    """A file of a trial that somebody was purged from."""
    of_all = _OF_ALL.get(dataset, set())
    if of_all is None or "/" not in stem(part.path):
        out.summed.append(told)
        return
    left_out = of_all | (PLACES if is_own else set())
    same = bool(left_out) and same_rows(before, _content(part), left_out)
    if not same and not (is_own and dataset == "findings"):
        out.differs.append(f"{told}: {how(before, _content(part))}")
    else:
        (out.summed if of_all or not same else out.purged).append(told)


def _content(part: Part) -> bytes:
    return part.source.read_bytes() if part.source is not None else part.content


def same_rows(before: Path, after: bytes, left_out: Set[str]) -> bool:
    """Whether two files hold the same rows, some columns left out; in whatever order."""
    if not before.is_file():
        return False
    old, new = (pl.read_parquet(f) for f in (before, io.BytesIO(after)))
    if old.schema != new.schema:
        return False
    names = [n for n in old.columns if n not in left_out]
    return bool(old.select(names).sort(names).equals(new.select(names).sort(names)))


def how(before: Path, after: bytes) -> str:
    """How many rows differ between two files of one set."""
    if not after or not before.is_file() or before.suffix != ".parquet":
        return "differs"
    old, new = pl.read_parquet(before), pl.read_parquet(io.BytesIO(after))
    if old.schema != new.schema:
        return "differs in its columns"
    lost = old.join(new, on=old.columns, how="anti", nulls_equal=True).height
    added = new.join(old, on=old.columns, how="anti", nulls_equal=True).height
    if not lost and not added:
        return "same rows, other bytes"
    return f"{lost} rows of {old.height} came out otherwise or not at all, {added} rows of {new.height} are new"


def facts(
    entries: Sequence[Entry], checks: Sequence[Entry], receipts: Mapping[tuple[str, str], Entry], purged: Set[tuple[str, str]]
) -> list[str]:
    """What the manifest says of each site's rows and checks, where it came out otherwise. `receipts`: (unit, fingerprint) -> receipt."""
    out = []
    for entry in entries:
        key = (entry["study"], entry["site"])
        receipt = receipts.get((entry["unit"], entry["fingerprint"])) if entry["fingerprint"] else None
        if receipt is None or key in purged:
            continue
        if receipt["sites"].get(entry["site"], {}).get("tables") != entry["tables"]:
            out.append(f"{'/'.join(key)}: rows received, kept, quarantined or withheld are counted otherwise")
        before = {_check(c) for c in checks if (c["study"], c["site"]) == key}
        if not before.issuperset(_check(c) for c in receipt["checks"] if c["site"] == entry["site"]):
            out.append(f"{'/'.join(key)}: the results of checks came out otherwise")
    return out


def _check(result: Entry) -> tuple[Any, ...]:
    """A check's result without its threshold, which changes nothing that is published."""
    return tuple(result[c] for c in ("rule", "table", "n_checked", "n_violated"))
