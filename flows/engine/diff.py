"""Two releases compared: subjects, rows and values added, removed and changed, and which primary outcomes and timings that touches.

What belongs here: comparing. What does not: printing (flows/cli/releases.py). A file of the same sha256 in both is not opened.

Rows are matched by the set's key; where rows of one key are several, they are matched in order of all their columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from flows.engine import looking
from flows.engine.releases import Release
from schemas.columns import PER_SITE, POOLED, columns

#: Columns that tell where a row came from: they change when a site sends its file again, and touch no result.
_ORIGIN = ("SRCFILE", "SRCROW")
#: Set -> columns of which a change touches the timing of a dose.
_TIMING = {"adex": ("TIMCAT", "TIMREAS", "LAGSTRT", "LAGEXPO", "LAGEND", "WIN12FL", "GT60FL", "GE4HFL", "POSTIMFL", "INWINFL"),
           "adsess": ("TIMCAT",)}  # fmt: skip
#: Set -> columns of which a change touches a primary outcome.
_PRIMARY = {"adqs": ("AVAL", "BASE", "CHG", "PCHG", "ABLFL", "ANL01FL"), "adipd": ("AVAL", "BASE", "CHG")}
#: Set -> columns that hold the primary outcome whatever the row is about; its rows as such hold other things.
_BESIDE = {"adsess": ("AVALNEXT", "CHGNEXT")}


@dataclass
class SetDiff:
    """What differs in one set. `columns`: column -> values that changed; `values`: (key, column, old, new) of each. `rows_moved`: rows
    that say the same and stand in another file or row of the site's now."""

    dataset: str
    subjects_added: int = 0
    subjects_removed: int = 0
    rows_added: int = 0
    rows_removed: int = 0
    rows_changed: int = 0
    rows_moved: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    values: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Anything at all."""
        return bool(self.rows_added or self.rows_removed or self.rows_changed)


@dataclass
class Difference:
    """The sets that differ, and the participants whose dose timing or primary outcome is touched."""

    sets: list[SetDiff]
    timings: dict[str, int]
    primaries: dict[str, int]
    skipped: int
    compared: int


def compare(one: Release, two: Release) -> Difference:
    """What changed from one release to another. Timings and primaries: participant -> rows touched."""
    con = looking.connect()
    try:
        out = Difference([], {}, {}, 0, 0)
        primary = _primaries(con, one, two)
        for dataset in (*PER_SITE, *POOLED):
            old, new, same = _files(one, two, dataset)
            out.skipped += same
            out.compared += len(old) + len(new)
            if old or new:
                out.sets.append(_set(con, dataset, old, new, primary, out))
        return out
    finally:
        con.close()


def _files(one: Release, two: Release, dataset: str) -> tuple[list[Path], list[Path], int]:
    """Files of a set that only one of the releases has by content, and how many both have."""
    of = [{f["path"].rpartition("-")[0] + f["sha256"]: r.folder / f["path"] for f in r.manifest["files"] if f["dataset"] == dataset}
          for r in (one, two)]  # fmt: skip
    same = of[0].keys() & of[1].keys()
    return sorted(of[0][k] for k in of[0].keys() - same), sorted(of[1][k] for k in of[1].keys() - same), len(same)


def _read(files: Sequence[Path]) -> str:
    names = ", ".join("'" + str(f).replace("'", "''") + "'" for f in files)
    return f"read_parquet([{names}], union_by_name = true)"


def _primaries(con: duckdb.DuckDBPyConnection, one: Release, two: Release) -> dict[str, set[str]]:
    """Study -> its primary parameter, as adref of either release names it."""
    out: dict[str, set[str]] = {}
    for release in (one, two):
        files = [release.folder / f["path"] for f in release.manifest["files"] if f["dataset"] == "adref"]
        if files:
            for study, code in con.execute(f"select distinct STUDYID, PARAMCD from {_read(files)}").fetchall():
                out.setdefault(study, set()).add(code)
    return out


def _set(
    con: duckdb.DuckDBPyConnection, dataset: str, old: Sequence[Path], new: Sequence[Path], primary: dict[str, set[str]], out: Difference
) -> SetDiff:
    """One set: rows are matched by key, then column by column."""
    names = [c.name for c in columns()[dataset]]
    key = [c.name for c in columns()[dataset] if c.is_key]
    _rows(con, "old_rows", names, key, old)
    _rows(con, "new_rows", names, key, new)
    found = SetDiff(dataset)
    for side, mine, others in (("removed", "old_rows", "new_rows"), ("added", "new_rows", "old_rows")):
        rows = con.execute(f"select {_told('a', key, names)} from {mine} as a anti join {others} as b on {_on(key)} order by 1").fetchall()
        setattr(found, side, [r[0] for r in rows])
        setattr(found, f"rows_{side}", len(rows))
        for _, subject, study, parameter in rows:
            _touch(out, dataset, subject, study, parameter, "", primary)
        if "USUBJID" in key:
            gone = f"select count(*) from (select USUBJID from {mine} except select USUBJID from {others})"
            setattr(found, f"subjects_{side}", con.execute(gone).fetchall()[0][0])
    _values(con, found, names, key, primary, out)
    return found


def _rows(con: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], key: Sequence[str], files: Sequence[Path]) -> None:
    """The rows of some files with every column of today's set; `n_` numbers rows of one key."""
    there = {r[0] for r in con.execute(f"describe select * from {_read(files)}").fetchall()} if files else set()
    body = ", ".join(f'"{n}"' if n in there else f'null as "{n}"' for n in names)
    rows = f"select {body} from {_read(files)}" if files else f"select {body} where false"
    every, keys = (", ".join(f'"{n}"' for n in of) for of in (names, key))
    numbered = f"select *, row_number() over (partition by {keys} order by {every}) as n_ from ({rows})"
    con.execute(f"create or replace temp table {table} as {numbered}")


