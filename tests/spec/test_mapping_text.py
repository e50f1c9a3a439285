"""Mapping language: source columns, constants, missing codes, value maps, patterns, identifiers, blanks, corrections."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.findings import ConfigurationError, ReadError
from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    """An empty site."""
    return MappingBench(tmp_path)


def test_several_columns_are_joined_by_one_space_and_blanks_left_out(b: MappingBench) -> None:
    b.text("m.csv", "subject_id,drug,form\n1,Sertralin,Tablette\n2,Zoloft,\n")
    b.map("medication: {file: m.csv, fields: {verbatim: {from: [drug, form]}}}")
    assert b.rows("medication", "verbatim", "verbatim_raw") == [("Sertralin Tablette",) * 2, ("Zoloft", "Zoloft")]


def test_a_constant_stands_in_every_row_and_in_the_key(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,mg\n1,50\n")
    b.map(
        "dose: {file: d.csv, fields: {session_no: {const: 3}, time_point: {const: PRE}, taken: {const: true}, dose: {from: mg, unit: mg}}}"
    )
    assert b.row("dose", "session_no", "time_point", "taken", "dose_mg", "record_key") == (3, "PRE", True, 50.0, "1|3|PRE|")


def test_missing_codes_hold_for_their_own_column_only(b: MappingBench) -> None:
    b.text("r.csv", "subject_id,session_no,exercise_no,b,e\n1,3,1,99,99\n1,3,2,NA,5\n")
    b.map("rating: {file: r.csv, fields: {begin: {from: b, scale: 0-100, missing: '99'}, end: {from: e, scale: 0-100}}}")
    assert b.rows("rating", "begin_suds", "begin_suds_fault", "begin_suds_raw", "end_suds") == [
        (None, None, "99", 99.0),
        (None, "unreadable", "NA", 5.0),
    ]


def test_the_sites_missing_codes_hold_everywhere_and_a_map_that_names_one_wins(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,why,how\n1,ND,ND\n2,NA,x\n")
    b.map(
        "disposition: {file: d.csv, fields: {reason: why, scope: {from: how, map: {ND: stop, x: remove}}}}",
        top="defaults: {missing: [ND]}",
    )
    assert b.rows("disposition", "reason", "scope") == [(None, "stop"), ("NA", "remove")]


def test_a_value_map_is_exact_then_without_regard_to_case_and_null_means_missing(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,mg,taken\n1,50,JA\n2,50,nein\n3,50,weiss nicht\n4,50,j\n5,50,J\n6,50,x\n")
    b.map(
        "dose: {file: d.csv, fields: {dose: {from: mg, unit: mg}, taken: {from: taken, map: "
        "{ja: true, nein: false, weiss nicht: null, j: true, J: false}}}}"
    )
    assert b.rows("dose", "taken", "taken_fault") == [
        (True, None), (False, None), (None, None), (True, None), (False, None), (None, "unknown_code"),
    ]  # fmt: skip


def test_a_map_may_say_what_a_blank_means(b: MappingBench) -> None:
    b.text("m.csv", "subject_id,verbatim,ongoing\n1,Zoloft,x\n2,Zoloft,\n")
    b.map('medication: {file: m.csv, fields: {ongoing: {from: ongoing, map: {x: true, "": false}}}}')
    assert b.rows("medication", "ongoing") == [(True,), (False,)]


def test_words_without_a_map_are_read_in_any_case_and_nothing_else_is_guessed(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,sex\n1,Female\n2,m\n3,w\n")
    b.text("a.csv", "subject_id,verbatim,sev,ser\n1,Headache,Mild,Y\n2,Nausea,2,no\n")
    b.map("subject: {file: s.csv, fields: {sex: sex}}\nadverse_event: {file: a.csv, fields: {severity: sev, serious: ser}}")
    assert b.rows("subject", "sex", "sex_fault") == [("F", None), ("M", None), (None, "unknown_code")]
    assert b.rows("adverse_event", "severity", "severity_fault", "serious") == [
        ("MILD", None, True),
        (None, "unknown_code", False),
    ]


def test_a_pattern_must_fit_the_whole_text_and_its_named_group_is_the_value(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,no\n1,Session 3\n1,Session 4b\n")
    b.map("session: {file: s.csv, fields: {session_no: {from: no, pattern: 'Session (?P<value>\\d+)'}}}")
    assert b.rows("session", "session_no", "session_no_fault") == [(3, None), (None, "unreadable")]


def test_identifiers_are_cut_out_and_padded_and_it_is_noted(b: MappingBench) -> None:
    b.text("s.csv", "pid\nPT-7\nPT-0007\nQ-1\n")
    b.map("subject: {file: s.csv, fields: {subject_id: pid}}", top="subject_id: {pattern: 'PT-(?P<id>\\d+)', pad: 4}")
    assert b.rows("subject", "subject_id", "subject_id_fault", "subject_id_repair", "record_key") == [
        ("0007", None, "id_padded", "PT-7"),
        ("0007", None, None, "PT-0007"),
        (None, "unreadable", None, "Q-1"),
    ]


def test_blanks_that_do_not_look_like_one_are_removed_and_noted(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age_years,reason\n1, 40 ,x\n2,\u00a041\u200b,y\n3,\u00a0,z\n")
    b.map("subject: {file: s.csv, fields: {age_years: age_years}}")
    assert b.rows("subject", "age_years", "age_years_repair", "age_years_fault") == [
        (40.0, None, None), (41.0, "space_removed", None), (None, None, None),
    ]  # fmt: skip


def test_a_wholly_blank_row_is_no_row(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,40\n \t,\u00a0\n2,41\n")
    b.map("subject: {file: s.csv, fields: {age_years: age}}")
    assert b.rows("subject", "subject_id", "source_row") == [("1", 1), ("2", 3)]


def test_a_correction_replaces_the_text_as_sent_and_a_stale_one_is_told(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,400\n2,41\n")
    fix = {"table": "subject", "field": "age_years", "use": "40"}
    b.map(
        "subject: {file: s.csv, fields: {age_years: age}}",
        corrections=[
            fix | {"key": "1", "as_sent": "400"},
            fix | {"key": "2", "as_sent": "410"},
            fix | {"key": "3", "as_sent": "1"},
        ],
    )
    assert b.rows("subject", "age_years", "age_years_raw", "age_years_repair") == [(40.0, "400", "corrected"), (41.0, "41", None)]
    assert b.rows("stale_correction", "table_name", "record_key", "field", "is_there") == [
        ("subject", "2", "age_years", True),
        ("subject", "3", "age_years", False),
    ]


def test_a_correction_of_a_key_is_found_by_the_key_as_sent(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\nl0,40\n")
    b.map(
        "subject: {file: s.csv}",
        corrections=[{"table": "subject", "field": "subject_id", "key": "l0", "as_sent": "l0", "use": "10"}],
    )
    assert b.row("subject", "subject_id", "record_key", "subject_id_repair") == ("10", "l0", "corrected")
    assert b.rows("stale_correction", "record_key") == []


def test_column_names_and_cells_with_sql_in_them_are_harmless(b: MappingBench) -> None:
    evil = 'a"; drop table x; --'
    b.con.execute("create table x as select 1 as y")
    b.text("s.csv", 'subject_id,"a""; drop table x; --","it\'s"\n1,"\'); drop table x; --",F\n')
    b.map(f"disposition: {{file: s.csv, fields: {{reason: '{evil}'}}}}\nsubject: {{file: s.csv, fields: {{sex: \"it's\"}}}}")
    assert b.row("disposition", "reason") == ("'); drop table x; --",)
    assert b.row("subject", "sex") == ("F",)
    assert b.con.execute("select y from x").fetchall() == [(1,)]
    assert (evil, True) in b.rows("file_column", "column_name", "used")


def test_columns_that_differ_only_in_case_are_two_columns(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,Age,age\n1,40,50\n")
    b.map("subject: {file: s.csv, fields: {age_years: age}}")
    assert b.row("subject", "age_years") == (50.0,)


def test_a_column_the_file_has_not_is_an_error_that_names_no_other_because_it_may_be_a_value(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,Alter\n1,40\n")
    with pytest.raises(ReadError, match=r"t01/01.*s\.csv has no column 'Altre' among its 2\n  fix   -> .*trialweave propose"):
        b.map("subject: {file: s.csv, fields: {age_years: Altre}}")


def test_a_file_whose_delimiter_or_encoding_changed_is_told_as_that(b: MappingBench) -> None:
    b.text("s.csv", "pid;Alter\n1;40\n")
    fix = r"divided by ';'\n  fix   -> say delimiter: \";\", or ask the site what changed"
    with pytest.raises(ReadError, match=rf"no column 'pid' among its 1: its columns are {fix}"):
        b.map("subject: {file: s.csv, delimiter: ',', fields: {subject_id: pid, age_years: Alter}}")
    b.text("s.csv", "subject_id,Größe\n1,80\n")
    with pytest.raises(ReadError, match=r"'Größe' among its 2: it is UTF-8 read as another encoding\n  fix   -> say encoding: utf-8"):
        b.map("subject: {file: s.csv, encoding: latin-1, fields: {weight_kg: {from: Größe, unit: kg}}}")


def test_a_key_that_is_mapped_nowhere_is_a_configuration_error(b: MappingBench) -> None:
    b.text("s.csv", "pid,no\n1,40\n")
    with pytest.raises(ConfigurationError, match="subject_id is not mapped"):
        b.map("subject: {file: s.csv}")


def test_unknown_fields_and_options_that_mean_nothing_are_refused(b: MappingBench) -> None:
    found = b.problems(
        "subject: {file: s.csv, fields: {agee: x, sex: {from: y, unit: kg}, age_years: {from: z, pattern: '(?P<value>a)(?=b)'}}}"
    )
    assert "unknown field 'agee'; subject has subject_id, age_years, sex" in found
    assert "sex: unit means nothing for a word of a list" in found
    assert "no look-ahead" in found


def test_optional_fields_that_are_not_mapped_are_null_and_have_the_right_type(b: MappingBench) -> None:
    b.text("s.csv", "subject_id\n1\n")
    b.map("subject: {file: s.csv}")
    assert b.row("subject", "age_years", "age_years_raw", "sex", "consented_on") == (None,) * 4
    assert b.con.execute("select typeof(age_years), typeof(consented_on) from mapped.subject").fetchone() == ("DOUBLE", "DATE")
