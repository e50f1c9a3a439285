"""What is exported: a set of a release with its variables, its rows as a stream, and what was measured of its values.

What belongs here: finding a release's files, proving they are the published ones, counting what formats care about. What does not:
what a format does about it (its own file), which sets are asked for (formats.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows.engine import enums, models, releases
from flows.engine.releases import MANIFEST, Release
from schemas.codes import CodeList, code_list
from schemas.columns import RESTRICTED, TITLES, columns
from schemas.findings import ConfigurationError, PublicationError

#: Rows that are held at a time.
ROWS = 65_536


class ExportError(ConfigurationError):
    """A set cannot be written in this format without losing something, or may not be given away."""


@dataclass(frozen=True)
class Variable:
    """One column to write: `type` is one of schemas.columns.TYPES."""

    name: str
    label: str
    type: str
    unit: str = ""
    codes: CodeList | None = None
    is_key: bool = False


@dataclass(frozen=True)
class Measure:
    """What formats must know of a column's values, as counts of cells; `max_bytes` of text in UTF-8, 0 where there is none."""

    n_null: int = 0
    max_bytes: int = 0
    n_empty: int = 0
    n_trailing: int = 0
    n_not_ascii: int = 0
    n_nul: int = 0
    n_control: int = 0
    n_not_finite: int = 0
    n_beyond_2_53: int = 0
    largest: float = 0.0
    smallest: float = 0.0


@dataclass(frozen=True)
class Note:
    """Something of a set that a format cannot hold as it is. `n`: cells it touches, 0 where it is not about cells."""

    dataset: str
    variable: str
    what: str
    n: int = 0


