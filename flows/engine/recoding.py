"""Values of two deliveries: which values that both hold are other ones now, and whether a whole column of them was recoded.

What belongs here: comparing what the two were staged as. What does not: whether changes follow one function (alike.py), what is told of
single participants and records (value_changes.py), holding (holding.py), edits of the mapping, which change values on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import alike
from schemas.evidence import Evidence


@dataclass(frozen=True)
class Of:
    """Columns of a set: their intake table, what tells its records apart, the intake field of each column compared. `moves`: likewise of
    the part of the key that a correction changes most often. `part`: where one column holds values of many kinds, the one that tells them
    apart; `always`: compared even where no record has other texts, because they are not among them. `of`: the set, where it is not named
    alike; it may hold several rows of a record, which count as one where the columns compared are the same in all."""

    table: str
    key: tuple[str, ...]
    fields: dict[str, str]
    moves: dict[str, str] = field(default_factory=dict)
    part: str = ""
    always: bool = False
    of: str = ""

    def path(self, folder: Path, name: str, site: str) -> Path:
        """Where the set is staged."""
        return folder / (self.of or name) / f"{site}.parquet"

    def name(self, column: str) -> str:
        """The intake field of a column."""
        return (self.fields | self.moves)[column]


SETS = {
    "adsl": Of("subject", ("USUBJID",), {
        "AGE": "age_years", "SEX": "sex", "WEIGHTBL": "weight_kg", "ICFDT": "consented_on", "RANDDT": "randomized_on"}),
    "adsess": Of("session", ("USUBJID", "SESSNO"), {"ATTFL": "attended", "SESDTM": "started_at", "SEEDTM": "ended_at"}),
    "adex": Of("dose", ("USUBJID", "SESSNO", "EXTPT"), {"EXOCCUR": "taken", "EXDOSE": "dose_mg", "EXSTDTM": "dosed_at"}),
    "adsuds": Of("rating", ("USUBJID", "SESSNO", "EXNO"), {"SUDSBEG": "begin", "SUDSPEAK": "peak", "SUDSEND": "end"}),
    "adae": Of("adverse_event", ("USUBJID", "AETERM", "AESTDTC"), {"AESEV": "severity", "AESER": "serious", "AEREL": "related"},
               {"AESTDTC": "started_on"}),
    "adcm": Of("medication", ("USUBJID", "CMTRT", "CMDECOD", "CMSTDTC"), {"CMENDTC": "ended_on", "ONGOFL": "ongoing"},
               {"CMSTDTC": "started_on"}),
    "aditem": Of("assessment", ("USUBJID", "PARCAT1", "AVISIT", "ITEMCD"), {"AVAL": "value"}, part="PARCAT1"),
    "adqs": Of("assessment", ("USUBJID", "PARAMCD", "AVISIT"), {"AVALREP": "totals"}, part="PARAMCD", always=True),
    "withdrawal": Of("disposition", ("USUBJID",), {"WDDT": "withdrawn_on"}, of="adsl"),
    "exposure": Of("session", ("USUBJID", "SESSNO"), {"EXPDTM": "exposure_started_at"}, of="adex"),
    "form": Of("assessment", ("USUBJID", "PARCAT1", "AVISIT"), {"ADT": "assessed_on"}, of="adqs"),
}  # fmt: skip
_FORM = ("USUBJID", "PARCAT1", "AVISIT")
_SOURCES = ("SRCFILE", "SRCROW")
#: One value of a record: `part` is its column, of questionnaires the instrument, of reported totals the scale; `item` the
#: questionnaire's item.
CELLS: dict[str, pl.DataType | type[pl.DataType]] = {
    "dataset": pl.String, "table": pl.String, "part": pl.String, "field": pl.String, "subject": pl.String, "key": pl.List(pl.String),
    "form": pl.String, "item": pl.String, "was": pl.String, "now": pl.String, "x": pl.Float64, "y": pl.Float64, "kind": pl.String,
    "source_file": pl.String, "source_row": pl.Int64,
}  # fmt: skip
_COUNTS = {"table": pl.String, "part": pl.String, "subject": pl.String, "form": pl.String, "item": pl.String, "n_both": pl.Int64}
_COLUMN = {
    "table": pl.String, "field": pl.String, "n_both": pl.Int64, "n_changed": pl.Int64, "is_alike": pl.Boolean, "n_rows": pl.Int64,
    "suggestion": pl.String,
}  # fmt: skip


@dataclass(frozen=True)
class Compared:
    """What two deliveries hold of one site: how many values both have (a row a participant, column, form and item), and those that are
    other ones now or are blank now. `answers`: a questionnaire's old values, for columns that changed places."""

    counts: pl.DataFrame
    changed: pl.DataFrame
    answers: pl.DataFrame

    def without(self, hit: pl.DataFrame) -> Compared:
        """But for columns (or items) that a rule named: table and field of each row."""
        if hit.is_empty():
            return self
        names = hit.select("table", "field").unique()
        left = self.changed
        for by in ("part", "item", "field"):
            left = left.join(names, left_on=["table", by], right_on=["table", "field"], how="anti", maintain_order="left")
        return Compared(self.counts, left, self.answers)


