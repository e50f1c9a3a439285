"""Values of two deliveries: a column whose values are other ones in many records that both hold was most likely recoded, not corrected.

What belongs here: comparing what the two were staged as. What does not: holding (holding.py), what each single value was before
(changes.py), edits of the mapping, which change values on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import polars as pl

#: Set -> its intake table, what tells its records apart, columns compared. Blank on either side is no change here.
_SETS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "adsl": ("subject", ("USUBJID",), ("AGE", "SEX", "WEIGHTBL", "ICFDT", "RANDDT")),
    "adsess": ("session", ("USUBJID", "SESSNO"), ("ATTFL", "SESDTM", "SEEDTM")),
    "adex": ("dose", ("USUBJID", "SESSNO", "EXTPT"), ("EXOCCUR", "EXDOSE", "EXSTDTM")),
    "adsuds": ("rating", ("USUBJID", "SESSNO", "EXNO"), ("SUDSBEG", "SUDSPEAK", "SUDSEND")),
    "adae": ("adverse_event", ("USUBJID", "AETERM", "AESTDTC"), ("AESEV", "AESER")),
}
_FORM = ("USUBJID", "PARCAT1", "AVISIT", "ADT", "ITEMCD")
_SCHEMA = {"table": pl.String, "field": pl.String, "n_both": pl.Int64, "n_changed": pl.Int64, "n_rows": pl.Int64, "suggestion": pl.String}


def compare(old: Path, new: Path, site: str, tables: Collection[str]) -> pl.DataFrame:
    """One row a column (of questionnaires: an instrument): how many records both deliveries hold a value of, and how many values are
    other ones now. `old`, `new`: staged folders; `tables`: the only ones looked at."""
    rows: list[dict[str, Any]] = []
    for name, (table, key, columns) in _SETS.items():
        if table in tables:
            rows += _counted(table, _both(old, new, name, site, key, columns), columns)
    items = _both(old, new, "aditem", site, _FORM, ("AVAL",)) if "assessment" in tables else pl.DataFrame({"PARCAT1": []})
    for (instrument,), mine in items.group_by("PARCAT1", maintain_order=True):
        rows += [r | {"field": str(instrument)} for r in _counted("assessment", mine, ("AVAL",))]
    return pl.DataFrame(rows, schema=_SCHEMA).sort("table", "field")


def touched(pairs: pl.DataFrame, at_least: int) -> set[str]:
    """Tables of which so many records of both deliveries have other texts or answers now (pairs of records.compare)."""
    other = (pl.col("as_sent") != pl.col("as_sent_old")) | (pl.col("digest") != pl.col("digest_old")) | (pl.col("n") != pl.col("n_old"))
    counts = pairs.group_by("table").agg(other.sum().alias("other"))
    return set(counts.filter(pl.col("other") >= at_least).get_column("table"))


def _both(old: Path, new: Path, name: str, site: str, key: tuple[str, ...], columns: tuple[str, ...]) -> pl.DataFrame:
    """Records of both that their key tells apart from all others of their delivery."""
    files = [folder / name / f"{site}.parquet" for folder in (old, new)]
    if not all(f.is_file() for f in files):
        return pl.DataFrame(schema=dict.fromkeys([*key, *columns, *(f"{c}_old" for c in columns)], pl.String))
    texts = pl.col([c for c in key if c not in ("SESSNO", "EXNO", "ADT")]).cast(pl.String)
    was, now = (
        pl.read_parquet(f, columns=[*key, *columns]).with_columns(texts).unique(list(key), keep="none", maintain_order=True) for f in files
    )
    return now.join(was, on=list(key), suffix="_old", nulls_equal=True, maintain_order="left")


def _counted(table: str, both: pl.DataFrame, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for column in columns:
        now, was = both.get_column(column), both.get_column(f"{column}_old")
        if now.dtype == pl.Categorical or now.dtype == pl.Enum:
            now, was = now.cast(pl.String), was.cast(pl.String)
        known = int((now.is_not_null() & was.is_not_null()).sum())
        changed = int((now != was).fill_null(False).sum())
        told = f"{changed} of {known} values are other ones"
        yield {"table": table, "field": column, "n_both": known, "n_changed": changed, "n_rows": changed, "suggestion": told}
