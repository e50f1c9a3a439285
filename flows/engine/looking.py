"""A database to look at published files with.

What belongs here: how it is opened. What does not: the one that a batch computes in (models.py).
"""

from __future__ import annotations

import duckdb


def connect(database: str = ":memory:", *, read_only: bool = False, threads: int = 0) -> duckdb.DuckDBPyConnection:
    """One that shows instants in UTC and never writes what it cannot hold to the disk: DuckDB would put participants' values into the
    folder where the command runs, or into the release. `threads`: 0 for as many as the machine has."""
    config: dict[str, str | bool | int | float | list[str]] = {"temp_directory": ""}
    if threads:
        config["threads"] = threads
    con = duckdb.connect(database, read_only=read_only, config=config)
    con.execute("set TimeZone = 'UTC'")
    return con