def read(old: Path, new: Path, site: str, tables: Collection[str]) -> Compared:
    """Compare two staged folders. `tables`: the only ones looked at."""
    return _read(old, new, site, tables)[0]


def read_apart(whole: tuple[Path, Path], alone: tuple[Path, Path], site: str) -> Compared:
    """What a delivery changed where the configuration or the code is another one, too. `whole`: what is published and what would be;
    `alone`: the same two deliveries worked alike.

    A value changed that is another one in `alone`, unless what would be published is what is: an edit that follows the delivery. Of records
    and values that `alone` does not hold, what is in `whole` counts.
    """
    every = {of.table for of in SETS.values()}
    if whole == alone:
        return read(*whole, site, every)
    (one, same), (other, kept) = _read(*alone, site, every, with_same=True), _read(*whole, site, every, with_same=True)
    ends = _told_apart(other.changed).select("_id", pl.col("now").alias("_now"), pl.col("y").alias("_y"), pl.lit(True).alias("_is"))
    mine = _told_apart(one.changed).join(kept, on="_id", how="anti", maintain_order="left")
    mine = mine.join(ends, on="_id", how="left", maintain_order="left").with_columns(
        pl.when("_is").then("_now").otherwise("now").alias("now"), pl.coalesce("y", "_y").alias("y")
    )
    known = pl.concat([same, _told_apart(one.changed).select("_id")])
    rest = _told_apart(other.changed).join(known, on="_id", how="anti", maintain_order="left")
    by = [c for c in _COUNTS if c != "n_both"]
    counts = pl.concat([one.counts, other.counts]).group_by(by, maintain_order=True).agg(pl.max("n_both"))
    answers = one.answers if one.answers.height else other.answers
    return Compared(counts, pl.concat([mine.select(list(CELLS)), rest.select(list(CELLS))]), answers)


def _told_apart(cells: pl.DataFrame) -> pl.DataFrame:
    """Cells with what names one: its set, record, column and item."""
    record = pl.col("key").list.eval(pl.element().fill_null("")).list.join("|")
    return cells.with_columns(pl.concat_str("dataset", "part", "item", record, separator="|").alias("_id"))


def _read(old: Path, new: Path, site: str, tables: Collection[str], *, with_same: bool = False) -> tuple[Compared, pl.DataFrame]:
    """The comparison; `with_same`: and the names of the cells that both hold with the same value."""
    counts, cells, answers = [], [], pl.DataFrame()
    same = [pl.DataFrame(schema={"_id": pl.String})]
    for name, of in SETS.items():
        both = _both(old, new, name, site, of) if of.always or of.table in tables else None
        if both is None:
            continue
        for column, frame in [*((c, both) for c in of.fields), *((c, _moved(old, new, name, site, of, c)) for c in of.moves)]:
            known, other, unchanged = _cells(name, of, column, frame)
            counts.append(known)
            cells.append(other)
            if with_same:
                same.append(_told_apart(unchanged.collect()).select("_id"))
        if name == "aditem":
            answers = both.select(pl.concat_str(_FORM, separator="|", ignore_nulls=True).alias("form"), "ITEMCD", pl.col("AVAL_old"))
    known, other = (pl.concat(f) if f else pl.DataFrame(schema=s) for f, s in ((counts, _COUNTS), (cells, CELLS)))
    return Compared(known, other, answers), pl.concat(same)


