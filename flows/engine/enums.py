"""Text that repeats, as enumerations: what a batch stores as a small number and SQL still reads as text.

What belongs here: which names, and making their types. What does not: the tables that hold them (mapping/, reference.py, sql/).

A model is written, and tested, as if every name were text: an enumeration compares, sorts and joins as its text does, because its
values stand in the order of their text. A column whose type was not declared on a connection simply is text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import duckdb

#: Column of a mapped or ref table -> the enumeration that it is stored as.
STORED = {
    "study": "study_name", "site": "site_name", "source_file": "file_name", "instrument": "instrument_name", "paramcd": "paramcd_name",
    "param": "param_name",
}  # fmt: skip
#: The participants of a batch; known only when everything is mapped.
SUBJECT = "subject_id_name"
#: Names of the long sets -> the query that finds them. They are unnested and written as numbers, and read as plain text.
PUBLISHED = {
    "study_name": "select study from ref.trial",
    "site_name": "select site from core.subject",
    "subject_name": "select usubjid from core.subject",
    "instrument_name": "select instrument from ref.item",
    "item_name": "select item_code from ref.item",
    "paramcd_name": "select paramcd from ref.scale",
    "param_name": "select param from ref.scale",
    "visit_name": "select visit from core.form_visit",
    "file_name": "select source_file from core.form union select unnest(item_files) from core.form",
}


def declare(con: duckdb.DuckDBPyConnection, name: str, values: Iterable[str]) -> None:
    """Make one enumeration of these values, each once, in the order of their text (as the database sorts it)."""
    inside = ", ".join(quoted(v) for v in sorted(set(values), key=str.encode)) or "'-'"
    con.execute(f"create or replace type {name} as enum ({inside})")


def declared(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The enumerations there are in a connection's database."""
    own = "logical_type = 'ENUM' and not internal and database_name = current_database()"
    found = con.execute(f"select type_name from duckdb_types() where {own}").fetchall()
    return {r[0] for r in found}


def stored(columns: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Columns with their types, names as enumerations where these are among the known ones."""
    return {c: STORED[c] if STORED.get(c) in known else kind for c, kind in columns.items()}


def store_subjects(con: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> None:
    """Store the participants of mapped tables as numbers."""
    of_tables = " union all ".join(f"select distinct subject_id from {t}" for t in tables)
    found = f"select distinct subject_id from ({of_tables}) where subject_id is not null order by 1"
    con.execute(f"create or replace type {SUBJECT} as enum ({found})")
    for table in tables:
        con.execute(f"alter table {table} alter subject_id type {SUBJECT}")


def declare_published(con: duckdb.DuckDBPyConnection) -> None:
    """Make the enumerations of PUBLISHED that are not there yet, from this batch's core tables."""
    known = declared(con)
    for name, values in PUBLISHED.items():
        if name not in known:
            declare(con, name, (r[0] for r in con.execute(f"select distinct x from ({values}) v(x) where x is not null").fetchall()))


def quoted(text: str) -> str:
    """A text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"