@dataclass
class Source:
    """A table to write. `relation` is what to select from; rows come in its order."""

    name: str
    title: str
    variables: tuple[Variable, ...]
    con: duckdb.DuckDBPyConnection
    relation: str
    as_of: str
    release_id: str
    studies: tuple[str, ...] = ()
    notes: list[Note] = field(default_factory=list)
    _rows: int | None = None
    _measures: dict[str, Measure] | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        self._measure()
        return self._rows or 0

    def measure(self, name: str) -> Measure:
        """What was measured of a variable."""
        return self._measure()[name]

    def note(self, variable: str, what: str, n: int = 0) -> None:
        """Tell something in the export's report."""
        self.notes.append(Note(self.name, variable, what, n))

    def batches(self, select: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The rows, some ten thousand at a time; `select`: SQL expressions instead of all variables."""
        wanted = ", ".join(select) if select else ", ".join(quoted(v.name) for v in self.variables)
        reader = self.con.execute(f"select {wanted} from {self.relation}").to_arrow_reader(ROWS)
        yield from reader

    def _measure(self) -> dict[str, Measure]:
        if self._measures is None:
            asked: list[tuple[str, str, str]] = []
            for v in self.variables:
                asked += [(v.name, what, sql) for what, sql in _questions(v).items()]
            told = self.con.execute(f"select count(*), {', '.join(sql for _, _, sql in asked)} from {self.relation}").fetchall()[0]
            self._rows = told[0]
            found: dict[str, dict[str, Any]] = {v.name: {} for v in self.variables}
            for (name, what, _), value in zip(asked, told[1:], strict=True):
                found[name][what] = value or 0
            self._measures = {name: Measure(**of) for name, of in found.items()}
            for name, of in self._measures.items():
                if of.n_not_finite:
                    raise ExportError(f"{self.name}.{name}: {of.n_not_finite} values are no finite numbers; no format holds them")
                if of.n_nul:
                    raise ExportError(f"{self.name}.{name}: {of.n_nul} texts hold a NUL character; most formats end a text there")
        return self._measures


def _questions(variable: Variable) -> dict[str, str]:
    """Aggregates that measure a column."""
    c = quoted(variable.name)
    out = {"n_null": f"count(*) - count({c})"}
    if variable.type == "Text":
        out |= {
            "max_bytes": f"max(strlen({c}))", "n_empty": f"count(*) filter ({c} = '')",
            "n_trailing": f"count(*) filter ({c} <> '' and right({c}, 1) = ' ')",
            "n_not_ascii": f"count(*) filter (strlen({c}) <> length({c}))", "n_nul": f"count(*) filter (contains({c}, chr(0)))",
            "n_control": f"count(*) filter (regexp_matches({c}, '[\\x01-\\x08\\x0b\\x0c\\x0e-\\x1f]'))",
        }  # fmt: skip
    elif variable.type == "Float":
        out |= {
            "n_not_finite": f"count(*) filter (not isfinite({c}))", "largest": f"max(abs({c}))",
            "smallest": f"min(abs({c})) filter ({c} <> 0)",
        }  # fmt: skip
    elif variable.type == "Integer64":
        out["n_beyond_2_53"] = f"count(*) filter (abs({c}) > 9007199254740992)"
    return out


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def sets_of(data: Path, release: Release, wanted: Sequence[str], con: duckdb.DuckDBPyConnection | None = None) -> list[Source]:
    """The sets of a release by name, all of them when none is named. Restricted ones only where they are named.

    Raises ExportError for a set that does not exist, or an assignment that is still blinded; PublicationError for a file not as
    published.
    """
    known = [d for d in columns() if d not in RESTRICTED]
    names = list(dict.fromkeys(w.lower() for w in wanted)) or known
    if unknown := sorted(set(names) - set(columns())):
        raise ExportError(f"there is no set {', '.join(unknown)}\n  sets: {', '.join(columns())}")
    con = con or models.connect()
    return [_restricted(con, data, release, n) if n in RESTRICTED else _published(con, release, n) for n in names]


def findings_of(release: Release, study: str = "") -> list[Path]:
    """A release's files of findings, of one trial where it is named. Raises PublicationError for one not as published."""
    files = [f for f in release.manifest["files"] if f["dataset"] == "findings" and study in ("", Path(f["path"]).parts[1])]
    _demand_published("findings", [(release.folder / f["path"], f["sha256"]) for f in files])
    return [release.folder / f["path"] for f in files if f["rows"]]


def _published(con: duckdb.DuckDBPyConnection, release: Release, name: str) -> Source:
    files = [f for f in release.manifest["files"] if f["dataset"] == name]
    return _source(con, release, name, [(release.folder / f["path"], f["sha256"]) for f in files])


def _restricted(con: duckdb.DuckDBPyConnection, data: Path, release: Release, name: str) -> Source:
    """Treatment assignment, of trials that are not blinded."""
    folder = data / "restricted" / release.release_id
    blinded = set(release.manifest.get("blinded", ()))
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except OSError:
        listed = []
    found = [f for f in listed if f["dataset"] == name and f["path"].split("/")[1] not in blinded]
    if not found:
        told = f"{', '.join(sorted(blinded))} blinded" if blinded else "none was written"
        raise ExportError(f"{name}: this release has no treatment assignment that may be given away ({told})\n"
                          "  fix   -> trialweave unblind STUDY --who NAME --reason WHY, then trialweave run")  # fmt: skip
    source = _source(con, release, name, [(folder / f["path"], f["sha256"]) for f in found])
    for study in sorted(blinded):
        source.note("", f"{study} is blinded: its treatment assignment is not in this file")
    return source


def _source(con: duckdb.DuckDBPyConnection, release: Release, name: str, files: Sequence[tuple[Path, str]]) -> Source:
    _demand_published(name, files)
    variables = tuple(Variable(c.name, c.label, c.type, c.unit, code_list(c.codes), c.is_key) for c in columns()[name])
    paths = ", ".join(enums.quoted(str(p)) for p, _ in sorted(files))
    con.execute(f"create or replace view release.{name} as select * from read_parquet([{paths}])")
    studies = tuple(sorted({str(e["study"]) for e in release.manifest["sites"]}))
    return Source(name, TITLES[name], variables, con, f"release.{name}", str(release.manifest["as_of"]), release.release_id, studies)


def _demand_published(name: str, files: Sequence[tuple[Path, str]]) -> None:
    for path, sha256 in files:
        if not path.is_file() or releases.file_sha256(path) != sha256:
            what = f"{path.name} of {name} is not as it was published; nothing was exported"
            raise PublicationError(f"{what}\n  look  -> trialweave verify")
