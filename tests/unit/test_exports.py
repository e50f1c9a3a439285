"""Every export format gives every value and label back to readers of other houses, and tells what it cannot hold."""

from __future__ import annotations

import datetime as dt
import json
import math
import shutil
import subprocess
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import pyreadstat
import pytest
import xmlschema
from odmlib import schema_manager

from flows.exports import fixed, formats
from flows.exports.source import ExportError, Source, Variable
from flows.readers import cells, dataset_json, delimited, dta, odm, sav, xpt
from flows.readers.cells import ReadOptions
from schemas.codes import code_lists

#: Name, label, type, values: what an export must not lose. The first column tells participants apart.
LONG = "Wort für Wort, ein Satz. " * 12  # 300 bytes and more: beyond SAS 5, in two pieces of SPSS
COLUMNS = [
    ("USUBJID", "Unique Subject Identifier", "Text", ["s-1", "s-2", "s-3", "s-4"]),
    ("AETERM", "Reported Term, <verbatim> & \"quoted\"", "Text", ["Kopfschmerz, „stark“", "a,b;\"c\"\nd\te <&>", None, "éè 😀 end"]),
    ("AELONG", "A Text That Goes On and On Beyond Two Hundred Bytes", "Text", [LONG.strip(), None, "short", LONG.strip()[7:]]),
    ("LEAD", "Leading Spaces", "Text", ["  two", "=1+1", "-", "0012"]),
    ("AESER", "Serious Event", "Text", ["Y", "N", None, "Y"]),
    ("TIMCAT", "Dose Timing Category", "Text", ["PRE_GE4H", None, "UNKNOWN", "POST_LATE"]),
    ("AVAL", "Analysis Value", "Float", [0.1, 1 / 3, None, -123456789.123456]),
    ("TINY", "Small and Large", "Float", [5e-70, 1e70, -0.0, 2.0**-1000 * 2.0**800]),
    ("N", "Number", "Integer", [0, -2147483647, None, 2147483620]),
    ("SRCROW", "Source Row", "Integer64", [1, 9007199254740992, None, -5]),
    ("ADT", "Analysis Date", "Date", [dt.date(2024, 2, 29), dt.date(1899, 12, 31), None, dt.date(1960, 1, 1)]),
    ("SESDTM", "Session Start (UTC)", "Datetime", [
        dt.datetime(2024, 3, 5, 13, 2, tzinfo=dt.UTC), dt.datetime(1959, 12, 31, 23, 59, 59, tzinfo=dt.UTC), None,
        dt.datetime(2024, 3, 31, 1, 30, 0, 250000, tzinfo=dt.UTC),
    ]),
]  # fmt: skip
VALUES = {name: values for name, _, _, values in COLUMNS}
LABELS = {name: label for name, label, _, _ in COLUMNS}
_ARROW = {"Text": "varchar", "Float": "double", "Integer": "integer", "Integer64": "bigint", "Date": "date", "Datetime": "timestamptz"}


def source(columns=COLUMNS, name="adx") -> Source:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"create table {name} ({', '.join(f'{n} {_ARROW[kind]}' for n, _, kind, _ in columns)})")
    rows = list(zip(*(values for _, _, _, values in columns), strict=True))
    if rows:
        con.executemany(f"insert into {name} values ({', '.join('?' for _ in columns)})", rows)
    lists = {"AESER": code_lists()["YN"], "TIMCAT": code_lists()["TIMCAT"]}
    variables = tuple(Variable(n, label, kind, codes=lists.get(n), is_key=n == "USUBJID") for n, label, kind, _ in columns)
    return Source(name, "A Dataset of Odd Values", variables, con, name, "2026-03-01T04:15:00+00:00",
                  "20260301T041500Z-abc1234-0011aabb", ("t01",))  # fmt: skip


