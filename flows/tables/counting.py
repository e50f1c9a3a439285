"""Count a release's participants by dose and timing class, with the mean change in the primary outcome.

What belongs here: rows of the tables, means, intervals, hiding small cells. What does not: the class of one participant
(sql/5_tables/subject_class.sql), files (writing.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import duckdb
import polars as pl

from flows.engine import enums, models
from flows.engine.releases import Release
from flows.tables.student import quantile
from schemas.evidence import Evidence

#: Sets of the release that the model reads. The restricted adtrt is never among them.
SETS = ("adsl", "adex", "adqs", "adipd")

ALL, TOTAL = "ALL", "TOTAL"


@dataclass(frozen=True)
class Table:
    """One table: file name, title, the model's column of the class, and the classes with their labels in order."""

    name: str
    title: str
    column: str
    classes: dict[str, str]


@dataclass(frozen=True)
class Subject:
    """One randomized participant, as sql/5_tables/subject_class.sql says. `arm` is None in a blinded trial."""

    study: str
    disorder: str
    paramcd: str | None
    visit: str | None
    arm: str | None
    n_doses: int
    classes: tuple[str, str, str]
    change: float | None
    pomp_change: float | None


@dataclass(frozen=True)
class Mean:
    """A mean with its standard deviation (n - 1) and interval; what cannot be said of so few is None."""

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Row:
    """One class of one trial and arm. Hidden: every number is None, because too few participants could be recognised."""

    study: str
    disorder: str
    paramcd: str | None
    visit: str | None
    arm: str
    code: str
    label: str
    n: int | None
    n_doses: int | None
    change: Mean | None
    pomp_change: Mean | None

    @property
    def is_hidden(self) -> bool:
        """Whether its numbers are withheld."""
        return self.n is None


def tables(evidence: Evidence) -> tuple[Table, ...]:
    """The three tables, their classes named by the thresholds that hold."""
    low, high = f"{evidence.dose_low_mg.value:g}", f"{evidence.dose_high_mg.value:g}"
    two, four, one = (f"{t.value:g}" for t in (evidence.timing_2h_min, evidence.timing_ge4h_min, evidence.timing_1h_min))
    after, over = f"{evidence.timing_post_immediate_min.value:g}", f"{evidence.timing_over60_min.value:g}"
    open_ends = {"MIXED": "no class holds more than half of the doses", "UNKNOWN": "not known", "NONE": "no dose taken"}
    return (
        Table("dosage", "Dosage", "DOSECLS", {
            "LE50": f"{low} mg or less", "GT50_250": f"more than {low} to {high} mg", "GT250": f"more than {high} mg", **open_ends,
        }),
        Table("timing", "Timing of the dose, relative to the session", "TIMCLS", {
            "PRE_GE4H": f"{four} min or more before the start", "PRE_2_4H": f"more than {two} and less than {four} min before",
            "PRE_1_2H": f"{one} to {two} min before", "PRE_LT1H": f"less than {one} min before", "DURING": "during the session",
            "POST_IMM": f"up to {after} min after the end", "POST_LATE": f"more than {after} min after the end", **open_ends,
        }),
        Table("over60", f"Doses more than {over} min before exposure", "OVER60", {
            "GT60": f"more than {over} min before exposure", "LE60": f"{over} min or less before exposure, or later", **open_ends,
        }),
    )  # fmt: skip


def subjects(release: Release, evidence: Evidence, visit: str = "") -> list[Subject]:
    """The randomized participants of a release, in a fixed order. `visit`: the visit of the outcome, instead of each trial's own."""
    con = models.connect()
    try:
        for dataset in SETS:
            view(con, release, dataset)
        numbers = ", ".join(f"{value!r} as {name}" for name, value in evidence.values().items())
        con.execute(f"create table ref.evidence as select {numbers}")
        con.execute("set variable visit = $1", [visit or None])
        models.run_model(con, models.catalogue()["tables.subject_class"])
        found = con.execute("""
            select STUDYID, DISORDER, PARAMCD, AVISIT, ARM, NDOSE, DOSECLS, TIMCLS, OVER60, CHG, POMPCHG
            from tables.subject_class order by STUDYID, USUBJID""").fetchall()
    finally:
        con.close()
    return [Subject(s, d, p, v, a, n, (dose, timing, over), c, pc) for s, d, p, v, a, n, dose, timing, over, c, pc in found]


