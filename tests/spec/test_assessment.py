"""Questionnaires as they come: repetitions, parts, wide and long, totals; staging.form, staging.item, core.form."""

from __future__ import annotations

import pytest

SUBJECTS = """
    subject_id | consented_on | randomized_on
    S1         | 2023-12-20   | 2024-01-01
    S2         | 2023-12-20   | 2024-01-01
"""
NO_DOSES = "study | site | subject_id | first_on::DATE"


@pytest.fixture
def bench(run_models):
    """PDSS (7 items) wide and SPD-S long."""
    run_models.trial(instruments=["PDSS", "SPD-S"], primary="PDSSTOT")
    run_models.given("intake.subject", SUBJECTS)
    run_models.given("core.treatment_period", NO_DOSES)
    return run_models


def dup_kinds(bench, text: str, **constants) -> list[str | None]:
    bench.given("mapped.form", text, instrument="PDSS", visit="BASELINE", assessed_on="2024-01-01", **constants)
    bench.run("staging.form")
    return [kind for _, kind in bench.rows("staging.form", "row_id", "dup_kind")]


def test_the_same_row_twice_is_kept_once(bench):
    assert dup_kinds(bench, """
        subject_id | row_hash | item_values
        S1         | 7        | [1,1,1,1,1,1,1]
        S1         | 7        | [1,1,1,1,1,1,1]
        S2         | 7        | [1,1,1,1,1,1,1]
    """) == [None, "same", None]  # fmt: skip


def test_one_different_answer_sets_all_rows_of_the_key_aside(bench):
    assert dup_kinds(bench, """
        subject_id | item_values
        S1         | [1,1,1,1,1,1,1]
        S1         | [1,1,1,1,1,1,2]
        S1         | [1,1,1,null,null,null,null]
    """) == ["conflict", "conflict", "conflict"]  # fmt: skip


def test_complementary_halves_are_parts_of_one_form(bench):
    assert dup_kinds(bench, """
        subject_id | source_file | item_values
        S1         | aaa         | [1,2,3,null,null,null,null]
        S1         | bbb         | [null,null,null,4,3,2,1]
    """) == ["part", "part"]  # fmt: skip
    bench.run("core.form")
    assert bench.rows("core.form", "item_values", "item_rows", "item_files") == [
        ([1, 2, 3, 4, 3, 2, 1], [1, 1, 1, 2, 2, 2, 2], ["aaa"] * 3 + ["bbb"] * 4)
    ]


def test_halves_of_one_source_row_are_parts_even_when_both_are_blank(bench):
    assert dup_kinds(bench, """
        subject_id | source_row | row_hash | item_values
        S1         | 5          | 1        | [null,null,null,null,null,null,null]
        S1         | 5          | 1        | [null,null,null,null,null,null,null]
        S1         | 6          | 1        | [null,null,null,null,null,null,null]
    """) == ["part", "part", "same"]  # fmt: skip
    bench.con.execute("create or replace table intake.form as select * from staging.form where dup_kind = 'part'")
    bench.made.add("intake.form")
    bench.run("core.form")
    assert bench.rows("core.form", "source_row", "item_rows") == [(5, None)]


def test_an_answer_that_could_not_be_read_contradicts_another_answer(bench):
    bench.given("mapped.item_fault", """
        form_row_id | instrument | item   | value_raw | value_fault
        2           | PDSS       | PDSS07 | 9         | out_of_scale
    """)
    assert dup_kinds(bench, """
        subject_id | item_values
        S1         | [1,1,1,1,1,1,1]
        S1         | [1,1,1,1,1,1,null]
    """) == ["conflict", "conflict"]  # fmt: skip


def test_a_later_delivery_takes_the_place_of_the_items_it_sends_again(bench):
    assert dup_kinds(bench, """
        subject_id | delivery_no | item_values
        S1         | 1           | [1,1,1,null,null,null,null]
        S1         | 1           | [null,null,null,1,1,1,1]
        S1         | 2           | [2,2,null,null,null,null,null]
    """) == ["superseded", "part", "part"]  # fmt: skip


def test_two_spellings_of_a_visit_are_one_key_and_two_unreadable_dates_are_not(run_models):
    run_models.given("intake.subject", SUBJECTS)
    run_models.given("mapped.form", """
        subject_id | visit    | assessed_on | assessed_on_raw | item_values
        S1         | Pre      | 2024-01-01  | 2024-01-01      | [1]
        S1         | baseline | 2024-01-01  | 01.01.2024      | [2]
        S2         | W4       |             | 31.02.2024      | [1]
        S2         | W4       |             | 30.02.2024      | [2]
        S2         |          |             |                 | [1]
        S2         |          |             |                 | [2]
    """, instrument="SPD-S")
    run_models.run("staging.form")
    assert [k for _, k in run_models.rows("staging.form", "row_id", "dup_kind")] == ["conflict", "conflict", None, None, None, None]


