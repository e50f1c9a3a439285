"""Damaged files of every format: the same rows, a clear error, or rows told one by one; never fewer rows, never another exception.

A format whose end cannot be seen (text, where a cut between two rows leaves a whole file) has only its flipped bytes tried.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flows.readers import read
from schemas.findings import ReadError
from tests.unit.export_makers import MAKERS, Maker

ROWS = 40


@functools.cache
def whole(name: str) -> bytes:
    return MAKERS[name].make(ROWS)


def told_rows(path: Path, maker: Maker) -> int | None:
    """Rows read and rows reported; None: a clear error."""
    try:
        cells = read(path, maker.options)
    except ReadError as error:
        assert "\n  fix   -> " in str(error)
        return None
    return cells.table.num_rows + len({r.row for r in cells.ragged})


@pytest.fixture(params=sorted(MAKERS))
def maker(request):
    return MAKERS[request.param]


def test_an_undamaged_file_has_all_its_rows(maker, tmp_path):
    path = tmp_path / f"x{maker.ending}"
    path.write_bytes(whole(maker.name))
    assert told_rows(path, maker) == ROWS


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(where=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_an_error_or_has_all_its_rows(maker, tmp_path, where):
    data = whole(maker.name)
    path = tmp_path / f"x{maker.ending}"
    path.write_bytes(data[: int(len(data) * where)])
    rows = told_rows(path, maker)
    if maker.cut_is_seen and not (maker.ending == ".ndjson" and not path.read_bytes()):  # no line is no record there, and told
        assert rows in (None, ROWS)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), head=st.booleans())
@example(where=0.337890625, bit=1, head=False)  # in a workbook of 1997 the end of the sheet, after 15 of 41 rows
def test_a_flipped_bit_loses_no_row_silently(maker, tmp_path, where, bit, head):
    data = bytearray(whole(maker.name))
    data[int((min(len(data), 1500) if head else len(data)) * where)] ^= 1 << bit
    path = tmp_path / f"x{maker.ending}"
    path.write_bytes(data)
    rows = told_rows(path, maker)
    assert rows is None or rows >= ROWS or maker.loses(read(path, maker.options))


def test_a_parquet_column_whose_name_is_no_text_any_more_is_told(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(whole("parquet").replace(b"dose", b"\xfeose"))
    assert told_rows(path, MAKERS["parquet"]) is None


def test_a_parquet_file_that_carries_checksums_is_held_against_them(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"id": ["S1", "S2"], "dose": ["50 mg", "10 mg"]})
    pq.write_table(table, path, compression="none", use_dictionary=False, write_page_checksum=True)
    assert told_rows(path, MAKERS["parquet"]) == 2
    path.write_bytes(path.read_bytes().replace(b"50 mg", b"40 mg"))
    assert told_rows(path, MAKERS["parquet"]) is None
