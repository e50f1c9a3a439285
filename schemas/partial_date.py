"""Partial dates in rules: the earliest and the latest day that ISO 8601 text may mean, as text that sorts.

What belongs here: expressions over a column of 2019, 2019-10, 2019-10-05 or 2019---15. What does not: dates used by SQL
(sql/2_core/medication.sql has its own, as days), reading what a site sent (flows/engine/mapping).
"""

from __future__ import annotations

import polars as pl


def earliest_day(field: str) -> pl.Expr:
    """`2019` -> 2019-01-01, `2019-10` -> 2019-10-01, `2019---15` -> 2019-01-15."""
    return _day(field, "01", "-01")


def latest_day(field: str) -> pl.Expr:
    """`2019` -> 2019-12-31, `2019---15` -> 2019-12-15, `2019-10` -> 2019-10-31; day 31 is only for comparing."""
    return _day(field, "12", "-31")


def _day(field: str, month: str, day: str) -> pl.Expr:
    text = pl.col(field)
    length = text.str.len_chars()
    return (
        pl.when(length == 4)
        .then(text + f"-{month}{day}")
        .when(length == 7)
        .then(text + day)
        .otherwise(text.str.replace("---", f"-{month}-", literal=True))
    )
