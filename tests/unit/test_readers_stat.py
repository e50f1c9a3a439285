"""SPSS, Stata and SAS data sets: codes stay codes, what the file declares missing stays visible, dates are ISO text."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import lzma
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.readers import ROW, ReadOptions, read
from flows.readers.moments import sas_shown
from schemas.findings import ReadError

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "stat"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared real data is not beside this checkout")


def column(cells, name):
    return cells.table[name].to_pylist()


@pytest.fixture
def sav(tmp_path):
    """Write a frame as SPSS, read it back."""

    def _read(columns, ending="sav", options=None, **how):
        path = tmp_path / f"site.{ending}"
        pyreadstat.write_sav(pd.DataFrame(columns), path, compress=ending == "zsav", **how)
        return read(path, options)

    return _read


@pytest.fixture
def dta(tmp_path):
    def _read(columns, options=None, **how):
        pyreadstat.write_dta(pd.DataFrame(columns), tmp_path / "site.dta", **how)
        return read(tmp_path / "site.dta", options)

    return _read


SEX = {"sex": [1.0, 2.0, 9.0, None]}
SEX_AS = {"variable_value_labels": {"sex": {1: "Male", 2: "Female", 9: "Refused"}}, "missing_ranges": {"sex": [9]}}


@pytest.mark.parametrize("ending", ["sav", "zsav"])
def test_a_code_stays_a_code_and_a_user_missing_one_too(sav, ending):
    cells = sav({**SEX, "id": ["1", "2", "3", "4"]}, ending, **SEX_AS)
    assert column(cells, "sex") == ["1", "2", "9", None]
    about = cells.about["sex"]
    assert about.labels == {"1": "Male", "2": "Female", "9": "Refused"}
    assert (about.missing, about.seen) == (("9",), ("9",))


def test_value_labels_come_beside_or_in_place_only_when_asked_for(sav):
    ids = {"id": ["1", "2", "3", "4"]}
    beside = sav(SEX | ids, options=ReadOptions(value_labels="beside"), **SEX_AS)
    assert beside.table.column_names == ["sex", "sex.label", "id", ROW]
    assert column(beside, "sex.label") == ["Male", "Female", "Refused", None]
    text = sav({"sex": [1.0, 3.0]}, options=ReadOptions(value_labels="text"), variable_value_labels={"sex": {1: "Male"}})
    assert column(text, "sex") == ["Male", "3"]


def test_spss_ranges_of_missing_codes_are_told_with_the_codes_met(sav):
    cells = sav({"suds": [50.0, 997.0, 999.0, -1.0]}, missing_ranges={"suds": [{"lo": 990, "hi": 999}, -1]})
    assert column(cells, "suds") == ["50", "997", "999", "-1"]
    assert cells.about["suds"].missing == ("990..999", "-1")
    assert cells.about["suds"].seen == ("-1", "997", "999")


def test_spss_dates_and_times_go_beyond_what_other_tools_can_hold(sav):
    day = 86400.0
    beyond = 4_000_000 * day
    seconds = {"on": [13744944000.0, 0.0, beyond], "at": [13744980610.5, 11903760000.0, -1.0], "lasts": [108000.0, -60.0, 1.5]}
    cells = sav(seconds, variable_format={"on": "DATE11", "at": "DATETIME20", "lasts": "TIME8"})
    assert column(cells, "on") == ["2018-05-06", "1582-10-14", "345600000000"]
    assert column(cells, "at") == ["2018-05-06T10:10:10.500", "1960-01-01T00:00:00", "1582-10-13T23:59:59"]
    assert column(cells, "lasts") == ["30:00:00", "-00:01:00", "00:00:01.500"]


@pytest.mark.parametrize("shift", [-3, 3])
def test_an_spss_file_with_more_or_fewer_rows_than_its_header_says_is_refused(tmp_path, shift):
    path = tmp_path / "site.sav"
    pyreadstat.write_sav(pd.DataFrame({"x": np.arange(10.0)}), path)
    data = bytearray(path.read_bytes())
    data[80:84] = struct.pack("<i", 10 + shift)
    path.write_bytes(data)
    with pytest.raises(ReadError, match=f"says {10 + shift} rows, but it holds 10"):
        read(path)


def test_spss_text_in_another_encoding_than_the_file_says_is_a_noted_guess(tmp_path):
    path = tmp_path / "site.sav"
    pyreadstat.write_sav(pd.DataFrame({"name": ["Müller", "Braga"]}), path)
    path.write_bytes(path.read_bytes().replace("Müller".encode(), "Müller ".encode("cp1252")))
    cells = read(path)
    assert column(cells, "name") == ["Müller", "Braga"]
    assert any("a guess" in note for note in cells.doubts)
    with pytest.raises(ReadError, match="does not fit"):
        read(path, ReadOptions(encoding="utf-8"))


def test_stata_tagged_missing_values_are_kept_apart_from_the_plain_one(dta, tmp_path):
    columns = {"id": ["1", "2", "3", "4"], "dose": [50.0, "a", "z", None]}
    cells = dta(columns, missing_user_values={"dose": ["a", "z"]}, variable_value_labels={"dose": {"a": "refused"}})
    assert column(cells, "dose") == ["50", ".a", ".z", None]
    assert cells.about["dose"].labels == {".a": "refused"}
    assert cells.about["dose"].seen == (".a", ".z")
    blank = read(tmp_path / "site.dta", ReadOptions(user_missing="blank"))
    assert column(blank, "dose") == ["50", None, None, None]


def test_stata_single_precision_is_written_as_it_was_typed(tmp_path):
    frame = pd.DataFrame({"x": np.array([0.1, 7, 1e10], np.float32), "big": [2**31 - 200, -1, 0]})
    frame.to_stata(tmp_path / "site.dta", write_index=False)
    cells = read(tmp_path / "site.dta")
    assert column(cells, "x") == ["0.1", "7", "10000000000"]
    assert column(cells, "big") == ["2147483448", "-1", "0"]


@pytest.mark.parametrize(
    ("shown", "number", "text"),
    [
        ("%td", 0, "1960-01-01"), ("%tdDD/NN/CCYY", -1, "1959-12-31"), ("%d", 23440, "2024-03-05"),
        ("%tc", 1841220610000, "2018-05-06T10:10:10"), ("%tcHH:MM", 36610000, "10:10:10"),
        ("%tC", 1841220637000, "2018-05-06T10:10:10"), ("%tm", 770, "2024-03"), ("%tq", 256, "2024q1"), ("%ty", 2024, "2024"),
        ("%th", 128, "2024h1"), ("%tw", 3328, "2024w1"), ("%9.0g", 5, "5"), ("%td", 4e6, "4000000"),
    ],
)  # fmt: skip
def test_stata_formats_say_what_a_number_means(dta, shown, number, text):
    assert column(dta({"x": [float(number), 1.0]}, variable_format={"x": shown}), "x")[0] == text


@pytest.mark.parametrize(
    ("shown", "texts"),
    [("%tdMon-YY", ["2024-03", "2024-05"]), ("%tdCCYY", ["2024-03-01", "2024-05-01"]), ("%td", ["2024-03-01", "2024-05-01"])],
)
def test_a_month_that_stata_keeps_as_its_first_day_is_known_to_the_month(dta, shown, texts):
    assert column(dta({"x": [23436.0, 23497.0]}, variable_format={"x": shown}), "x") == texts


def test_a_month_that_spss_keeps_as_its_first_day_is_known_to_the_month(sav):
    months = [dt.date(2024, 3, 1), dt.date(2024, 5, 1), None]
    assert column(sav({"x": months, "id": ["1", "2", "3"]}, variable_format={"x": "MOYR8"}), "x") == ["2024-03", "2024-05", None]
    assert column(sav({"x": [*months, dt.date(2024, 5, 17)]}, variable_format={"x": "MOYR8"}), "x")[0] == "2024-03-01"
    assert column(sav({"x": [dt.date(2024, 4, 1)]}, variable_format={"x": "QYR6"}), "x") == ["2024q2"]
    weeks = [dt.date(2024, 1, 1), dt.date(2024, 1, 29), dt.date(2024, 12, 30), None]  # SPSS's weeks 1, 5 and 53 of 2024
    made = {"x": weeks, "id": ["1", "2", "3", "4"]}
    assert column(sav(made, variable_format={"x": "WKYR10"}), "x") == ["2024-01", "2024w05", "2024w53", None]
    days = {"x": [dt.date(2024, 1, 1), dt.date(2024, 3, 5)]}
    assert column(sav(days, variable_format={"x": "WKYR10"}), "x") == ["2024-01-01", "2024-03-05"]


def test_stata_clock_times_that_cannot_be_exact_are_doubtful(dta, tmp_path):
    at = 1841220600000.0  # 6 May 2018, 10:10:00
    told = ["column 'x' holds clock times in single precision (float)"]
    single = np.array([at, at + 1e9, at + 2e9], np.float32)
    pd.DataFrame({"x": single}).to_stata(tmp_path / "float.dta", write_index=False)
    (tmp_path / "float.dta").write_bytes((tmp_path / "float.dta").read_bytes().replace(b"%9.0g", b"%tc\0\0"))
    for cells in (read(tmp_path / "float.dta"), dta({"x": single.astype(float)}, variable_format={"x": "%tc"})):
        assert [d.partition(",")[0] for d in cells.doubts] == told
    assert len(dta({"x": [at, at + 60_000, at + 120_000]}, variable_format={"x": "%tC"}).doubts) == 1
    assert dta({"x": [at + 27_000, at + 87_000, at]}, variable_format={"x": "%tC"}).doubts == []
    assert dta({"x": [at] * 3}, variable_format={"x": "%tc"}).doubts == []


@pytest.mark.parametrize("version", [114, 117, 118, 119])
def test_versions_of_stata_written_by_pandas_are_read(tmp_path, version):
    frame = pd.DataFrame({"id": ["001", "Žižka" if version > 117 else "x"], "on": pd.to_datetime(["2024-03-05", None]), "n": [1, 2]})
    frame.to_stata(tmp_path / "site.dta", version=version, write_index=False, convert_dates={"on": "td"})
    cells = read(tmp_path / "site.dta")
    assert cells.table.drop([ROW]).to_pylist()[0] == {"id": "001", "on": "2024-03-05", "n": "1"}
    assert column(cells, "on") == ["2024-03-05", None]


def test_a_site_s_own_sas_format_is_no_time_of_day():
    assert sas_shown("TIMEPT2.")(1.0) == "1"
    assert sas_shown("DATEKIND")(2.0) == "2"
    assert sas_shown("TIME8.")(60.0) == "00:01:00"
    assert sas_shown("DATETIME22.3")(0.5) == "1960-01-01T00:00:00.500"
    assert sas_shown("YYMMDDN8.")(23440.0) == "2024-03-05"


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(
        # a number below 1e-303 that is not 0 is what a zero byte leaves of another
        st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300).filter(lambda v: v == 0 or abs(v) > 1e-303),
        min_size=1,
        max_size=5,
    )
)
def test_every_double_survives_spss_and_stata(tmp_path_factory, values):
    folder = tmp_path_factory.getbasetemp()
    frame = pd.DataFrame({"x": values})
    pyreadstat.write_sav(frame, folder / "p.sav")
    pyreadstat.write_dta(frame, folder / "p.dta")
    for name in ("p.sav", "p.dta"):
        got = [float(v) for v in column(read(folder / name), "x")]
        small = [v for v in values if not (name == "p.dta" and abs(v) >= 8.9e307)]
        assert got == small


#: Three rows of ours (sex 1 2 3 with format SEXF8., arm A B C with format $ARMF4.) and their catalogue (SEXF: 1 Female, 2 Male; $ARMF: A
#: Arm A, B Arm B), as ReadStat's own writer makes them; xz and base64, because no library of Python writes a catalogue.
SAS = (
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4B//AepdAABsVp1CzvFLONQu8+tepEAstmgmXu20wXP/5H2DnZWPMVEl6MpAeOwwtqh5CanpSsNnTNngiZcTvLUOcWCL"
    "PuidjmrbHrBA+Vg7pzvTRb38AyATjE1fRbhBHwfObOG0BYhifevB4IeNDf0idT/iFmVtmly3jU8/NeMA8QS0J7/enveeaXNbQ5iczkwww81hMe8Q2apNCi9VxAAw"
    "ULUnD2RJS7iJQRoA3bDL2CEqfPwcrquD8TSuuBogXrBmeUvaxQiOGHmMAoCgc7Q+iV4UCD9Cf6A/kZ5mR/H8Fd3ENlwnLZ2VmlFybiUBpKHdf5xpvSgiytkcdyw3"
    "x+woSur3VdR8GfSAs6ZUwwKP0zOBbsv6sYHAc3B8cOsFlFv6CTo61q7f/yjul8tHW8W2X0Iv/+zF3ZEm4H1eB08/VqQyH49xmaiZdJSwIxBoeXqhxgKzs/jwOTqv"
    "jC2qHW4GfdUbMqLetHJp3MopwrfqVtY8h1sLun7h3lE9yqC6yrYwsvWXCE8YDjSJiuh+sPgxOlw+jRgQK539WGCEe/8nYdBF53WwpxoAYGGJFqooUbg/WFC2Zgu4"
    "Uxn4eKvbXC0/3WF0MGGd2w8HC4lP24CbPuZFL1l6rljChNLBN1RZTMIwmg6+Gn3g7XM7JBi4dgAAAAA/g0NPMgHYCQABhgSAQAAAI77/Y7HEZ/sCAAAAAARZWg=="
)
CATALOGUE = (
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4F//AUBdAABsVp1Czv1LCNQu8+tepEAstmgmXu20wXP/5H0c6sLhv24cUvZVJKrRAVrSR2rqs98Mb37ooVL9FDOky944"
    "mC68uEVEGc0T/U8FEqHvmQs+vml7q9vApqwynR+0kXcUOvB0skAbRdn45QiDX68Wui9VRCnFlCnmJ+3Zb4cC/a4UCvCpJ4e0o4PN2ONICUbu+ydd5AkfDnXctVbs"
    "JuzcObexinEMJnKNi3gOZcOyXliw30TlzUmLaZYQspJGLpL/43UdMxxsRK4q3qH0GvY2kRQGBIummb+Y1hJZhjIFCntgcrWWZKbrUcDq25wCsJRI+y1mrAOaNVhl"
    "4HETBjZKJe43dPGWKWjUktj/qZIgbgXxdE6+5YAhylVty7EXOmAoCsFGCWBtpkxKoW/zi2ds68sxF7IZ5N55eQ3DMBqkKuMAAJLodI4k9F+2AAHcAoDAAQDTSoS5"
    "scRn+wIAAAAABFla"
)


@pytest.mark.parametrize(
    ("how", "sex", "arm"),
    [
        ("codes", {"sex": ["1", "2", "3"]}, {"arm": ["A", "B", "C"]}),
        ("text", {"sex": ["Female", "Male", "3"]}, {"arm": ["Arm A", "Arm B", "C"]}),
        ("beside", {"sex": ["1", "2", "3"], "sex.label": ["Female", "Male", None]}, {"arm.label": ["Arm A", "Arm B", None]}),
    ],
)
def test_a_sas_catalogue_beside_the_data_gives_its_labels_to_numbers_and_text(tmp_path, how, sex, arm):
    for name, content in (("d.sas7bdat", SAS), ("formats.sas7bcat", CATALOGUE)):
        (tmp_path / name).write_bytes(lzma.decompress(base64.b64decode(content)))
    cells = read(tmp_path / "d.sas7bdat", ReadOptions(companion="formats.sas7bcat", value_labels=how))
    assert {name: column(cells, name) for name in [*sex, *arm]} == sex | arm
    assert cells.about["sex"].labels == {"1": "Female", "2": "Male"}
    (tmp_path / "formats.sas7bcat").write_bytes(b"no catalogue" * 100)
    with pytest.raises(ReadError, match="catalogue is damaged"):
        read(tmp_path / "d.sas7bdat", ReadOptions(companion="formats.sas7bcat"))


def test_sas_without_its_catalogue_is_told_when_one_is_named(tmp_path):
    (tmp_path / "a.sas7bdat").write_bytes(b"\0" * 12 + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011") + b"\0" * 5000)
    with pytest.raises(ReadError, match="damaged, cut"):
        read(tmp_path / "a.sas7bdat")


@needs_shared
@pytest.mark.parametrize("name", ["sample.sav", "sample.dta", "sample.sas7bdat"])
def test_the_same_table_in_three_formats_has_the_cells_of_its_csv(name):
    with (SHARED / "sample.csv").open(encoding="utf-8-sig") as lines:
        wanted = list(csv.DictReader(lines))
    got = read(SHARED / name).table.drop([ROW]).to_pylist()
    for row in wanted:
        row["dtime"] = row["dtime"].partition(".")[0]
        row["mytime"] = row["mytime"].partition(".")[0].zfill(8) if row["mytime"] else ""
    assert got == [{k: v or None for k, v in row.items()} for row in wanted]


@needs_shared
def test_known_facts_of_the_shared_statistical_files_hold():
    missing = read(SHARED / "sample_missing.sav")
    assert missing.about["mynum"].missing == ("2000..3000", "-1")
    assert column(missing, "mynum") == ["1.1", "1.2", "-1000.3", "-1.4", "1000.3", "-1", "2500"]
    tagged = read(SHARED / "tagged-na-double.dta")
    assert column(tagged, "x")[5:] == [".a", ".h", ".z"]
    assert tagged.about["x"].labels == {".a": "apple", ".z": ".zebra"}
    assert column(read(SHARED / "types.dta"), "vfloat") == ["3.14", "7"]
    assert read(SHARED / "umlauts.sav").about["var1"].labels["2"] == "the ü umlaut"
    with pytest.raises(ReadError, match="catalogue is not in the delivery"):
        read(SHARED / "hadley.sas7bdat", ReadOptions(companion="formats.sas7bcat"))


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("*.s*")) if SHARED.is_dir() else [], ids=lambda p: p.name)
def test_numbers_and_text_are_those_pandas_reads(path):
    if path.suffix == ".sav":
        frame = pd.read_spss(path, convert_categoricals=False)
    elif path.suffix == ".sas7bdat":
        frame = pd.read_sas(path, encoding="utf-8")
    else:
        pytest.skip("not a format pandas reads alike")
    cells = read(path)
    for name in frame.columns:
        declared = set(cells.about[name].seen)
        if pd.api.types.is_numeric_dtype(frame[name]):
            sent = [None if v in declared else v for v in column(cells, name)]
            got = [float(v) if v and v.lstrip("-").replace(".", "").isdigit() else v for v in sent]
            wanted = [None if pd.isna(v) else v for v in frame[name]]
            if any(isinstance(v, str) for v in got):
                continue  # dates, which pandas gives as numbers
            assert got == wanted, name