def test_long_items_same_differing_and_superseded(bench):
    bench.given("mapped.item", """
        subject_id | delivery_no | row_hash | item   | item_no | value
        S1         | 0           | 1        | PDSS01 | 1       | 1
        S1         | 0           | 1        | PDSS01 | 1       | 1
        S1         | 0           | 2        | PDSS02 | 2       | 1
        S1         | 0           | 3        | PDSS02 | 2       | 2
        S1         | 0           | 4        | PDSS03 | 3       | 1
        S1         | 1           | 5        | PDSS03 | 3       | 2
    """, instrument="PDSS", visit="W4", assessed_on="2024-01-29", is_total="false", counts="true")
    bench.run("staging.item")
    assert [k for _, k in bench.rows("staging.item", "row_id", "dup_kind")] == [None, "same", "conflict", "conflict", "superseded", None]


def test_a_total_of_a_wide_row_is_not_a_row_of_its_own_to_complain_about(bench):
    bench.given("mapped.item", """
        subject_id | counts | is_total | item    | value | assessed_on | assessed_on_fault
        S9         | false  | true     | PDSSTOT | 7     |             | impossible_date
        S9         | true   | false    | PDSS01  | 1     |             | impossible_date
                   | false  | true     | PDSSTOT | 7     |             |
    """, instrument="PDSS", visit="W4")
    bench.run("staging.item")
    assert bench.rows("staging.item", "counts", "subject_known", "assessed_on_fault") == [
        (False, None, None), (True, False, "impossible_date"),
    ]  # fmt: skip


def test_long_items_become_one_form_in_item_order_with_their_own_rows(bench):
    bench.given("intake.item", """
        subject_id | item    | item_no | is_total | value | value_raw | value_fault | source_row
        S1         | PDSS03  | 3       | false    | 2     | 2         |             | 10
        S1         | PDSS01  | 1       | false    | 1     | 1         |             | 11
        S1         | PDSS02  | 2       | false    |       | x         | unreadable  | 12
        S1         | PDSS04  | 4       | false    |       | .         |             | 14
        S1         | PDSSTOT |         | true     | 9     | 9         |             | 13
    """, instrument="PDSS", visit="W4", visit_key="W4", assessed_on="2024-01-29", date_key="2024-01-29", counts="true")
    bench.run("core.form_total")
    assert bench.rows("core.form", "item_values", "item_rows", "n_answered", "n_faulty", "n_items") == [
        ([1, None, 2, None, None, None, None], [11, 12, 10, 14, None, None, None], 2, 1, 7)
    ]
    assert bench.rows("core.form_total", "paramcd", "reported") == [("PDSSTOT", 9.0)]


def test_a_wide_form_and_long_items_of_one_administration_are_laid_over_each_other(bench):
    bench.given("intake.form", """
        subject_id | item_values
        S1         | [1,1,1,1,1,1,null]
        S2         | [1,1,1,1,1,1,1]
    """, instrument="PDSS", visit="W4", visit_key="W4", assessed_on="2024-01-29", date_key="2024-01-29")
    bench.given("mapped.item", """
        subject_id | row_hash | item   | item_no | value
        S1         | 1        | PDSS07 | 7       | 4
        S2         | 2        | PDSS07 | 7       | 4
        S2         | 3        | PDSS06 | 6       | 1
    """, instrument="PDSS", visit="W4", assessed_on="2024-01-29", is_total="false", counts="true")
    bench.run("staging.item")
    assert [k for _, k in bench.rows("staging.item", "row_id", "dup_kind")] == [None, "conflict", "same"]
    bench.con.execute("create or replace table intake.item as select * from staging.item where dup_kind is null")
    bench.made.add("intake.item")
    bench.run("core.form")
    assert bench.rows("core.form", "subject_id", "item_values") == [("S1", [1, 1, 1, 1, 1, 1, 4]), ("S2", [1] * 7)]


def test_of_an_instrument_delivered_in_totals_the_reported_total_is_the_score(bench):
    bench.given("intake.item", """
        subject_id | item     | value | assessed_on
        S1         | PDSSTOT  | 14    | 2024-01-01
        S1         | PDSSMEAN | 2     | 2024-01-01
        S2         | PDSSTOT  | 99    | 2024-01-01
    """, instrument="PDSS", visit="BASELINE", visit_key="BASELINE", date_key="2024-01-01", is_total="true", counts="true")
    bench.run("core.score", "core.total_check")
    assert bench.rows("core.score", "paramcd", "aval", "n_answered", "reported", "total_diff") == [
        ("PDSSMEAN", 2.0, 0, 2.0, None), ("PDSSTOT", 14.0, 0, 14.0, None), ("PDSSTOT", None, 0, 99.0, None),
    ]  # fmt: skip
    assert bench.judge("core.total_check") == [("total_out_of_scale", "total", "3")]
    bench.run("core.form_check")
    assert "assessment_total_unchecked" not in {rule for rule, _, _ in bench.judge("core.form_check")}


