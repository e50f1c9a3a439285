"""What follows from fields that a form did not show: no check asks for a value where none was asked for.

What belongs here: leaving hidden cells out of checks of completeness. What does not: which cells are hidden (mapping/hidden.py), a value
in a hidden field (schemas/rules/value_in_hidden_field.py).

Left out are queries and notes. A row without its key stays without its key.
"""

from __future__ import annotations

import duckdb
import polars as pl

from flows.engine.steps import Task
from schemas.findings import Category, Severity

PLACE = ("unit", "source_file", "source_row")
_ASKS = (Severity.QUERY, Severity.NOTE)
#: Tables of core whose rows are records of an intake table.
_RECORDS = {"core.session_check": "session", "core.dose_timing": "dose", "core.form_check": "form"}


class Hidden:
    """Blank cells of fields that were not shown, by table and field: one row of a file may be a record of several tables."""

    def __init__(self, cells: pl.DataFrame) -> None:
        parts = cells.partition_by("table_name", "field", as_dict=True)
        self._of = {(str(key[0]), str(key[1])): part.select(PLACE).unique() for key, part in parts.items()}

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection) -> Hidden:
        """Those of a batch, while mapped.hidden_cell is there."""
        sql = "select unit, source_file::varchar as source_file, source_row, table_name, field from mapped.hidden_cell where not filled"
        return cls(con.execute(sql).pl())

    def concerns(self, task: Task, table: str, columns: dict[str, str]) -> bool:
        """Whether a rule on a table may ask for a hidden value."""
        asks = task.rule.category is Category.COMPLETENESS and task.severity in _ASKS
        return asks and (_RECORDS.get(table, table), task.field) in self._of and set(PLACE) <= columns.keys()

    def without(self, answers: pl.DataFrame, places: pl.DataFrame, table: str, tasks: dict[int, Task]) -> pl.DataFrame:
        """Answers that are null (does not apply) where a value was found missing that was not asked for. `places`: _at and PLACE."""
        for number, task in tasks.items():
            name = f"t{number}"
            here = self._of[_RECORDS.get(table, table), task.field]
            asked = places.join(here, on=PLACE, how="semi").select("_at", pl.lit(True).alias("_hidden"))
            joined = answers.join(asked, on="_at", how="left", maintain_order="left")
            answers = joined.with_columns(
                pl.when(pl.col("_hidden").is_null() | pl.col(name)).then(pl.col(name)).alias(name)
            ).drop("_hidden")
        return answers
