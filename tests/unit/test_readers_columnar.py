"""SAS transport and Parquet: every value as its exact text; and everything readable in the shared data is read."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pyreadstat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.readers import FORMATS, ROW, ReadOptions, read
from flows.readers.cells import number_text
from schemas.findings import ReadError

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")


def ibm(value: float) -> bytes:
    """A double as SAS writes it."""
    if value == 0:
        return bytes(8)
    fraction, exponent = math.frexp(abs(value))
    power = -(-exponent // 4)
    bits = int(fraction * 2 ** (56 + exponent - 4 * power))
    return bytes([64 + power + (128 if value < 0 else 0)]) + bits.to_bytes(7, "big")


def transport(variables, rows, tables=1) -> bytes:
    """A version 5 file: variables (name, length or 0 for a number, format), rows of bytes."""

    def record(kind: bytes, rest: bytes = b"0" * 30) -> bytes:
        return (b"HEADER RECORD*******" + kind.ljust(8) + b"HEADER RECORD!!!!!!!" + rest).ljust(80)

    names = b"".join(
        (2 if length else 1).to_bytes(2, "big") + bytes(2) + (length or 8).to_bytes(2, "big") + number.to_bytes(2, "big")
        + name.encode().ljust(8) + b" " * 40 + shown.encode().ljust(8) + bytes(8) + b" " * 8 + bytes(4) + bytes(4) + bytes(52)
        for number, (name, length, shown) in enumerate(variables, start=1)
    )  # fmt: skip
    body = b"".join(b"".join(row) for row in rows)
    member = record(b"MEMBER", b"000000000000000001600000000140") + record(b"DSCRPTR") + b" " * 160
    member += record(b"NAMESTR", b"000000" + f"{len(variables):04d}".encode() + b"0" * 20)
    member += names.ljust(-(-len(names) // 80) * 80) + record(b"OBS") + body.ljust(-(-len(body) // 80) * 80)
    return record(b"LIBRARY") + b" " * 160 + member * tables


@pytest.fixture
def xpt(tmp_path):
    def _read(content: bytes, **options):
        (tmp_path / "dm.xpt").write_bytes(content)
        return read(tmp_path / "dm.xpt", ReadOptions(**options))

    return _read


def test_sas_numbers_dates_and_missings_are_written_as_text(xpt):
    variables = [("DOSE", 0, "BEST"), ("ON", 0, "DATE"), ("AT", 0, "DATETIME"), ("T", 0, "TIME"), ("ID", 4, "$")]
    cells = xpt(
        transport(
            variables,
            [
                [ibm(50), ibm(23440), ibm(23440 * 86400 + 50400.5), ibm(50400), b"001 "],
                [ibm(0.1), b".".ljust(8, b"\0"), b"A".ljust(8, b"\0"), ibm(-60), b"    "],
                [b"_".ljust(8, b"\0"), ibm(-1), ibm(-1), ibm(90000), b" 7  "],
            ],
        )
    )
    assert [list(r.values()) for r in cells.table.to_pylist()] == [
        ["50", "2024-03-05", "2024-03-05T14:00:00.500", "14:00:00", "001", 1],
        ["0.1", None, ".A", "-00:01:00", None, 2],
        ["._", "1959-12-31", "1959-12-31T23:59:59", "25:00:00", " 7", 3],
    ]


def test_special_missing_values_are_blank_where_asked_and_a_text_that_looks_like_one_is_not(xpt):
    sent = transport([("DOSE", 0, "BEST"), ("NOTE", 2, "$")], [[b"A".ljust(8, b"\0"), b".A"], [ibm(50), b".B"]])
    assert xpt(sent).table["DOSE"].to_pylist() == [".A", "50"]
    cells = xpt(sent, user_missing="blank")
    assert cells.table.to_pylist() == [{"DOSE": None, "NOTE": ".A", ROW: 1}, {"DOSE": "50", "NOTE": ".B", ROW: 2}]
    assert cells.about["DOSE"].seen == (".A",)


def test_a_month_that_sas_keeps_as_its_first_day_is_known_to_the_month(xpt):
    first, second = ibm(23436), ibm(23467)  # 1 March and 1 April 2024
    missing = b".".ljust(8, b"\0")
    months = transport([("ON", 0, "MONYY"), ("Q", 0, "YYQ")], [[first, second], [second, missing]])
    assert xpt(months).table.drop([ROW]).to_pylist() == [{"ON": "2024-03", "Q": "2024q2"}, {"ON": "2024-04", "Q": None}]
    days = transport([("ON", 0, "MONYY")], [[first], [ibm(23440)]])
    assert xpt(days).table["ON"].to_pylist() == ["2024-03-01", "2024-03-05"]


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (0.05, "0.05"), (70.35, "70.35"), (50.0, "50"), (-0.1, "-0.1")])
def test_a_number_that_sas_cut_to_its_length_is_the_shortest_that_it_may_have_been(tmp_path, value, text):
    sent = bytearray(transport([("X", 0, "")], [[ibm(value)]]))
    sent[sent.find(b"NAMESTR") - 20 + 80 + 5] = 4  # the length of the variable
    body = ibm(value)[:4].ljust(80)
    (tmp_path / "x.xpt").write_bytes(bytes(sent[:-80]) + body)
    assert read(tmp_path / "x.xpt").table["X"].to_pylist() == [text]


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e60, max_value=1e60).filter(lambda v: v == 0 or abs(v) > 1e-60))
def test_every_double_survives_the_transport_format(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "p.xpt"
    path.write_bytes(transport([("X", 0, ""), ("K", 8, "$")], [[ibm(value), b"key     "]]))
    assert float(read(path).table["X"].to_pylist()[0]) == value


def test_text_that_is_not_utf8_is_read_as_windows_1252_unless_declared(xpt):
    sent = transport([("NAME", 8, "$")], [["Łódź".encode("cp1250").ljust(8)], [b"x".ljust(8)]])
    assert xpt(sent).encoding == "cp1252"
    assert any("a guess" in note for note in xpt(sent).notes)
    assert xpt(sent, encoding="cp1250").table["NAME"].to_pylist() == ["Łódź", "x"]
    with pytest.raises(ReadError, match="does not fit"):
        xpt(sent, encoding="utf-8")


def test_a_cut_transport_file_is_an_error(xpt):
    sent = transport([("NAME", 8, "$"), ("X", 0, "")], [[b"x".ljust(8), ibm(1)]] * 30)
    for cut in (len(sent) - 5, 700, 300):
        with pytest.raises(ReadError):
            xpt(sent[:cut])


def test_several_tables_in_one_transport_file_are_an_error(xpt):
    with pytest.raises(ReadError, match="several tables"):
        xpt(transport([("X", 0, "")], [[ibm(1)]], tables=2))


@pytest.mark.parametrize("version", [5, 8])
def test_both_versions_written_by_another_tool_are_read(tmp_path, version):
    import pandas as pd

    frame = pd.DataFrame({"DOSE": [50.0, None, 0.1], "NOTE": ["a", "", "ccc"]})
    pyreadstat.write_xport(frame, tmp_path / "x.xpt", file_format_version=version, column_labels=["L" * 40, "n"])
    assert read(tmp_path / "x.xpt").table.to_pylist() == [
        {"DOSE": "50", "NOTE": "a", ROW: 1},
        {"DOSE": "0.1", "NOTE": "ccc", ROW: 3},
    ]


def test_parquet_of_any_type_becomes_exact_text(tmp_path):
    table = pa.table(
        {
            "id": pa.array(["001", ""]).dictionary_encode(),
            "n": pa.array([2**53 + 1, None], pa.int64()),
            "x": [50.0, 0.1],
            "x32": pa.array([0.1, None], pa.float32()),
            "money": [Decimal("3.00"), Decimal("100.50")],
            "on": [dt.date(2024, 3, 5), None],
            "at": [dt.datetime(2024, 3, 5, 14), dt.datetime(2024, 3, 5, 14, 0, 0, 500000)],
            "zoned": pa.array([dt.datetime(2024, 7, 5, 14, tzinfo=dt.UTC)] * 2, pa.timestamp("ns", "Europe/Lisbon")),
            "clock": [dt.time(14), dt.time(14, 0, 1)],
            "taken": [True, False],
            "bytes": ["é".encode(), b"y"],
            "none": pa.array([None, None]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    first, second = [list(r.values()) for r in read(tmp_path / "a.parquet").table.to_pylist()]
    assert first == ["001", "9007199254740993", "50", "0.1", "3", "2024-03-05", "2024-03-05T14:00:00",
                     "2024-07-05T15:00:00+01:00", "14:00:00", "true", "é", None, 1]  # fmt: skip
    assert second == [None, None, "0.1", None, "100.5", None, "2024-03-05T14:00:00.5", "2024-07-05T15:00:00+01:00",
                      "14:00:01", "false", "y", None, 2]  # fmt: skip


def test_a_parquet_file_without_a_text_form_is_an_error(tmp_path):
    pq.write_table(pa.table({"l": [[1]]}), tmp_path / "a.parquet")
    with pytest.raises(ReadError, match="'l' of type list"):
        read(tmp_path / "a.parquet")


def test_a_parquet_column_without_a_text_form_is_left_out_and_told(tmp_path):
    table = {"id": ["1"], "photo": [b"\xff"], "for": pa.array([5], pa.duration("s")), "text": [b"ab"]}
    pq.write_table(pa.table(table), tmp_path / "a.parquet")
    cells = read(tmp_path / "a.parquet")
    assert cells.table.to_pylist() == [{"id": "1", "text": "ab", ROW: 1}]
    assert cells.remarks == ["column(s) 'photo' (binary), 'for' (duration[s]) have no text form and are not read"]


@pytest.mark.parametrize("ending", ["feather", "arrow", "arrows"])
def test_arrow_and_feather_files_have_the_cells_of_parquet(tmp_path, ending):
    columns = {
        "who": pa.array(["a", "b", None]).dictionary_encode(),
        "dose": pa.array([Decimal("50.00"), Decimal("0.10"), None], pa.decimal128(10, 2)),
        "at": pa.array([1710077400000, 1730615400000, None], pa.timestamp("ms", "America/New_York")),
    }
    table, path = pa.table(columns), tmp_path / f"a.{ending}"
    if ending == "feather":
        pyarrow.feather.write_feather(table, path)
    else:
        with (pa.ipc.new_file if ending == "arrow" else pa.ipc.new_stream)(path, table.schema) as writer:
            writer.write_table(table)
    cells = read(path)
    assert cells.typed
    assert [tuple(r.values()) for r in cells.table.to_pylist()] == [
        ("a", "50", "2024-03-10T09:30:00-04:00", 1),
        ("b", "0.1", "2024-11-03T01:30:00-05:00", 2),
    ]


def test_the_first_version_of_feather_says_what_to_do(tmp_path):
    (tmp_path / "a.feather").write_bytes(b"FEA1" + bytes(64) + b"FEA1")
    with pytest.raises(ReadError, match="write it with version 2"):
        read(tmp_path / "a.feather")


def test_a_parquet_column_of_lists_is_left_out_and_told(tmp_path):
    pq.write_table(pa.table({"id": ["1"], "meta": [{"a": 1}], "l": [[1]]}), tmp_path / "a.parquet")
    cells = read(tmp_path / "a.parquet")
    assert cells.table.to_pylist() == [{"id": "1", ROW: 1}]
    assert cells.remarks == ["column(s) 'meta', 'l' hold lists or structures and are not read"]


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(1, "2024-03-05T14:00:00"), (-256, "2024-03-05T14:00:00"), (499_999_744, "2024-03-05T14:00:00.5"),
     (1_000, "2024-03-05T14:00:00.000001")],
)  # fmt: skip
def test_dust_below_a_microsecond_is_rounded_off_a_parquet_time(tmp_path, nanoseconds, text):
    start = int(dt.datetime(2024, 3, 5, 14, tzinfo=dt.UTC).timestamp()) * 10**9
    pq.write_table(pa.table({"at": pa.array([start + nanoseconds], pa.timestamp("ns"))}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").table["at"].to_pylist() == [text]


def test_a_parquet_number_of_sixteen_bits_is_written_as_it_was_typed(tmp_path):
    pq.write_table(pa.table({"x": pa.array([0.1, 50], pa.float16())}), tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").table["x"].to_pylist() == ["0.1", "50"]


def test_a_cut_parquet_file_is_an_error(tmp_path):
    pq.write_table(pa.table({"a": ["x"] * 100}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-20])
    with pytest.raises(ReadError, match="damaged or cut"):
        read(tmp_path / "a.parquet")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_is_the_number(value):
    assert float(number_text(value)) == value


READABLE = sorted(
    p for p in SHARED.rglob("*") if p.suffix in {e for f in FORMATS.values() for e in f.endings} - {".xml", ".json", ".zip"}
) if SHARED.is_dir() else []  # fmt: skip


@needs_shared
@pytest.mark.parametrize("path", READABLE, ids=lambda p: p.name)
def test_all_readable_shared_files_are_read(path):
    padded = path.name == "weird_head_padding.csv"  # eleven title lines above, footnotes below
    cells = read(path, ReadOptions(header_row=12 if padded else 1))
    assert set(map(str, cells.table.schema.types)) == {"string", "int64"}
    assert bool(cells.ragged) == padded


@needs_shared
def test_transport_files_have_the_cells_that_readstat_reads():
    for path in (p for p in READABLE if p.suffix == ".xpt"):
        cells = read(path)
        encoding = "windows-1252" if cells.encoding == "cp1252" else None
        told, meta = pyreadstat.read_xport(path, output_format="dict", disable_datetime_conversion=True, encoding=encoding)
        for name, values in told.items():
            if meta.readstat_variable_types[name] == "string" or meta.original_variable_types[name] in (None, "BEST12"):
                wanted = [None if v in (None, "") else v if isinstance(v, str) else number_text(v) for v in values]
                assert cells.table[name].to_pylist() == wanted, f"{path.name} {name}"


@needs_shared
def test_known_facts_of_the_shared_files_hold():
    treatment = read(SHARED / "cdisc_pilot" / "sdtm" / "ts.xpt")
    assert treatment.encoding == "cp1252"
    assert any("\u2019" in (v or "") for v in treatment.table["TSVAL"].to_pylist())
    assert read(SHARED / "cdisc_pilot" / "sdtm" / "dm.xpt").table.num_rows == 306
    assert read(SHARED / "cdisc_pilot" / "adam" / "adsl.xpt").table["TRTSDT"].to_pylist()[0] == "2014-01-02"
    assert read(SHARED / "stat" / "sample.xpt").table["DTIME"].to_pylist()[0] == "2018-05-06T10:10:10"
    dates = read(SHARED / "stat" / "dates_xpt_v8.xpt").table
    assert dates["dates"].to_pylist() == dates["string_dates"].to_pylist()
    assert dates["times"].to_pylist() == dates["string_times"].to_pylist()
    assert dates["dt"].to_pylist() == [t.replace(" ", "T") for t in dates["string_dt"].to_pylist()]
    assert read(SHARED / "messy" / "utf-16le_encoded.csv").encoding == "utf-16-le"
    assert read(SHARED / "dose_timing" / "test_adheretech_2.csv").table.num_rows == 923
    assert read(SHARED / "messy" / "simple.xlsx").table["date"].to_pylist()[0] == "2011-01-01"
