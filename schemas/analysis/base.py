"""What every analysis contract shares: built from the dictionary of columns, judged by Pandera.

What belongs here: types, code lists, keys. What does not: what one set promises beyond its columns (its own file).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandera.polars as pa
import polars as pl

from schemas.columns import Column, columns

_POLARS = {
    "Integer": pl.Int32(), "Integer64": pl.Int64(), "Float": pl.Float64(), "Date": pl.Date(),
    "Datetime": pl.Datetime("us", "UTC"),
}  # fmt: skip


def promise(name: str, expression: pl.Expr) -> pa.Check:
    """A promise over whole rows: the expression is true or null on every row of the set."""
    return pa.Check(lambda data: data.lazyframe.select(expression.fill_null(True)), name=name)


def contract(dataset: str, promises: Sequence[pa.Check] = (), unique: bool = True) -> pa.DataFrameSchema:
    """The Pandera schema of a set: exactly its columns, in order, keys not null and unique, coded columns within their codes."""
    found = columns()[dataset]
    keys = [c.name for c in found if c.is_key]
    return pa.DataFrameSchema(
        {c.name: _column(c) for c in found},
        checks=list(promises),
        strict=True,
        ordered=True,
        unique=keys if unique else None,
        name=dataset,
    )


def _column(column: Column) -> pa.Column:
    checks = [pa.Check.isin(list(column.codes))] if column.codes else []
    always = column.name in ("STUDYID", "USUBJID", "SITEID", "EXSEQ", "SESSNO", "CMSEQ", "AESEQ", "DVSEQ") and column.is_key
    # text may come dictionary encoded, so its type is told by the Arrow schema of the file and not here
    return pa.Column(_POLARS.get(column.type), checks=checks, nullable=not always, name=column.name)