def visits(release: Release) -> list[str]:
    """Visits at which a release has outcomes."""
    files = [release.folder / f["path"] for f in release.manifest["files"] if f["dataset"] == "adipd" and f["rows"]]
    return sorted({v for f in files for v in pl.read_parquet(f, columns=["AVISIT"])["AVISIT"].drop_nulls()})


def view(con: duckdb.DuckDBPyConnection, release: Release, dataset: str) -> None:
    """A set of the release as release.<set>; one that has no file is empty."""
    files = [str(release.folder / f["path"]) for f in release.manifest["files"] if f["dataset"] == dataset]
    if files:
        con.execute(f"create view release.{dataset} as select * from read_parquet([{', '.join(enums.quoted(f) for f in sorted(files))}])")
    else:
        from schemas.columns import TYPES, columns

        inside = ", ".join(f'"{c.name}" {TYPES[c.type]}' for c in columns()[dataset])
        con.execute(f"create table release.{dataset} ({inside})")


def count(people: Sequence[Subject], table: Table, number: int, evidence: Evidence, *, shareable: bool = False) -> list[Row]:
    """The rows of one table: per trial, all arms together and, where it is not blinded, each arm; a class a row and the total.

    `number` is the table's place in `Subject.classes`. Shareable: a trial with arms is shown by arm only, and cells of fewer
    participants than the evidence file's small cell are hidden, with as many more as it takes that none can be worked out.
    """
    confidence, few = evidence.table_confidence_pct.value, evidence.small_cell_subjects.value
    out: list[Row] = []
    for study in sorted({p.study for p in people}):
        own = [p for p in people if p.study == study]
        arms = sorted({p.arm for p in own if p.arm is not None})
        groups = [(arm, [p for p in own if p.arm == arm]) for arm in arms]
        if not (shareable and arms):
            groups = [(ALL, own), *groups]
        for arm, group in groups:
            rows = [
                _row(arm, code, label, [p for p in group if p.classes[number] == code], confidence)
                for code, label in table.classes.items()
                if any(p.classes[number] == code for p in group)
            ]
            rows.append(_row(arm, TOTAL, "all", group, confidence))
            out += _hidden(rows, few) if shareable else rows
    return out


def _row(arm: str, code: str, label: str, people: Sequence[Subject], confidence: float) -> Row:
    first = people[0]
    change = mean([p.change for p in people if p.change is not None], confidence)
    pomp = mean([p.pomp_change for p in people if p.pomp_change is not None], confidence)
    n_doses = sum(p.n_doses for p in people)
    return Row(first.study, first.disorder, first.paramcd, first.visit, arm, code, label, len(people), n_doses, change, pomp)


def mean(values: Iterable[float], confidence: float) -> Mean:
    """Mean, standard deviation (n - 1) and two-sided interval mean ± t * sd / sqrt(n), t of n - 1 degrees of freedom.

    One value has a mean and no interval. Sums are exact (math.fsum), so that the order of rows does not matter.
    """
    found = list(values)
    n = len(found)
    if n == 0:
        return Mean(0)
    middle = math.fsum(found) / n
    if n == 1:
        return Mean(1, middle)
    sd = math.sqrt(math.fsum((v - middle) ** 2 for v in found) / (n - 1))
    half = quantile(0.5 + confidence / 200, n - 1) * sd / math.sqrt(n)
    return Mean(n, middle, sd, middle - half, middle + half)


def _hidden(rows: list[Row], few: int) -> list[Row]:
    """A block's classes and total, small cells hidden.

    Hidden is a class with fewer participants, or fewer with an outcome, than `few`. The total would give a lone one away, so the
    next smallest are hidden too, until at least two are, and together they hold `few` participants and outcomes.
    """
    classes, total = rows[:-1], rows[-1]
    if _is_small(total, few):
        return [_without(r) for r in rows]
    by_size = sorted(classes, key=lambda r: (not _is_small(r, few), _size(r), r.code))
    gone: list[Row] = []
    for row in by_size:
        outcomes = sum(_outcomes(r) for r in gone)
        enough = len(gone) >= 2 and sum(_size(r) for r in gone) >= few and not 0 < outcomes < few
        if not _is_small(row, few) and (not gone or enough):
            break
        gone.append(row)
    return [_without(r) if r in gone else r for r in classes] + [total]


def _is_small(row: Row, few: int) -> bool:
    return _size(row) < few or 0 < _outcomes(row) < few


def _size(row: Row) -> int:
    return row.n or 0


def _outcomes(row: Row) -> int:
    return row.change.n if row.change else 0


def _without(row: Row) -> Row:
    return replace(row, n=None, n_doses=None, change=None, pomp_change=None)