def touched(pairs: pl.DataFrame, at_least: int) -> set[str]:
    """Tables of which so many records of both deliveries have other texts or answers now (pairs of records.compare)."""
    other = (pl.col("as_sent") != pl.col("as_sent_old")) | (pl.col("digest") != pl.col("digest_old")) | (pl.col("n") != pl.col("n_old"))
    counts = pairs.group_by("table").agg(other.sum().alias("other"))
    return set(counts.filter(pl.col("other") >= at_least).get_column("table"))


def columns(compared: Compared, evidence: Evidence) -> pl.DataFrame:
    """One row a column (of questionnaires: an instrument, and each of its items): how many records both deliveries hold a value of, how
    many values are other ones now, and whether they changed alike: by one function, in whole participants, with another column, or most."""
    rows: list[dict[str, Any]] = []
    whole: set[str] = set()
    changed = compared.changed.filter(pl.col("now").is_not_null())
    for by in (["table", "part"], ["table", "item"]):
        known = compared.counts.filter(pl.col(by[1]) != "").group_by(by).agg(pl.sum("n_both")).sort(by)
        for table, name, n_both in known.iter_rows():
            mine = changed.filter((pl.col("table") == table) & (pl.col(by[1]) == name))
            many = mine.height >= evidence.hold_recoded_values.value and 100 * mine.height > evidence.hold_recoded_pct.value * n_both
            if by[1] == "item" and set(mine.get_column("part")) & whole:
                continue  # an item of a questionnaire that is judged as one
            if many and table == "assessment":
                whole.add(name)
            rows.append({
                "table": table, "field": name, "n_both": n_both, "n_changed": mine.height, "n_rows": mine.height,
                "is_alike": many and _is_alike(compared, mine, n_both, evidence),
                "suggestion": f"{mine.height} of {n_both} values are other ones",
            })  # fmt: skip
    return pl.DataFrame(rows, schema=_COLUMN)


def _is_alike(compared: Compared, mine: pl.DataFrame, n_both: int, evidence: Evidence) -> bool:
    """Whether many changes of a column are one change."""
    if 100 * mine.height > evidence.hold_recoded_most_pct.value * n_both or set(mine.get_column("kind")) == {"code"}:
        return True
    enough = evidence.recoded_alike_pct.value
    function = alike.function(mine)
    if function is not None and function.pct >= enough:
        return True
    known = compared.counts.join(mine.select("table", "part").unique(), on=["table", "part"], how="semi")
    by = known.group_by("subject").agg(pl.sum("n_both")).join(mine.group_by("subject").len("n"), on="subject")
    whole = by.filter((pl.col("n_both") > 1) & (100 * pl.col("n") > evidence.recoded_whole_pct.value * pl.col("n_both")))
    if 100 * whole.get_column("n").sum() >= enough * mine.height:
        return True
    return "" not in set(mine.get_column("item")) and 100 * alike.with_another_item(mine, compared.answers) >= enough * mine.height


def _both(old: Path, new: Path, name: str, site: str, of: Of) -> pl.DataFrame | None:
    """Records of both that their key tells apart from all others of their delivery; items that only the old one has, of forms of both."""
    if not all(of.path(folder, name, site).is_file() for folder in (old, new)):
        return None
    was, now = _told_by_key(old, name, site, of), _told_by_key(new, name, site, of)
    on, sources = list(of.key), [c for c in _SOURCES if c in now.columns]
    joined = now.join(was.select(*on, *of.fields), on=on, suffix="_old", nulls_equal=True, maintain_order="left")
    if name == "aditem":
        forms = now.select(*_FORM, *sources).unique(list(_FORM), keep="first", maintain_order=True)
        gone = was.select(*on, *of.fields).join(now.select(on), on=on, how="anti", nulls_equal=True, maintain_order="left")
        gone = gone.rename({"AVAL": "AVAL_old"}).join(forms, on=list(_FORM), how="inner", nulls_equal=True, maintain_order="left")
        joined = pl.concat([joined, gone], how="diagonal_relaxed")
    return joined


def _told_by_key(folder: Path, name: str, site: str, of: Of) -> pl.DataFrame:
    """What is compared of a staged set: records that their key tells apart from all others."""
    path = of.path(folder, name, site)
    there = pl.read_parquet_schema(path)
    frame = pl.read_parquet(path, columns=[c for c in (*of.key, *of.fields, *_SOURCES) if c in there])
    if of.of:
        frame = frame.unique([*of.key, *of.fields], keep="first", maintain_order=True)
    return frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String)).unique(list(of.key), keep="none", maintain_order=True)


