"""A long set is computed for a few sites at a time, and no row of it is lost on the way."""

from __future__ import annotations

import duckdb
import pytest

from flows.engine import batch, models, partitions
from schemas.findings import AccountingError

SITES = [f"{n:02d}" for n in range(1, 41)]


@pytest.fixture
def items(monkeypatch):
    """Three items of each of 40 sites."""
    con = models.connect()
    kinds = {"Text": "varchar", "Integer": "integer", "Integer64": "bigint", "Float": "double", "Date": "date"}
    rest = ", ".join(
        f"null::{kinds[c.type]} as {c.name}" if c.name not in ("STUDYID", "USUBJID", "SITEID", "AVAL") else c.name
        for c in partitions.columns()["aditem"]
    )
    con.execute(f"""
        create table core.answer as select 't01' as STUDYID, 't01-' || site as USUBJID, site as SITEID, i::double as AVAL
        from (select unnest({SITES}) as site), range(3) as r(i) order by site, i""")
    con.execute(f"create view analysis.aditem as select {rest} from core.answer")
    monkeypatch.setattr(batch.judge, "validate", lambda *_: None)
    return con


def seen(con: duckdb.DuckDBPyConnection, sites: list[str]) -> list[list[tuple[str, float]]]:
    tables = batch.publishable(con, "aditem", "analysis.aditem", sites)
    return [list(zip(t.column("SITEID").to_pylist(), t.column("AVAL").to_pylist(), strict=True)) for t in tables]


def test_every_row_comes_once_in_order_and_sixteen_sites_at_a_time(items):
    parts = seen(items, SITES)
    assert [len(part) for part in parts] == [48, 48, 24]
    assert [row for part in parts for row in part] == [(site, float(i)) for site in SITES for i in range(3)]


def test_few_sites_are_asked_for_at_once(items):
    items.execute("delete from core.answer where SITEID > '02'")
    assert seen(items, ["01", "02"]) == [[("01", 0.0), ("01", 1.0), ("01", 2.0), ("02", 0.0), ("02", 1.0), ("02", 2.0)]]


@pytest.mark.parametrize("stray", ["'99'", "null"])
def test_rows_of_no_site_of_the_batch_stop_it(items, stray):
    items.execute(f"insert into core.answer values ('t01', 't01-x', {stray}, 1)")
    with pytest.raises(AccountingError, match="aditem: 1 rows are of no site of this batch"):
        seen(items, SITES)
