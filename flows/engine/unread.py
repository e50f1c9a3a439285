"""Let go of the columns of judged tables that no model reads: what is held beside the models bounds a batch.

What belongs here: which columns models name, and leaving out the others. What does not: whole tables that are read no more (models.Held).

Texts as sent, faults and repairs are most of a judged table. Findings, quarantine, records and counts have been taken from them when this
is asked for; of 250 MB of a batch of 17 MB a third is left.
"""

from __future__ import annotations

import re
from functools import cache

import duckdb

from flows.engine import split
from flows.engine.models import catalogue, columns_of

_WORD = re.compile(r"[a-z_][a-z_0-9]*")
_STAR = re.compile(r"\*\s*(?:,|from\b|exclude\b|replace\b)|\.\*|\bcolumns\s*\(|\bnatural\b", re.IGNORECASE)


@cache
def named(table: str) -> frozenset[str] | None:
    """Every word of the models that read `intake.<table>` or `staging.<table>` once it is judged: a column that is none of them is not
    read. None where a model reads columns without naming them."""
    words: set[str] = set()
    for model in catalogue().values():
        if model.schema in ("core", "analysis") and {f"intake.{table}", f"staging.{table}"} & set(model.reads):
            code = re.sub(r"--[^\n]*", "", model.sql)
            if _STAR.search(re.sub(r"count\(\*\)", "", code)):
                return None
            words |= set(_WORD.findall(code))
    return frozenset(words)


def drop(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take the columns that are read no more from staging.<table>, and make intake.<table> what it was over the others. A copy of what is
    left would take forty times as long, and room for both."""
    there, read = list(columns_of(con, f"staging.{table}")), named(table)
    if read is None or "row_id" not in there:
        return
    unread = [c for c in there if c not in read and c != "row_id"]
    if not unread or con.table(f"staging.{table}").aggregate("count(*)").fetchall()[0][0] <= split.SHORT:
        return
    for column in unread:
        con.execute(f'alter table staging.{table} drop column "{column}"')
    split.show_kept(con, table)