@pytest.mark.parametrize(
    ("other", "columns"),
    [
        ("[1,1,1,1,1,1,1]", ""),  # this form is blank, but another one of the site has items
        ("[null,null,null,null,null,null,null]", "PDSS"),  # all forms are blank, but the mapping names item columns
    ],
)
def test_a_total_whose_items_are_all_blank_is_kept_as_reported_and_is_no_score(bench, other, columns):
    bench.given("intake.wide_file", "instrument | n_missing\n" + (f"{columns} | 0" if columns else ""))
    bench.given("mapped.form", f"""
        subject_id | visit    | assessed_on | assessed_on_raw | item_values                          | source_row | record_key
        S1         | BASELINE | 2024-01-01  | 2024-01-01      | {other}                              | 1          | first
        S1         | W4       | 2024-01-29  | 2024-01-29      | [null,null,null,null,null,null,null] | 2          | blank
    """, instrument="PDSS")
    bench.given("mapped.item", """
        subject_id | item    | value | visit | assessed_on | assessed_on_raw | source_row
        S1         | PDSSTOT | 9     | W4    | 2024-01-29  | 2024-01-29      | 2
    """, instrument="PDSS", is_total="true", counts="false")
    bench.run("core.form_check", "core.total_check")
    assert bench.con.execute("select aval, pomp, n_answered, reported, is_used from core.score where form_id = 4").fetchall() == [
        (None, None, 0, 9.0, False)
    ]
    asked = [(rule, key) for rule, _, key in bench.judge("core.form_check") if key == "blank"]
    assert ("assessment_total_unchecked", "blank") in asked
    assert bench.judge("core.total_check") == []


def test_a_total_stands_beside_the_computed_one_and_a_difference_is_asked_about(bench):
    bench.given("mapped.form", """
        subject_id | visit    | assessed_on | assessed_on_raw | item_values        | source_row
        S1         | BASELINE | 2024-01-01  | 2024-01-01      | [1,1,1,1,1,1,1]    | 1
        S1         | W4       | 2024-01-29  | 2024-01-29      | [1,1,1,1,1,1,1]    | 2
        S1         | POST     | 2024-03-25  | 2024-03-25      | [1,1,1,1,1,1,null] | 3
    """, instrument="PDSS")
    bench.given("mapped.item", """
        subject_id | item     | value | visit    | assessed_on | assessed_on_raw | source_row | record_key
        S1         | PDSSTOT  | 7     | BASELINE | 2024-01-01  | 2024-01-01      | 1          | right
        S1         | PDSSMEAN | 1.04  | BASELINE | 2024-01-01  | 2024-01-01      | 1          | rounded
        S1         | PDSSTOT  | 9     | W4       | 2024-01-29  | 2024-01-29      | 2          | wrong
        S1         | PDSSTOT  | 9     | POST     | 2024-03-25  | 2024-03-25      | 3          | incomplete
    """, instrument="PDSS", is_total="true", counts="false")
    bench.run("core.total_check")
    assert bench.rows("core.score", "form_id", "paramcd", "aval", "reported", "total_diff") == [
        (2, "PDSSMEAN", 1.0, 1.04, 0.04), (2, "PDSSTOT", 7.0, 7.0, 0.0), (4, "PDSSMEAN", 1.0, None, None), (4, "PDSSTOT", 7.0, 9.0, 2.0),
        (6, "PDSSMEAN", None, None, None), (6, "PDSSTOT", None, 9.0, None),
    ]  # fmt: skip
    assert bench.judge("core.total_check") == [("total_differs", "total", "wrong")]


def test_the_total_of_a_row_that_was_set_aside_falls_with_it(bench):
    bench.given("intake.form", "subject_id | source_row | item_values\nS1 | 2 | [1,1,1,1,1,1,1]",
                instrument="PDSS", visit="W4", visit_key="W4", assessed_on="2024-01-29", date_key="2024-01-29")  # fmt: skip
    bench.given("intake.item", "subject_id | source_row | item | value\nS1 | 1 | PDSSTOT | 9\nS1 | 2 | PDSSTOT | 7", instrument="PDSS",
                visit="W4", visit_key="W4", assessed_on="2024-01-29", date_key="2024-01-29", is_total="true", counts="false")  # fmt: skip
    bench.run("core.form_total")
    assert bench.rows("core.form_total", "reported") == [(7.0,)]


