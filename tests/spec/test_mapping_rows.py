"""Mapping language: files, sheets, filters, fill-down, joins, wide and long, many sites, rows and columns nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.engine.mapping import MapInput, map_batch
from schemas.findings import ConfigurationError, ReadError
from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    """An empty site."""
    return MappingBench(tmp_path)


def test_a_file_glob_reads_several_files_in_order_of_their_names(b: MappingBench) -> None:
    b.text("dose_2.csv", "subject_id,mg\n2,50\n")
    b.text("sub/dose_1.csv", "subject_id,mg,note\n1,50,x\n")
    b.text("other.txt", "nobody reads me\n")
    b.map("dose: {file: '**/dose_*.csv', fields: {dose: {from: mg, unit: mg}}}")
    assert b.rows("dose", "subject_id", "source_row") == [("2", 1), ("1", 1)]
    assert b.rows("loose_row", "fault", "record_key") == [("unclaimed_file", "other.txt")]


def test_a_file_that_landing_left_out_is_told_unless_the_site_ignores_it(b: MappingBench) -> None:
    b.text("s.csv", "subject_id\n1\n")
    unit = b.unit("subject: {file: s.csv}", top="ignore_files: ['*.log']")
    map_batch(b.con, [MapInput(1, unit, (b.delivery("a", left_out=("new.csv", "export.log")),))])
    assert b.rows("loose_row", "fault", "record_key", "source_row") == [("unclaimed_file", "new.csv", 0)]


def test_a_file_left_out_for_showing_the_arms_is_told_as_that(b: MappingBench) -> None:
    b.text("s_1.csv", "subject_id\n1\n")
    unit = b.unit("subject: {file: 's_*.csv'}")
    map_batch(b.con, [MapInput(1, unit, (b.delivery("a", left_out=("s_list.csv",)),))])
    assert b.rows("loose_row", "fault", "record_key") == [("arms_shown", "s_list.csv")]


def test_a_table_whose_only_file_shows_the_arms_is_an_error_that_says_so(b: MappingBench) -> None:
    unit = b.unit("subject: {file: 's_*.csv'}")
    with pytest.raises(ReadError, match=r"table subject: s_list\.csv shows the arms of a blinded trial and was not landed"):
        map_batch(b.con, [MapInput(1, unit, (b.delivery("a", left_out=("s_list.csv",)),))])


def test_a_glob_that_matches_nothing_is_an_error_that_names_the_table(b: MappingBench) -> None:
    b.text("dose.csv", "subject_id,mg\n2,50\n")
    with pytest.raises(ReadError, match=r"t01/01: table dose: no file matches 'doses\*.csv'\n  files -> dose.csv"):
        b.map("dose: {file: 'doses*.csv', fields: {dose: {from: mg, unit: mg}}}")


def test_header_row_and_rows_to_skip_at_the_end(b: MappingBench) -> None:
    b.text("s.csv", "Export of 2024,\nsubject_id,age\n1,40\n2,41\nTotal,81\n")
    b.map("subject: {file: s.csv, header_row: 2, skip_end: 1, fields: {age_years: age}}")
    assert b.rows("subject", "subject_id", "age_years") == [("1", 40.0), ("2", 41.0)]


def test_where_keeps_rows_and_rows_that_nobody_reads_are_told(b: MappingBench) -> None:
    b.text("e.csv", "subject_id,form,x\n1,demo,40\n1,ae,Headache\n2,junk,?\n3,note,?\n")
    b.map(
        "subject: {file: e.csv, where: {form: demo}, fields: {age_years: x}}\n"
        "adverse_event: {file: e.csv, where: {form: [ae]}, fields: {verbatim: x}}",
        top="ignore_rows: [{where: {form: note}}]",
    )
    assert b.rows("subject", "age_years") == [(40.0,)]
    assert b.rows("adverse_event", "verbatim") == [("Headache",)]
    assert b.rows("loose_row", "table_name", "fault", "source_row", "record_key") == [("subject", "unclaimed_row", 3, "e.csv|3")]


def test_where_tests_values_patterns_and_blanks(b: MappingBench) -> None:
    b.text("e.csv", "subject_id,a,c\n1,x,\n2,y,q\n3,z1,\n4,,\n")
    b.map("subject: [{file: e.csv, where: {a: {none_of: [x, y]}, c: ''}}]")
    assert b.rows("subject", "subject_id") == [("3",), ("4",)]
    b.map("subject: [{file: e.csv, where: {a: {matches: 'z\\d'}}}]")
    assert b.rows("subject", "subject_id") == [("3",)]


def test_fill_down_repeats_the_last_value_within_its_file(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,no\n1,1\n,2\n2,1\n \u00a0,2\n")
    b.text("s2.csv", "subject_id,no\n,9\n")
    b.map("session: {file: 's*.csv', fill_down: subject_id, fields: {session_no: no}}")
    assert b.rows("session", "subject_id", "session_no") == [("1", 1), ("1", 2), ("2", 1), ("2", 2), (None, 9)]


def test_a_join_takes_columns_and_a_second_different_match_is_a_fault(b: MappingBench) -> None:
    b.text("d.csv", "kit,mg\nK1,50\nK2,50\nK3,50\n,50\n")
    b.text(
        "kits.csv",
        "no,patient,day,ok\nK1,7,2024-03-05,y\nK2,8,2024-03-05,y\nK2,9,2024-03-05,y\nK2,10,2024-03-06,n\n,11,2024-03-07,y\n",
    )
    b.map(
        """
        dose:
          file: d.csv
          join: [{file: kits.csv, on: {kit: no}, where: {ok: y}, take: {pid: patient, day: day}}]
          fields: {subject_id: pid, dosed_at: day, dose: {from: mg, unit: mg}}
        """
    )
    assert b.rows("dose", "subject_id", "subject_id_fault", "dosed_at_on") == [
        ("7", None, "2024-03-05"), (None, "ambiguous_join", "2024-03-05"), (None, None, None), (None, None, None),
    ]  # fmt: skip
    assert all(used for (used,) in b.rows("file_column", "used"))


def test_wide_columns_become_rows_and_blank_ones_are_no_rows(b: MappingBench) -> None:
    b.text("r.csv", "subject_id,suds_b_s3_e1,suds_e_s3_e1,suds_b_s3_e2,suds_e_s3_e2,suds_b_s4_e1\n1,50,20,,,70\n2,,,60,30,\n")
    b.map(
        r"""
        rating:
          file: r.csv
          wide: {pattern: 'suds_(?P<column>[be])_s(?P<session>\d+)_e(?P<exercise>\d+)'}
          fields: {session_no: session, exercise_no: exercise, begin: {from: b, scale: 0-100}, end: {from: e, scale: 0-100}}
        """
    )
    assert b.rows("rating", "subject_id", "session_no", "exercise_no", "begin_suds", "end_suds", "source_row") == [
        ("1", 3, 1, 50.0, 20.0, 1), ("1", 4, 1, 70.0, None, 1), ("2", 3, 2, 60.0, 30.0, 2),
    ]  # fmt: skip


def test_wide_cells_without_a_column_group_are_called_value(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,site_note,dose1,dose2\n1,x,50,\n")
    b.map(r"dose: {file: d.csv, wide: {pattern: 'dose(?P<no>\d)'}, fields: {session_no: no, dose: {from: value, unit: mg}}}")
    assert b.row("dose", "session_no", "dose_mg") == (1, 50.0)


def test_long_rows_are_spread_by_test_code_and_two_values_for_one_cell_are_a_fault(b: MappingBench) -> None:
    b.text(
        "fa.csv",
        "USUBJID,VISIT,EX,CODE,VAL\n1,3,1,BEG,50\n1,3,1,END,20\n1,3,2,END,30\n1,3,2,BEG,60\n1,3,2,BEG,61\n1,3,2,END,30\n1,3,3,PULSE,80\n",
    )
    b.map(
        """
        rating:
          file: fa.csv
          long: {test: CODE, value: VAL, by: [USUBJID, VISIT, EX]}
          fields:
            subject_id: USUBJID
            session_no: VISIT
            exercise_no: EX
            begin: {from: BEG, scale: 0-100}
            end: {from: END, scale: 0-100}
        """
    )
    assert b.rows("rating", "exercise_no", "begin_suds", "begin_suds_fault", "end_suds", "source_row") == [
        (1, 50.0, None, 20.0, 1), (2, None, "ambiguous_join", 30.0, 3),
    ]  # fmt: skip
    assert b.rows("loose_row", "fault", "source_row") == [("unclaimed_row", 7)]
    # the second END of exercise 2 says what the first has said, the second BEG does not
    assert b.rows("repeated_cell", "source_row", "record_key", "table_name") == [(6, "1|3|2|END", "rating")]


def test_one_export_of_many_sites_gives_each_row_its_own_site(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,dag\n1,lisbon\n2,porto\n3,madrid\n4,\n5,../x\n")
    b.map(
        "subject: {file: s.csv}\nadverse_event: {file: s.csv, fields: {verbatim: dag}}",
        top="sites: {from: dag, known: {lisbon: {}, porto: {timezone: Europe/Lisbon}}}",
    )
    assert b.rows("subject", "subject_id", "site") == [("1", "lisbon"), ("2", "porto")]
    assert b.rows("loose_row", "source_row", "fault", "table_name") == [(n, "unknown_site", "subject") for n in (3, 4, 5)]
    b.map("subject: {file: s.csv}", top="sites: {from: dag}")
    assert [s for (s,) in b.rows("subject", "site")] == ["lisbon", "porto", "madrid"]


def test_the_site_may_be_cut_out_of_a_tables_own_column(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,x\n07-1,a\n08-2,b\n")
    b.map(
        r"subject: {file: s.csv, site: {from: subject_id, pattern: '(?P<value>\d+)-\d+'}}",
        top="sites: {from: dag, known: {'07': {}, '08': {}}}",
    )
    assert b.rows("subject", "site") == [("07",), ("08",)]


def test_a_ragged_row_reaches_no_table_and_is_told(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,40\n2,41,9,9\n3,42\n")
    b.map("subject: {file: s.csv, fields: {age_years: age}}")
    assert b.rows("subject", "subject_id") == [("1",), ("3",)]
    assert b.rows("loose_row", "fault", "source_row", "table_name") == [("ragged_row", 2, "subject")]


def test_columns_nobody_uses_are_listed_unless_ignored(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age,note,meta_1\n1,40,x,y\n")
    b.map("subject: {file: s.csv, fields: {age_years: age}, ignore_columns: 'meta_*'}")
    assert b.rows("file_column", "column_name", "used") == [
        ("age", True),
        ("meta_1", True),
        ("note", False),
        ("subject_id", True),
    ]


def test_delta_deliveries_are_all_read_and_numbered(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,40\n", delivery="a")
    b.text("s.csv", "subject_id,age\n1,41\n", delivery="b")
    b.map("subject: {file: s.csv, fields: {age_years: age}}", top="delivery: delta", deliveries=("a", "b"))
    assert b.rows("subject", "delivery_no", "age_years") == [(0, 40.0), (1, 41.0)]
    ids = [i for (i,) in b.rows("subject", "row_id")]
    assert ids == sorted(set(ids))


def test_equal_values_have_equal_hashes_and_other_values_or_bad_texts_do_not(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age,sex\n1,40,F\n1,40.0,f\n1,41,F\n1,x,F\n1,y,F\n")
    b.map("subject: {file: s.csv, fields: {age_years: age, sex: sex}}")
    first, second, third, fourth, fifth = [h for (h,) in b.rows("subject", "row_hash")]
    assert first == second
    assert len({first, third, fourth, fifth}) == 4


def test_the_randomization_list_of_a_blinded_trial_is_not_opened(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,40\n")
    b.text("rand.csv", "subject_id,arm\n1,DCS\n")
    tables = "subject: {file: s.csv}\nrandomization: {file: rand.csv, fields: {arm: arm}}"
    b.map(tables)
    assert b.rows("randomization", "arm") == []
    assert b.rows("loose_row", "fault") == []
    assert "rand.csv" not in {n for (n,) in b.rows("file_column", "file_name")}
    b.map(tables, blinding={"status": "open"})
    assert b.rows("randomization", "arm") == [("DCS",)]


def test_one_row_may_feed_two_mappings_of_one_table(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,pre,post\n1,50,25\n")
    b.map(
        """
        dose:
          - {file: d.csv, fields: {time_point: {const: PRE}, dose: {from: pre, unit: mg}}}
          - {file: d.csv, fields: {time_point: {const: POST}, dose: {from: post, unit: mg}}}
        """
    )
    assert b.rows("dose", "time_point", "dose_mg") == [("PRE", 50.0), ("POST", 25.0)]
    assert len({i for (i,) in b.rows("dose", "row_id")}) == 2


def test_sites_of_one_profile_are_mapped_together_and_keep_their_rows_apart(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,age\n1,40\n", delivery="one")
    b.text("s.csv", "subject_id,age\n1,50\n", delivery="two")
    units = [b.unit("subject: {file: s.csv, fields: {age_years: age}}", top=f"site_id: '0{n}'") for n in (1, 2)]
    map_batch(b.con, [MapInput(n, u, (b.delivery(d),)) for n, u, d in zip((1, 2), units, ("one", "two"), strict=True)])
    assert b.rows("subject", "unit", "site", "age_years") == [(1, "01", 40.0), (2, "02", 50.0)]


def test_the_raw_tables_are_gone_afterwards(b: MappingBench) -> None:
    b.text("s.csv", "subject_id\n1\n")
    b.map("subject: {file: s.csv}")
    assert b.con.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall() == []
    assert b.con.execute("select view_name from duckdb_views() where view_name like 'raw%'").fetchall() == []


def test_every_table_exists_with_the_columns_of_its_contract(b: MappingBench) -> None:
    from schemas.intake import CONTRACTS

    b.text("s.csv", "subject_id\n1\n")
    b.map("subject: {file: s.csv}")
    for name, contract in CONTRACTS.items():
        found = b.con.execute(
            # names are stored as numbers; to SQL an enumeration is text
            "select column_name, case when data_type like 'ENUM(%' then 'VARCHAR' else data_type end from duckdb_columns()"
            " where schema_name = 'mapped' and table_name = $1 order by column_index",
            [name],
        )
        assert dict(found.fetchall()) == contract.mapped_columns()


def test_names_that_a_reshaping_makes_must_be_new(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,value,dose1\n1,x,50\n")
    with pytest.raises(ConfigurationError, match=r"wide\.pattern makes columns"):
        b.map(r"dose: {file: d.csv, wide: {pattern: 'dose(?P<no>\d)'}, fields: {dose: {from: value, unit: mg}}}")