def one(kind, values, name="X"):
    return source([("USUBJID", "Subject", "Text", [f"s{n}" for n in range(len(values))]), (name, "A Value", kind, values)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The odd values in every format, and in both versions of SAS transport."""
    out = tmp_path_factory.mktemp("exports")
    for name in formats.FORMATS:
        formats.export([source()], name, out / name)
    formats.export([source()], "xpt", out / "xpt5", options={"version": 5})
    formats.export([source()], "dataset-json", out / "ndjson", options={"ndjson": True})
    return out


def plain(name, values, *, blank=False):
    """Values as a reader without zones, and perhaps without missing texts, must give them."""
    if isinstance(next(v for v in values if v is not None), dt.datetime):
        return [None if v is None else v.replace(tzinfo=None) for v in values]
    return ["" if v is None and blank and isinstance(VALUES[name][0], str) else v for v in values]


def got(columns, name):
    return [None if isinstance(v, float) and math.isnan(v) else v for v in columns[name]]


@pytest.mark.parametrize(
    ("path", "read"),
    [("xpt/adx.xpt", pyreadstat.read_xport), ("sav/adx.sav", pyreadstat.read_sav), ("dta/adx.dta", pyreadstat.read_dta)],
)
def test_readstat_gives_every_value_and_label_back(folder, path, read):
    columns, meta = read(folder / path, output_format="dict", **({"encoding": "utf-8"} if path.startswith("xpt") else {}))
    for name, values in VALUES.items():
        found = got(columns, name)
        texts = isinstance(values[0], str)
        assert ["" if f is None and texts else f for f in found] == plain(name, values, blank=True), name
    assert meta.column_names_to_labels == LABELS
    assert meta.file_label == "A Dataset of Odd Values"


def test_spss_has_the_code_lists_as_value_labels_also_of_texts_longer_than_eight(folder):
    _, meta = pyreadstat.read_sav(folder / "sav/adx.sav")
    assert meta.variable_value_labels == {"AESER": {"Y": "Yes", "N": "No"}, "TIMCAT": code_lists()["TIMCAT"].terms}
    assert meta.original_variable_types["ADT"] == "SDATE10"


def test_stata_has_the_code_lists_in_notes_of_the_variables(folder):
    content = (folder / "dta/adx.dta").read_bytes()
    assert b"Y = Yes; N = No\0" in content
    assert pd.read_stata(folder / "dta/adx.dta")["AELONG"].tolist() == plain("AELONG", VALUES["AELONG"], blank=True)


def test_a_long_text_of_sas_version_5_goes_on_in_further_variables(folder):
    columns, meta = pyreadstat.read_xport(folder / "xpt5/adx.xpt", output_format="dict", encoding="utf-8")
    names = [n for n in columns if n.startswith("AELONG")]
    assert names == ["AELONG", "AELONG1"]
    assert ["".join(row) for row in zip(*(columns[n] for n in names), strict=True)] == plain("AELONG", VALUES["AELONG"], blank=True)
    assert meta.column_names_to_labels["AELONG"] == "A Text That Goes On and On Beyond Two"
    told = (folder / "xpt5/report.csv").read_text()
    assert "adx,AELONG,texts longer than 200 bytes go on in AELONG1,2" in told
    assert "the label is longer than 40 bytes; written: 'A Text That Goes On and On Beyond Two'" in told
    assert "A Text That Goes On and On Beyond Two Hundred Bytes" in (folder / "xpt5/variables.csv").read_text()


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed (Debian: r-cran-haven)")
def test_r_haven_gives_the_same_numbers_texts_labels_and_dates(folder, tmp_path):
    script = tmp_path / "read.R"
    script.write_text("""
        library(haven)
        args <- commandArgs(TRUE)
        for (name in c("sav", "dta", "xpt")) {
            path <- file.path(args[1], name, paste0("adx.", name))
            d <- switch(name, sav = read_sav(path), dta = read_dta(path), xpt = read_xpt(path))
            cat(name, class(d$ADT)[1], class(d$SESDTM)[1], attr(d$AVAL, "label"), nrow(d), format(d$ADT[2]), sprintf("%.17g", d$AVAL[2]),
                nchar(d$AELONG[1]), d$AETERM[1], format(d$SESDTM[1], tz = "UTC"), names(attr(d$TIMCAT, "labels"))[1], sep = "|")
            cat("\n")
        }
    """.replace('"\n"', r'"\n"'))
    done = subprocess.run(["Rscript", "--vanilla", str(script), str(folder)], capture_output=True, text=True, timeout=120)
    if "there is no package called" in done.stderr:
        pytest.skip("R has no haven (Debian: r-cran-haven)")
    rest = f"Analysis Value|4|1899-12-31|0.33333333333333331|{len(LONG.strip())}|Kopfschmerz, „stark“|2024-03-05 13:02:00"
    assert done.stdout.splitlines() == [
        f"sav|Date|POSIXct|{rest}|4 h or more before the session's start", f"dta|Date|POSIXct|{rest}", f"xpt|Date|POSIXct|{rest}",
    ]  # fmt: skip


def text_of(value):
    """A value as this project's own readers show it."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        text = value.strftime("%Y-%m-%dT%H:%M:%S")
        return text + (f".{value.microsecond // 1000:03d}" if value.microsecond else "")
    return value.isoformat() if isinstance(value, dt.date) else value if isinstance(value, str) else cells.number_text(float(value))


@pytest.mark.parametrize(
    ("path", "read"), [("xpt/adx.xpt", xpt.read), ("sav/adx.sav", sav.read), ("dta/adx.dta", dta.read)],
)  # fmt: skip
def test_the_projects_own_readers_give_every_cell_back(folder, path, read):
    found = read(folder / path, ReadOptions()).table
    for name, values in VALUES.items():
        assert found.column(name).to_pylist() == [text_of(v) for v in values], name


@pytest.mark.parametrize("path", ["dataset-json/adx.json", "ndjson/adx.ndjson"])
def test_dataset_json_keeps_missing_apart_from_empty_and_numbers_exact(folder, path):
    text = (folder / path).read_text(encoding="utf-8")
    if path.endswith("ndjson"):
        first, *lines = text.splitlines()
        told, rows = json.loads(first), [json.loads(line) for line in lines]
    else:
        told = json.loads(text)
        rows = told["rows"]
    assert told["records"] == len(rows) == 4
    kinds = {c["name"]: (c["dataType"], c.get("keySequence")) for c in told["columns"]}
    assert (kinds["USUBJID"], kinds["AVAL"], kinds["ADT"], kinds["SESDTM"]) == (
        ("string", 1), ("double", None), ("date", None), ("datetime", None)
    )  # fmt: skip
    for place, (name, values) in enumerate(VALUES.items()):
        wanted = [v.isoformat().replace("+00:00", "Z").replace("250000Z", "25Z") if isinstance(v, dt.date) else v for v in values]
        assert [row[place] for row in rows] == wanted, name
    assert dataset_json.read(folder / path, ReadOptions()).table.column("AELONG").to_pylist() == VALUES["AELONG"]


def test_csv_writes_missing_as_nothing_and_empty_as_two_quotes(tmp_path):
    formats.export([one("Text", [None, "", " a "])], "csv", tmp_path / "out")
    assert (tmp_path / "out/adx.csv").read_text() == 'USUBJID,X\ns0,\ns1,""\ns2, a \n'


def test_csv_gives_every_value_back(folder):
    frame = pd.read_csv(folder / "csv/adx.csv", dtype=str, keep_default_na=False, na_values=[])
    for name, values in VALUES.items():
        if isinstance(values[0], float):
            assert [float(t) if t else None for t in frame[name]] == values, name
        elif isinstance(values[0], str):
            assert frame[name].tolist() == [v or "" for v in values], name
    assert frame["SESDTM"].tolist() == ["2024-03-05T13:02:00Z", "1959-12-31T23:59:59Z", "", "2024-03-31T01:30:00.25Z"]
    assert delimited.read(folder / "csv/adx.csv", ReadOptions()).table.column("AETERM").to_pylist() == VALUES["AETERM"]


@cache
def odm_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(schema_manager.get_schema_path("odm", "1.3.2"))


def test_odm_is_valid_against_its_schema_and_gives_every_value_back(folder):
    path = folder / "odm/adx.xml"
    assert [e.reason for e in odm_schema().iter_errors(str(path))] == []
    found = odm.read(path, ReadOptions(sheet="IG.ADX")).table
    for name in ("AETERM", "AELONG", "LEAD", "TIMCAT"):
        assert found.column(f"IT.ADX.{name}").to_pylist() == VALUES[name]
    assert [None if t is None else float(t) for t in found.column("IT.ADX.AVAL").to_pylist()] == VALUES["AVAL"]
    assert found.column("SubjectKey").to_pylist() == VALUES["USUBJID"]


def test_a_set_without_participants_is_reference_data_in_odm(tmp_path):
    formats.export([source([("PARAMCD", "Parameter", "Text", ["LSASTOT"]), ("MEAN", "Mean", "Float", [71.5])])], "odm", tmp_path / "out")
    text = (tmp_path / "out/adx.xml").read_text()
    assert "<ReferenceData" in text and 'Value="71.5"' in text and "<ClinicalData" not in text
    assert odm_schema().is_valid(str(tmp_path / "out/adx.xml"))


@pytest.mark.parametrize("name", list(formats.FORMATS))
def test_the_same_release_gives_the_same_bytes(folder, tmp_path, name):
    formats.export([source()], name, tmp_path / "again")
    there = {p.name: p.read_bytes() for p in (folder / name).iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()} == there


@pytest.mark.parametrize("name", list(formats.FORMATS))
def test_a_set_without_rows_is_written(tmp_path, name):
    formats.export([source([(n, label, kind, []) for n, label, kind, _ in COLUMNS])], name, tmp_path / "out")
    told = json.loads((tmp_path / "out/export.json").read_text())
    assert told["files"][0]["rows"] == 0
    if name in ("xpt", "sav", "dta"):
        read = {"xpt": pyreadstat.read_xport, "sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta}[name]
        frame, _ = read(tmp_path / f"out/adx.{name}")
        assert (len(frame), list(frame.columns)) == (0, list(VALUES))


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("xpt", ["", "x"], "adx,X,empty texts cannot be told from missing ones,1"),
        ("xpt", ["x ", "y"], "adx,X,spaces at the end of a text cannot be told from filling,1"),
        ("sav", ["x ", ""], "adx,X,spaces at the end of a text cannot be told from filling,1"),
        ("dta", ["", None], "adx,X,empty texts cannot be told from missing ones,1"),
        ("xpt", ["ü", "y"], "adx,X,\"text beyond ASCII is UTF-8, which the format cannot say: read it as UTF-8\",1"),
    ],
)
def test_what_a_format_cannot_hold_is_told(tmp_path, name, values, told):
    formats.export([one("Text", values)], name, tmp_path / "out")
    assert told in (tmp_path / "out/report.csv").read_text().splitlines()


def test_an_instant_finer_than_the_format_is_rounded_and_told(tmp_path):
    moments = [dt.datetime(2024, 3, 5, 13, 2, 0, n, tzinfo=dt.UTC) for n in (0, 1, 3)]
    formats.export([one("Datetime", moments)], "sav", tmp_path / "sav")
    formats.export([one("Datetime", moments)], "xpt", tmp_path / "xpt")
    assert "fractions of a second below the format's precision are rounded" in (tmp_path / "sav/report.csv").read_text()
    assert "rounded" not in (tmp_path / "xpt/report.csv").read_text()


@pytest.mark.parametrize(
    ("name", "columns", "told"),
    [
        ("xpt", one("Float", [1e76]), "a number is beyond what SAS transport files hold"),
        ("dta", one("Float", [1.7e308]), "a number is beyond what Stata holds"),
        ("sav", one("Integer64", [2**53 + 1]), "1 whole numbers are beyond 2^53"),
        ("csv", one("Float", [float("nan"), 1.0]), "1 values are no finite numbers"),
        ("dta", one("Text", ["a\0b"]), "1 texts hold a NUL character"),
        ("odm", one("Text", ["a\x01b"]), "1 texts hold control characters"),
        ("sav", one("Text", ["x" * 40000]), "a text is longer than 32767 bytes"),
        ("xpt", one("Text", ["x"], name="A" * 33), "the name is longer than 32 bytes"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_left_behind(tmp_path, name, columns, told):
    with pytest.raises(ExportError, match=told.replace("^", r"\^")):
        formats.export([columns], name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_not_written_into(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(ExportError, match="not empty"):
        formats.export([source()], "csv", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_a_text_of_forty_thousand_bytes_is_a_long_text_of_stata(tmp_path):
    formats.export([one("Text", ["x" * 40000, None, "y"])], "dta", tmp_path / "out")
    assert pd.read_stata(tmp_path / "out/adx.dta")["X"].tolist() == ["x" * 40000, "", "y"]


def test_no_part_of_a_split_text_ends_in_a_space_and_no_character_is_cut():
    text = "a" * 199 + "   " + "é" * 150
    found = fixed.parts([text], 200)[text]
    assert "".join(found) == text
    assert [len(p.encode()) for p in found] == [199, 199, 104]
    assert not any(p.endswith(" ") for p in found[:-1])
    with pytest.raises(ExportError, match="200 spaces in a row"):
        fixed.parts(["a" * 199 + " " * 201 + "b"], 200)


def test_code_lists_stand_beside_in_the_columns_that_sas_reads(folder):
    lines = (folder / "xpt/codes.csv").read_text().splitlines()
    assert lines[0] == "FMTNAME,START,LABEL,TYPE"
    assert "$YNF,Y,Yes,C" in lines
    assert "adx,AESER,Serious Event,Text,,$YNF," in (folder / "xpt/variables.csv").read_text().splitlines()