def test_items_that_look_coded_one_too_high_are_told_of_the_site_and_never_shifted(bench):
    rows = "\n".join(f"S{n % 2 + 1} | 2024-02-{n:02d} | 2024-02-{n:02d} | [1,2,3,4,1,2,null]" for n in range(1, 9))
    bench.given("intake.form", f"subject_id | assessed_on | date_key | item_values\n{rows}", instrument="PDSS")
    bench.given("intake.item_fault", "form_row_id | instrument | item | value_raw | value_fault\n1 | PDSS | PDSS07 | 5 | out_of_scale")
    bench.run("core.site_item")
    assert bench.judge("core.site_item") == [("items_shifted", "", "PDSS")]
    assert bench.rows("core.site_item", "n_answers", "is_lowest_used") == [(48, False)]  # six of seven in eight forms
    assert bench.rows("core.form", "item_values")[0] == ([1, 2, 3, 4, 1, 2, None],)


@pytest.mark.parametrize(
    ("n", "used", "too_high", "found"),
    [(2000, False, 0, ["lowest_answer_unused_site"]), (1999, False, 0, []), (2000, True, 0, []), (2000, False, 1, ["items_shifted"])],
)
def test_a_site_that_never_gives_the_lowest_answer_is_asked_what_its_numbers_mean(bench, n, used, too_high, found):
    head = "unit::INT|study|site|instrument|record_key|n_one_too_high::INT|n_one_too_low::INT|n_answers::INT|lowest_above_min::INT"
    row = f"0|t01|01|LSAS|LSAS|{too_high}|0|{n}|{0 if used else 1}|0|{used}"
    bench.given("core.site_item", f"{head}|highest_below_max::INT|is_lowest_used::BOOLEAN\n{row}")
    assert [rule for rule, _, _ in bench.judge("core.site_item")] == found


def test_a_lowest_answer_that_occurs_shows_that_nothing_is_shifted(bench):
    rows = "\n".join(f"S{n % 2 + 1} | 2024-02-{n:02d} | 2024-02-{n:02d} | [0,2,3,4,1,2,null]" for n in range(1, 9))
    bench.given("intake.form", f"subject_id | assessed_on | date_key | item_values\n{rows}", instrument="PDSS")
    bench.given("intake.item_fault", "form_row_id | instrument | item | value_raw | value_fault\n1 | PDSS | PDSS07 | 5 | out_of_scale")
    bench.run("core.site_item")
    assert bench.judge("core.site_item") == []


def test_what_staging_asks_of_a_form(bench):
    bench.given("mapped.form", """
        subject_id | instrument | assessed_on | record_key | item_values
        S1         | PDSS       | 2025-12-30  | good       | [1,1,1,1,1,1,1]
        S1         | PDSS       | 2026-01-02  | future     | [1,1,1,1,1,1,1]
        S1         | LSAS       | 2024-01-03  | foreign    | [1]
        S9         | PDSS       | 2024-01-04  | unlisted   | [1,1,1,1,1,1,1]
    """, visit="BASELINE")
    bench.run("staging.form")
    assert bench.judge("form") == [
        ("assessment_in_future", "assessed_on", "future"), ("instrument_not_of_trial", "instrument", "foreign"),
        ("subject_not_listed", "", "unlisted"),
    ]  # fmt: skip


def test_the_impossible_year_of_a_form_is_asked_about_once_and_not_again_with_its_total(bench):
    bench.given("mapped.form", """
        subject_id | instrument | assessed_on | record_key | item_values
        S1         | PDSS       | 1924-01-03  | typed      | [1,1,1,1,1,1,1]
    """, visit="BASELINE")
    bench.given("mapped.item", """
        subject_id | counts | is_total | item   | value | assessed_on | record_key
        S1         | false  | true     | PDSS   | 7     | 1924-01-03  | with its form
        S1         | true   | true     | PDSS   | 7     | 1924-01-04  | by itself
    """, instrument="PDSS")
    bench.run("staging.item")
    found = bench.judge("form") + bench.judge("item")
    assert found == [("date_too_early", "assessed_on", "typed"), ("date_too_early", "assessed_on", "by itself")]


def test_long_items_from_two_files_keep_their_files(bench):
    bench.given("intake.item", """
        subject_id | item   | item_no | value | source_row | source_file
        S1         | PDSS01 | 1       | 1     | 10         | aaa
        S1         | PDSS03 | 3       | 2     | 10         | bbb
    """, instrument="PDSS", visit_key="W4", is_total="false", counts="true")
    bench.run("core.form")
    assert bench.rows("core.form", "item_rows", "item_files") == [
        ([10, None, 10, None, None, None, None], ["aaa", None, "bbb", None, None, None, None])
    ]
