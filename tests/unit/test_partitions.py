"""Published Parquet: deterministic bytes, plain text for readers, labels in the field metadata."""

from __future__ import annotations

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.engine.partitions import arrow_schema, as_published, compact, encode
from schemas.findings import TrialweaveError


@pytest.fixture
def adsuds() -> pa.Table:
    con = duckdb.connect()
    return con.execute("""
        select 't01'::enum('t01') as STUDYID, 't01-07-S1' as USUBJID, '07' as SITEID, 3 as SESSNO, i::int as EXNO, 80.0::double as SUDSBEG,
            null::double as SUDSPEAK, 40.0::double as SUDSEND, '0-100' as SUDSSCL, 'f' as SRCFILE, 1::bigint as SRCROW
        from range(3) as t(i)
    """).to_arrow_table()


def test_the_same_rows_give_the_same_bytes(adsuds):
    table = as_published(adsuds, "adsuds")
    assert encode(table, arrow_schema("adsuds")) == encode(table, arrow_schema("adsuds"))


def test_every_field_carries_its_label_and_unit_and_reads_as_plain_text(adsuds, tmp_path):
    path = tmp_path / "07.parquet"
    path.write_bytes(encode(as_published(adsuds, "adsuds"), arrow_schema("adsuds")))
    schema = pq.read_schema(path)
    assert schema.field("SUDSBEG").metadata[b"label"] == b"SUDS at Begin (0-100)"
    assert schema.field("SUDSBEG").metadata[b"unit"] == b"SUDS"
    assert schema.field("SUDSSCL").metadata[b"codes"] == b"0-100 1-100 0-10 0-8"
    assert schema.field("STUDYID").type == pa.string()
    assert pq.read_table(path).column("STUDYID").to_pylist() == ["t01"] * 3
    assert pl.read_parquet(path)["SITEID"].to_list() == ["07"] * 3
    assert duckdb.sql(f"select distinct SITEID from '{path}'").fetchall() == [("07",)]


def test_a_set_with_a_missing_column_is_refused(adsuds):
    with pytest.raises(TrialweaveError, match="adsuds has not the columns of its contract: SUDSEND"):
        as_published(adsuds.drop_columns(["SUDSEND"]), "adsuds")


def test_a_sites_file_names_no_participant_of_another_site(tmp_path):
    con = duckdb.connect()
    con.execute("create type who as enum ('A-S1', 'B-S2', 'C-S3')")
    whole = con.execute("select unnest(['A-S1', 'C-S3', 'C-S3', null])::who as USUBJID").to_arrow_table()
    mine = compact(whole.slice(1, 3))
    assert mine.column("USUBJID").to_pylist() == ["C-S3", "C-S3", None]
    assert mine.column("USUBJID").chunk(0).dictionary.to_pylist() == ["C-S3"]
