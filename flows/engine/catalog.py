"""catalog.duckdb of a release, with one view a set.

What belongs here: views and their comments. What does not: the documents that explain a release (describe/).

A view must find its files from any working folder, and DuckDB knows no path relative to the database file. So each view names
the release's own folder, and the variable `release` overrides it where the folder was copied elsewhere:

    set variable release = '/new/place/20260301T041500Z-abc1234-0011aabb';
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from flows.engine import looking
from schemas.columns import columns
from schemas.findings import PublicationError
from schemas.harmonization import COLUMNS

FINDINGS = "findings"
HARMONIZATION = "harmonization"


def write_catalog(folder: Path, final: Path, datasets: Iterable[str]) -> None:
    """Make `folder`/catalog.duckdb for a release that will lie at `final`: a view a set, and `findings`."""
    con = duckdb.connect(str(folder / "catalog.duckdb"))
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set variable release = $1", [str(folder.resolve())])
        con.execute("begin")  # one transaction: each would be forced to the disk
        con.execute(";\n".join(statement for dataset in datasets for statement in _view(dataset, final)))
        con.execute("commit")
        con.execute("checkpoint")
    except duckdb.Error as error:
        what = f"the release's catalog could not be written ({type(error).__name__}); nothing was published"
        raise PublicationError(f"{what}\n  fix   -> free space on the disk of the data folder, then run again") from None
    finally:
        con.close()


def _view(dataset: str, final: Path) -> Iterator[str]:
    """The view of a set, and a comment a column."""
    place = f"/{dataset}.parquet" if dataset == HARMONIZATION else f"/{dataset}/**/*.parquet"
    source = f"coalesce(getvariable('release'), {_text(str(final))}) || '{place}'"
    yield f"create view {dataset} as select * from read_parquet({source})"
    labels = {n: c[0] for n, c in COLUMNS.items()} if dataset == HARMONIZATION else {}
    for name, label in (labels or {c.name: c.label for c in columns().get(dataset, ())}).items():
        yield f'comment on column {dataset}."{name}" is {_text(label)}'


def open_release(folder: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection to a release's views, wherever the release lies now."""
    con = looking.connect(str(folder / "catalog.duckdb"), read_only=True)
    con.execute("set variable release = $1", [os.path.realpath(folder)])
    return con


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
