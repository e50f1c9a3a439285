"""A Pandera contract judged in one pass over the whole table.

What belongs here: the same conditions as the contract's columns, put into one vectorised check, and naming the columns that break it.
What does not: what a contract says (its own file).

Pandera judges column after column, two milliseconds each, whatever is in it: for small tables that was a fifth of a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from schemas.lean import pandera

#: Pandera's own checks that contracts use -> the same as an expression. A check that is not here is no reason to let it out: `of` fails.
_CHECKS: dict[str, Callable[[pl.Expr, dict[str, Any]], pl.Expr]] = {
    "isin": lambda values, told: values.is_in(told["allowed_values"]),
    "greater_than": lambda values, told: values > told["min_value"],
    "greater_than_or_equal_to": lambda values, told: values >= told["min_value"],
    "less_than": lambda values, told: values < told["max_value"],
    "less_than_or_equal_to": lambda values, told: values <= told["max_value"],
    "str_matches": lambda values, told: values.str.contains(f"^(?:{getattr(told['pattern'], 'pattern', told['pattern'])})"),
}
_made: dict[int, tuple[pandera.polars.DataFrameSchema, pandera.polars.DataFrameSchema]] = {}


#: The name of the check that stands for all columns.
COLUMNS = "columns"


def of(schema: pandera.polars.DataFrameSchema) -> pandera.polars.DataFrameSchema:
    """A schema that holds exactly where `schema` does; made once for each.

    Raises NotImplementedError for a column's check that has no expression here.
    """
    if id(schema) not in _made:
        asked = _asked(schema)

        def holds(data: pandera.polars.PolarsData) -> bool:
            fits = not _misfits(schema, dict(data.lazyframe.collect_schema()))
            return fits and (not asked or bool(data.lazyframe.select(pl.all_horizontal(asked.values())).collect().item()))

        whole = pandera.polars.Check(holds, name=COLUMNS)
        _made[id(schema)] = schema, pandera.polars.DataFrameSchema(checks=[whole, *schema.checks], unique=schema.unique, name=schema.name)
    return _made[id(schema)][1]


def broken(schema: pandera.polars.DataFrameSchema, frame: pl.DataFrame) -> list[str]:
    """What columns of a table do not meet, `column: check` each; a table without the right columns is asked nothing more."""
    if misfits := _misfits(schema, dict(frame.schema)):
        return misfits
    answers = frame.select(answer.alias(told) for told, answer in _asked(schema).items())
    return [told for told in answers.columns if not answers.get_column(told).item()]


def _misfits(schema: pandera.polars.DataFrameSchema, there: dict[str, pl.DataType]) -> list[str]:
    """What is wrong with the names and types of a table's columns."""
    names = list(schema.columns)
    told = [f"{name}: not there" for name in names if name not in there]
    told += [f"{name}: not in the contract" for name in there if name not in schema.columns] if schema.strict else []
    if not told and schema.ordered and list(there) != names:
        told = ["the order of the columns"]
    kinds = ((name, column.dtype.type) for name, column in schema.columns.items() if column.dtype is not None)
    return told + [f"{name}: {there[name]} instead of {kind}" for name, kind in kinds if name in there and there[name] != kind]


def _asked(schema: pandera.polars.DataFrameSchema) -> dict[str, pl.Expr]:
    """`column: check` -> whether every value of the column meets it; a missing value does, unless the column must be filled."""
    asked = {}
    for name, column in schema.columns.items():
        unknown = [str(check.name) for check in column.checks if check.name not in _CHECKS]
        if unknown or column.unique:
            raise NotImplementedError(f"{name}: no expression for {', '.join(unknown) or 'unique'}; add it to schemas/one_pass.py")
        if not column.nullable:
            asked[f"{name}: missing"] = pl.col(name).is_not_null().all()
        for check in column.checks:
            asked[f"{name}: {check.name}"] = _CHECKS[check.name](pl.col(name), check.statistics).fill_null(True).all()
    return asked