def _moved(old: Path, new: Path, name: str, site: str, of: Of, column: str) -> pl.DataFrame:
    """Records of both, and those of which only `column` of their key is another one: one such of each delivery."""
    was, now = _told_by_key(old, name, site, of), _told_by_key(new, name, site, of)
    key, rest = list(of.key), [c for c in of.key if c != column]
    named = f"{column}_old"
    same = now.join(was.select(key), on=key, how="semi", nulls_equal=True, maintain_order="left").with_columns(pl.col(column).alias(named))
    lost = was.join(now, on=key, how="anti", nulls_equal=True).unique(rest, keep="none")
    added = now.join(was, on=key, how="anti", nulls_equal=True, maintain_order="left").unique(rest, keep="none", maintain_order=True)
    lost = lost.select(*rest, pl.col(column).alias(named))
    return pl.concat([same, added.join(lost, on=rest, how="inner", nulls_equal=True, maintain_order="left")], how="diagonal_relaxed")


def _cells(name: str, of: Of, column: str, both: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.LazyFrame]:
    """(values known to both, values changed, the names of those that are as they were) of one column."""
    item = pl.col("ITEMCD") if name == "aditem" else pl.lit("")
    part = pl.col(of.part) if of.part else pl.lit(column)
    form = pl.concat_str(_FORM, separator="|", ignore_nulls=True) if name == "aditem" else pl.lit("")
    was, now = pl.col(f"{column}_old"), pl.col(column)
    frame = both.filter(was.is_not_null()).with_columns(
        pl.lit(of.table).alias("table"), part.alias("part"), pl.col("USUBJID").alias("subject"), form.alias("form"), item.alias("item")
    )  # fmt: skip
    by = ["table", "part", "subject", "form", "item"]
    known = frame.filter(now.is_not_null()).group_by(by).agg(pl.len().cast(pl.Int64).alias("n_both"))
    kind = _kind(both.schema[column])
    other = frame.filter(now.ne_missing(was)).select(
        pl.lit(name).alias("dataset"), "table", "part",
        (item if name == "aditem" else part if of.part else pl.lit(of.name(column))).alias("field"), "subject",
        pl.concat_list(pl.col(list(of.key)).cast(pl.String)).alias("key"), "form", "item", was.cast(pl.String).alias("was"),
        now.cast(pl.String).alias("now"),
        _number(f"{column}_old", kind).alias("x"), _number(column, kind).alias("y"),
        pl.lit(kind).alias("kind"),
        *((pl.col(c) if c in both.columns else pl.lit(None)).cast(t).alias(a)
          for c, a, t in (("SRCFILE", "source_file", pl.String), ("SRCROW", "source_row", pl.Int64))),
    ).cast(CELLS)  # type: ignore[arg-type]  # fmt: skip
    same = (
        frame.lazy()
        .filter(now.eq_missing(was))
        .select(pl.lit(name).alias("dataset"), "part", "item", pl.concat_list(pl.col(list(of.key)).cast(pl.String)).alias("key"))
    )
    return known.select(list(_COUNTS)), other, same


def _number(column: str, kind: str) -> pl.Expr:
    """A value as a number: days, or seconds, of a date or moment; null of a code."""
    of = pl.col(column)
    made = {"number": of, "day": of.to_physical(), "moment": of.dt.epoch("s")}.get(kind, pl.lit(None))
    return made.cast(pl.Float64)


def _kind(dtype: pl.DataType) -> str:
    return "number" if dtype.is_numeric() else "day" if dtype == pl.Date else "moment" if dtype == pl.Datetime else "code"


def values(folder: Path, site: str, name: str) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """(key, column, value) of every cell of a staged set that is compared, as text."""
    of = SETS[name]
    path = of.path(folder, name, site)
    if not path.is_file():
        return
    frame = pl.read_parquet(path, columns=[*of.key, *of.fields]).with_columns(pl.all().cast(pl.String))
    for row in frame.iter_rows(named=True):
        for column in (*of.fields, *of.moves):
            yield tuple(row[c] or "" for c in of.key), column, row[column]
