"""How a site's file says what format its export has, and what becomes of the codes and labels such a file brings along."""

from __future__ import annotations

import pandas as pd
import pyreadstat
import pytest
from pydantic import ValidationError

from flows.readers import FORMATS
from schemas.formats import FileFormat
from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path):
    (tmp_path / "a").mkdir()
    return MappingBench(tmp_path)


def notes(b):
    return [row[0] for row in b.con.execute("select note from mapped.file_note").fetchall()]


def spss(b, name="subjects.sav"):
    frame = pd.DataFrame({"id": ["1", "2", "3"], "age": [31.0, 999.0, 44.0], "sex": [1.0, 2.0, 9.0]})
    labels = {"sex": {1: "männlich", 2: "weiblich", 9: "keine Angabe"}}
    pyreadstat.write_sav(frame, b.folder / "a" / name, variable_value_labels=labels, missing_ranges={"age": [999], "sex": [9]})


def test_the_names_a_site_may_give_are_those_of_the_readers():
    assert {str(f) for f in FileFormat} == set(FORMATS)


def test_a_format_or_an_option_that_is_unknown_is_refused_with_the_allowed_values(b):
    with pytest.raises(ValidationError, match=r"'delimited', 'xlsx', .*'sav'"):
        b.unit("subject: {file: s.csv, format: spss, fields: {subject_id: id}}")
    with pytest.raises(ValidationError, match="'codes', 'text' or 'beside'"):
        b.unit("subject: {file: s.csv, value_labels: both, fields: {subject_id: id}}")


def test_a_code_that_the_spss_file_declares_missing_is_no_value(b):
    spss(b)
    b.map("subject: {file: '*.sav', fields: {subject_id: id, age_years: age, sex: {from: sex, map: {'1': M, '2': F}}}}")
    assert b.rows("subject", "subject_id", "age_years", "sex", "sex_fault") == [
        ("1", 31.0, "M", None), ("2", None, "F", None), ("3", 44.0, None, None),
    ]  # fmt: skip
    assert notes(b) == []


def test_a_mapping_that_gives_such_a_code_a_meaning_is_told_to_keep_it(b):
    spss(b)
    mapping = "subject: {file: '*.sav', %sfields: {subject_id: id, sex: {from: sex, map: {'1': M, '2': F, '9': U}}}}"
    b.map(mapping % "")
    assert [n.partition(";")[0] for n in notes(b)] == [
        "column 'sex': the mapping gives ['9'] a meaning, but the file declares them missing"
    ]
    b.map(mapping % "user_missing: keep, ")
    assert b.rows("subject", "sex") == [("M",), ("F",), ("U",)]
    assert notes(b) == []


def test_value_labels_can_be_mapped_instead_of_codes(b):
    spss(b)
    fields = "fields: {subject_id: id, sex: {from: %s, map: {männlich: M, weiblich: F}}}"
    for how, column in (("text", "sex"), ("beside", "sex.label")):
        b.map(f"subject: {{file: '*.sav', value_labels: {how}, {fields % column}}}")
        assert b.rows("subject", "sex", "sex_fault") == [("M", None), ("F", None), (None, None)]


def test_a_format_can_be_named_where_the_file_s_ending_does_not_tell(b):
    spss(b, "export.bin")
    b.map("subject: {file: export.bin, format: sav, fields: {subject_id: id}}")
    assert b.rows("subject", "subject_id") == [("1",), ("2",), ("3",)]