def _on(key: Sequence[str]) -> str:
    return " and ".join(f'a."{k}" is not distinct from b."{k}"' for k in (*key, "n_"))


def _told(alias: str, key: Sequence[str], names: Sequence[str]) -> str:
    """A row's key in one text, its participant, study and parameter."""
    shown = [k for k in key if k != "STUDYID" or "USUBJID" not in key]
    text = ", ".join(f"coalesce({alias}.\"{k}\"::varchar, '')" for k in shown)
    subject, parameter = (f'{alias}."{n}"' if n in names else "null" for n in ("USUBJID", "PARAMCD"))
    return f"concat_ws('|', {text}), {subject}, {alias}.\"STUDYID\", {parameter}"


def _values(
    con: duckdb.DuckDBPyConnection, found: SetDiff, names: Sequence[str], key: Sequence[str], primary: dict[str, set[str]], out: Difference
) -> None:
    """Values that changed, one select a column, and the participants they touch."""
    changed: set[str] = set()
    moved: set[str] = set()
    for name in (n for n in names if n not in key):
        rows = con.execute(
            f'select {_told("b", key, names)}, a."{name}"::varchar, b."{name}"::varchar from old_rows as a '
            f'inner join new_rows as b on {_on(key)} where a."{name}"::varchar is distinct from b."{name}"::varchar order by 1'
        ).fetchall()
        for row_key, subject, study, parameter, before, after in rows:
            if name in _ORIGIN:
                moved.add(row_key)
                continue
            found.columns[name] = found.columns.get(name, 0) + 1
            found.values.append((row_key, name, before, after))
            changed.add(row_key)
            _touch(out, found.dataset, subject, study, parameter, name, primary)
    found.rows_changed, found.rows_moved = len(changed), len(moved - changed)


def _touch(
    out: Difference, dataset: str, subject: str | None, study: str, parameter: str | None, column: str, primary: dict[str, set[str]]
) -> None:
    """Count a row added or removed (no column), or a value changed, against timings and primary outcomes."""
    if subject is None:
        return
    if dataset in _TIMING and (not column or column in _TIMING[dataset]):
        out.timings[subject] = out.timings.get(subject, 0) + 1
    is_primary = dataset in _PRIMARY and (not column or column in _PRIMARY[dataset]) and parameter in primary.get(study, set())
    if is_primary or column in _BESIDE.get(dataset, ()):
        out.primaries[subject] = out.primaries.get(subject, 0) + 1


def as_json(found: Difference, one: str, two: str, *, with_values: bool) -> dict[str, Any]:
    """What a script wants to know; keys of rows always, values only where asked for."""
    sets = []
    for s in found.sets:
        told = asdict(s)
        told["values"] = [dict(zip(("key", "column", "old", "new"), v, strict=True)) for v in s.values] if with_values else []
        sets.append(told)
    return {"from": one, "to": two, "sets": sets, "timings": found.timings, "primaries": found.primaries,
            "files_same": found.skipped, "files_compared": found.compared}  # fmt: skip
