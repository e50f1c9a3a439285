"""Mapping language: numbers, doses and their units, declared scales."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    """An empty site."""
    return MappingBench(tmp_path)


def column(b: MappingBench, texts: list[str], table: str, spec: str, *columns: str, more: str = "", **kwargs: str) -> list[tuple]:  # type: ignore[type-arg]
    """One column of texts through one field."""
    quoted = ['"' + t.replace('"', '""') + '"' for t in texts]
    b.text("f.csv", "subject_id,session_no,exercise_no,x\n" + "".join(f"{n},1,1,{t}\n" for n, t in enumerate(quoted)))
    b.map(f"{table}: {{file: f.csv, {more} fields: {{{spec}}}}}", **kwargs)  # type: ignore[arg-type]
    return b.rows(table, *columns)


def test_a_number_is_digits_with_one_decimal_character_and_nothing_else(b: MappingBench) -> None:
    bad = [
        "1e3",
        "1_000",
        "0x1F",
        "1,5",
        "1.",
        ".5",
        "NaN",
        "inf",
        "--1",
        "1 000",
        "\u00b2",
        "\u0665",
        "9" * 400,
        "2.5.1",
        "+",
        "1-2",
    ]
    good = ["1.5", "+2", "-3", "007", "0.10"]
    rows = column(b, bad + good, "subject", "age_years: x", "age_years", "age_years_fault")
    assert rows[: len(bad)] == [(None, "unreadable")] * len(bad)
    assert rows[len(bad) :] == [(1.5, None), (2.0, None), (-3.0, None), (7.0, None), (0.1, None)]


def test_whole_numbers_are_never_rounded(b: MappingBench) -> None:
    b.text("f.csv", "subject_id,no\n1,2\n1,2.0\n1,2.5\n1,99999999999\n1,1e1\n")
    b.map("session: {file: f.csv, fields: {session_no: no}}")
    assert b.rows("session", "session_no", "session_no_fault") == [
        (2, None), (2, None), (None, "unreadable"), (None, "unreadable"), (None, "unreadable"),
    ]  # fmt: skip


def test_a_point_in_a_decimal_comma_column_is_unreadable(b: MappingBench) -> None:
    spec = "weight_kg: {from: x, unit: kg, decimal: ','}"
    rows = column(b, ["70,5", "70.5", "1.234,5"], "subject", spec, "weight_kg", "weight_kg_fault")
    assert rows == [(70.5, None), (None, "unreadable"), (None, "unreadable")]


def test_declared_thousands_are_read_in_groups_of_three_only(b: MappingBench) -> None:
    spec = "weight_kg: {from: x, unit: g, decimal: ',', thousands: '.'}"
    rows = column(b, ["70.500", "70500,5", "7.0500", "1.234.567,8"], "subject", spec, "weight_kg", "weight_kg_fault")
    assert rows == [(70.5, None), (70.5005, None), (None, "unreadable"), (1234.5678, None)]


def test_a_dose_with_a_fixed_unit_is_milligrams_without_float_dust(b: MappingBench) -> None:
    rows = column(
        b, ["0.05", "0.035", "0.05 g", "50 mg", "50 foo", "fifty"], "dose", "dose: {from: x, unit: g}", "dose_mg", "dose_mg_fault"
    )
    assert rows == [
        (50.0, None),
        (35.0, None),
        (50.0, None),
        (None, "unit_conflict"),
        (None, "unit_unknown"),
        (None, "unreadable"),
    ]


def test_a_dose_whose_unit_stands_in_a_column(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,n,u\n1,50,mg\n2,0.05,G\n3,50,\n4,50,IU\n5,50 mg,mcg\n6,,mg\n")
    b.map("dose: {file: d.csv, fields: {dose: {from: n, unit: {from: u}}}}")
    assert b.rows("dose", "dose_mg", "dose_mg_fault", "dose_as_recorded") == [
        (50.0, None, "50 mg"),
        (50.0, None, "0.05 G"),
        (None, "unit_missing", "50"),
        (None, "unit_unknown", "50 IU"),
        (None, "unit_conflict", "50 mg mcg"),
        (None, None, None),
    ]


def test_a_text_that_carries_its_unit(b: MappingBench) -> None:
    texts = [
        "50 mg",
        "0,05 g",
        "50mg",
        "2 x 25 mg",
        "2x25mg",
        "250 µg",
        "50",
        "2 x 25",
        "50 foo",
        "a bit",
        "50 mg daily",
        "50\u00a0mg",
        "0.05 g",
    ]
    rows = column(
        b, texts, "dose", "dose: {from: x, split_unit: true, decimal: ','}", "dose_mg", "dose_mg_fault", "dose_mg_repair"
    )
    assert rows == [
        (50.0, None, None), (50.0, None, None), (50.0, None, None), (50.0, None, None), (50.0, None, None), (0.25, None, None),
        (None, "unit_missing", None), (None, "unit_missing", None), (None, "unit_unknown", None), (None, "unreadable", None),
        (None, "unreadable", None), (50.0, None, "space_removed"), (None, "unreadable", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        ("50", "mg | MG | Mg | mg. | mgs | milligrams | Milligramm | milligrammes | miligramos | miligramas | milligrammi"),
        ("0.05", "g | G | gm | Gramm | gramme | gramos"),
        ("50000", "ug | mcg | \u00b5g | \u03bcg | MCG | Mikrogramm | microgrammes | microgramos"),
    ],
)
def test_a_unit_may_be_spelled_in_many_ways(b: MappingBench, number: str, spellings: str) -> None:
    texts = [f"{number} {unit.strip()}" for unit in spellings.split("|")]
    rows = column(b, texts, "dose", "dose: {from: x, split_unit: true}", "dose_mg", "dose_mg_fault")
    assert rows == [(50.0, None)] * len(texts)


def test_count_times_strength(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,n,s\n1,2,25\n2,1,50\n3,,25\n4,2,\n5,two,25\n6,2,25 mg\n7,2,25 g\n")
    b.map("dose: {file: d.csv, fields: {dose: {from: n, times: s, unit: mg}}}")
    assert b.rows("dose", "dose_mg", "dose_mg_fault", "dose_as_recorded") == [
        (50.0, None, "2 x 25"), (50.0, None, "1 x 50"), (None, None, None), (None, None, "2 x"), (None, "unreadable", "two x 25"),
        (50.0, None, "2 x 25 mg"), (None, "unit_conflict", "2 x 25 g"),
    ]  # fmt: skip


def test_count_times_a_strength_that_carries_its_unit(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,n,s\n1,2,25 mg\n2,2,25\n")
    b.map("dose: {file: d.csv, fields: {dose: {from: n, times: s, split_unit: true}}}")
    assert b.rows("dose", "dose_mg", "dose_mg_fault") == [(50.0, None), (None, "unit_missing")]


def test_a_corrected_dose_may_bring_its_own_unit(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,n,u\n1,50,g\n2,50,mg\n")
    fix = {"table": "dose", "key": "1|||", "field": "dose_mg", "as_sent": "50 g", "use": "50 mg"}
    b.map("dose: {file: d.csv, fields: {dose: {from: n, unit: {from: u}}}}", corrections=[fix])
    assert b.rows("dose", "dose_mg", "dose_mg_repair", "dose_as_recorded") == [(50.0, "corrected", "50 g"), (50.0, None, "50 mg")]
    assert b.rows("stale_correction", "field") == []


def test_a_dose_or_weight_without_a_declared_unit_is_a_configuration_error(b: MappingBench) -> None:
    assert "dose: its unit is not declared" in b.problems("dose: {file: d.csv, fields: {dose: n}}")
    assert "weight_kg: its unit is not declared; say unit: kg" in b.problems("subject: {file: d.csv, fields: {weight_kg: n}}")
    assert "unit 'cm' is not known" in b.problems("subject: {file: d.csv, fields: {weight_kg: {from: n, unit: cm}}}")


def test_weight_in_pounds_and_age_in_months(b: MappingBench) -> None:
    b.text("s.csv", "subject_id,w,a\n1,150,144\n")
    b.map("subject: {file: s.csv, fields: {weight_kg: {from: w, unit: lb}, age_years: {from: a, unit: months}}}")
    assert b.row("subject", "weight_kg", "age_years") == (68.0388555, 12.0)


@pytest.mark.parametrize(
    ("scale", "texts", "values"),
    [
        ("0-100", ["0", "55", "100", "101"], [0, 55, 100, None]),
        ("1-100", ["1", "100", "0"], [0, 100, None]),
        ("0-10", ["0", "7.5", "10", "11", "-1"], [0, 75, 100, None, None]),
        ("0-8", ["0", "4", "8", "9"], [0, 50, 100, None]),
    ],
)
def test_fear_ratings_go_to_0_100_by_the_declared_scale(
    b: MappingBench, scale: str, texts: list[str], values: list[float | None]
) -> None:
    rows = column(b, texts, "rating", f"begin: {{from: x, scale: {scale}}}", "begin_suds", "begin_suds_fault", "scale")
    assert rows == [(v, None if v is not None else "out_of_scale", scale) for v in values]


def test_a_rating_without_a_declared_scale_is_a_configuration_error(b: MappingBench) -> None:
    assert "begin: its scale is not declared" in b.problems("rating: {file: r.csv, fields: {begin: x}}")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ("begin: {from: a, scale: 0-100}, end: {from: a, scale: 0-100}", "begin and end both read 'a'"),
        ("begin: {from: a, scale: 0-100}, end: {from: b, scale: 0-100}", ""),
        ("session_no: n, exercise_no: n", "session_no and exercise_no both read 'n'"),
        ("session_no: {from: n, pattern: '(?P<value>\\d)-.*'}, exercise_no: {from: n, pattern: '.*-(?P<value>\\d)'}", ""),
    ],
)
def test_two_fields_of_a_kind_do_not_read_the_same_text(b, fields, told):
    found = b.problems(f"rating: {{file: s.csv, fields: {{subject_id: id, {fields}}}}}")
    assert found == (f"tables.rating: {told}; a cell is one of the two" if told else "")
