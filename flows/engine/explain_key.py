"""From what a person types to one published row: set, key, column.

What belongs here: reading keys, finding the row, naming near ones. What does not: explaining it (explain_cell.py).

A key is the set's key columns without STUDYID, joined by |, as the release shows them; an empty part is a null:

    adex  sad01-07-0001|2                          USUBJID|EXSEQ
    adqs  sad01-07-0001|LSASTOT|BASELINE|2025-01-06    USUBJID|PARAMCD|AVISIT|ADT; the last parts may be left out where one row is left
    adex  USUBJID=sad01-07-0001|SESSNO=4           any columns by name
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import duckdb

from flows.engine import looking
from flows.engine.releases import Release
from schemas.columns import RESTRICTED, columns
from schemas.findings import ConfigurationError

_LISTED = 8


def key_columns(dataset: str) -> list[str]:
    """The columns a key is made of, in order."""
    names = [c.name for c in columns()[dataset] if c.is_key]
    return [n for n in names if n != "STUDYID" or "USUBJID" not in names]


def check_names(dataset: str, column: str) -> str:
    """The column as it is written. Raises ConfigurationError naming near sets or columns."""
    if dataset not in columns():
        raise ConfigurationError(f"no set {dataset}; {_near(dataset, list(columns()))}")
    names = [c.name for c in columns()[dataset]]
    if column.upper() not in names:
        raise ConfigurationError(f"{dataset} has no column {column}; {_near(column.upper(), names)}")
    return column.upper()


def find_row(data: Path, release: Release, dataset: str, key: str) -> dict[str, Any]:
    """The published row a key names. Raises ConfigurationError naming near keys when there is none, or the keys of several."""
    folder = data / "restricted" / release.release_id if dataset in RESTRICTED else release.folder
    files = sorted(str(p) for p in folder.glob(f"{dataset}/*/*.parquet"))
    if not files:
        raise ConfigurationError(f"release {release.release_id} has no {dataset}")
    names, wanted = key_columns(dataset), _wanted(dataset, key)
    con = looking.connect(threads=1)
    try:
        con.execute(f"create view it as select * from read_parquet([{', '.join(_text(f) for f in files)}])")
        tests = " and ".join(f"coalesce(\"{c}\"::varchar, '') = ${n}" for n, c in enumerate(wanted, start=1))
        cursor = con.execute(f"select * from it where {tests} limit {_LISTED + 1}", list(wanted.values()))
        heads = [d[0] for d in cursor.description or ()]
        rows = [dict(zip(heads, r, strict=True)) for r in cursor.fetchall()]
        if len(rows) == 1:
            return rows[0]
        if rows:
            some = ", ".join(key_of(dataset, r) for r in rows[:_LISTED])
            raise ConfigurationError(f"{key} names several rows of {dataset}: {some}{' ...' if len(rows) > _LISTED else ''}")
        raise ConfigurationError(f"{dataset} has no row {key} (its key: {'|'.join(names)}); {_near_keys(con, names, wanted)}")
    finally:
        con.close()


def key_of(dataset: str, row: dict[str, Any]) -> str:
    """A row's key as find_row() reads it."""
    return "|".join("" if row[c] is None else str(row[c]) for c in key_columns(dataset))


def _wanted(dataset: str, key: str) -> dict[str, str]:
    parts = [p.strip() for p in key.split("|")]
    names = key_columns(dataset)
    if all("=" in p for p in parts):
        told = {n.strip().upper(): v.strip() for n, _, v in (p.partition("=") for p in parts)}
        for name in told:
            check_names(dataset, name)
        return told
    if len(parts) > len(names):
        raise ConfigurationError(f"the key of {dataset} has {len(names)} parts: {'|'.join(names)}; {len(parts)} were given")
    return dict(zip(names, parts, strict=False))


def _near_keys(con: duckdb.DuckDBPyConnection, names: list[str], wanted: dict[str, str]) -> str:
    """Keys that are like the one asked for: of the same participant when there is one, else participants."""
    first = next(iter(wanted))
    same = con.execute(f"select 1 from it where \"{first}\"::varchar = $1 limit 1", [wanted[first]]).fetchall()
    shown = names if same else names[:1]
    whole = ", ".join(f"coalesce(\"{n}\"::varchar, '')" for n in shown)
    where = f"where \"{first}\"::varchar = $1" if same else "where $1 is not null"
    there = [r[0] for r in con.execute(f"select distinct concat_ws('|', {whole}) from it {where} order by 1", [wanted[first]]).fetchall()]
    return _near("|".join(list(wanted.values())[: len(shown)]), there)


def _near(name: str, there: list[str]) -> str:
    close = difflib.get_close_matches(name, there, 5, 0.5) or there[:5]
    return f"near: {', '.join(close)}" if close else "there are none"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
