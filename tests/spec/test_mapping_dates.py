"""Mapping language: formats, clocks, offsets, date and time in separate columns, partial dates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.mapping_bench import MappingBench


@pytest.fixture
def b(tmp_path: Path) -> MappingBench:
    """An empty site."""
    return MappingBench(tmp_path)


def instants(b: MappingBench, texts: list[str], spec: str = "", top: str = "") -> list[tuple]:  # type: ignore[type-arg]
    """Texts as the start of a session -> (wall clock, day, offset, fault)."""
    b.text("s.csv", "subject_id,session_no,x\n" + "".join(f'1,{n},"{t}"\n' for n, t in enumerate(texts)))
    b.map(f"session: {{file: s.csv, fields: {{started_at: {{from: x{spec}}}}}}}", top=top)
    return b.rows("session", "started_at_local", "started_at_on", "started_at_offset_s", "started_at_fault")


def days(b: MappingBench, texts: list[str], spec: str = "") -> list[tuple]:  # type: ignore[type-arg]
    """Texts as a day of consent -> (day, fault, repair)."""
    b.text("s.csv", "subject_id,x\n" + "".join(f'{n},"{t}"\n' for n, t in enumerate(texts)))
    b.map(f"subject: {{file: s.csv, fields: {{consented_on: {{from: x{spec}}}}}}}")
    return b.rows("subject", "consented_on", "consented_on_fault", "consented_on_repair")


def partials(b: MappingBench, texts: list[str], spec: str = "") -> list[tuple]:  # type: ignore[type-arg]
    """Texts as the start of a medication -> (ISO text, fault)."""
    b.text("m.csv", "subject_id,verbatim,x\n" + "".join(f'1,Z{n},"{t}"\n' for n, t in enumerate(texts)))
    b.map(f"medication: {{file: m.csv, fields: {{started_on: {{from: x{spec}}}}}}}")
    return b.rows("medication", "started_on", "started_on_fault")


def test_without_a_format_only_iso_8601_is_read(b: MappingBench) -> None:
    rows = instants(
        b,
        ["2024-03-05 13:05", "2024-03-05T13:05:09", "2024-03-05T13:05:09.250Z", "2024-03-05 13:05+01:00", "2024-03-05T13:05:00-0530",
         "2024-03-05", "05.03.2024 13:05", "2024-3-5 13:05", "2024-03-05 13", "13:05", "20240305", "2024-03-05 13:05 PM"],
    )  # fmt: skip
    assert rows == [
        ("2024-03-05 13:05:00", "2024-03-05", None, None),
        ("2024-03-05 13:05:09", "2024-03-05", None, None),
        ("2024-03-05 13:05:09.25", "2024-03-05", 0, None),
        ("2024-03-05 13:05:00", "2024-03-05", 3600, None),
        ("2024-03-05 13:05:00", "2024-03-05", -19800, None),
        (None, "2024-03-05", None, None),
        *[(None, None, None, "unreadable")] * 6,
    ]


def test_a_clock_time_that_is_written_as_unknown_leaves_the_date(b: MappingBench) -> None:
    spec = ", format: '%d %b %Y %H:%M'"
    rows = instants(b, ["05 MAR 2024 UN:UN", "05 Mar 2024 --:--", "05 Mar 2024 unk", "05 Mar 2024 UN:UN:UN", "05 Mar 2024 noon",
                        "05 Mar 2024 14:UN", "05 MAR 2024 14:05", "31 FEB 2024 UN:UN"], spec)  # fmt: skip
    assert rows == [
        *[(None, "2024-03-05", None, None)] * 4,
        *[(None, None, None, "unreadable")] * 2,
        ("2024-03-05 14:05:00", "2024-03-05", None, None),
        (None, None, None, "impossible_date"),
    ]


def test_an_instant_known_to_the_month_keeps_the_month(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,x\n1,2024-03\n2,UN.03.2024 UN:UN\n3,2024-13\n4,1430\n5,05.03.2024 13:00\n")
    b.map("dose: {file: d.csv, fields: {dosed_at: {from: x, format: '%d.%m.%Y %H:%M'}}}")
    assert b.rows("dose", "dosed_at_local", "dosed_at_on", "dosed_at_part", "dosed_at_fault") == [
        (None, None, "2024-03", "partial_date"),
        (None, None, "2024-03", "partial_date"),
        (None, None, None, "unreadable"),
        (None, None, None, "unreadable"),  # four digits may as well be a clock time
        ("2024-03-05 13:00:00", "2024-03-05", None, None),
    ]


def test_impossible_clock_times_and_days_are_never_rolled_over(b: MappingBench) -> None:
    rows = instants(
        b,
        [
            "2024-03-05 24:00",
            "2024-03-05 25:10",
            "2024-03-05 10:60",
            "2024-03-05 10:10:60",
            "2023-02-29 10:00",
            "0000-01-01 10:00",
        ],
    )
    assert rows == [(None, None, None, "impossible_date")] * 6


def test_formats_are_tried_in_order_and_a_text_that_two_read_differently_is_refused(b: MappingBench) -> None:
    rows = days(b, ["05/03/2024", "25/03/2024", "03/25/2024", "04/04/2024", "31/31/2024"], ', format: ["%d/%m/%Y", "%m/%d/%Y"]')
    assert [(str(day) if day else None, fault) for day, fault, _ in rows] == [
        (None, "ambiguous_format"), ("2024-03-25", None), ("2024-03-25", None), ("2024-04-04", None), (None, "impossible_date"),
    ]  # fmt: skip


def test_date_and_time_in_separate_columns_and_a_missing_time_leaves_the_day(b: MappingBench) -> None:
    b.text("d.csv", "subject_id,D,U\n1,05.03.2024,13:05\n2,05.03.2024,\n3,,13:05\n4,05.03.2024,-9\n5,05.03.2024,kA\n")
    b.map("dose: {file: d.csv, fields: {dosed_at: {from: [D, U], format: '%d.%m.%Y %H:%M', missing: '-9'}}}")
    assert b.rows("dose", "dosed_at_local", "dosed_at_on", "dosed_at_fault", "dosed_at_raw") == [
        ("2024-03-05 13:05:00", "2024-03-05", None, "05.03.2024 13:05"),
        (None, "2024-03-05", None, "05.03.2024"),
        (None, None, "unreadable", "13:05"),
        (None, "2024-03-05", None, "05.03.2024 -9"),
        (None, None, "unreadable", "05.03.2024 kA"),
    ]


def test_a_utc_clock_has_offset_zero_and_an_offset_in_the_text_is_honoured(b: MappingBench) -> None:
    rows = instants(b, ["2024-03-05 13:05", "2024-03-05 13:05+02:00", "2024-03-05"], ", clock: utc")
    assert [r[2] for r in rows] == [0, 7200, None]


def test_the_sites_clock_is_the_default_of_every_field(b: MappingBench) -> None:
    assert [r[2] for r in instants(b, ["2024-03-05 13:05"], top="defaults: {clock: utc}")] == [0]
    assert [r[2] for r in instants(b, ["2024-03-05 13:05"], ", clock: site", top="defaults: {clock: utc}")] == [None]


def test_a_clock_with_offset_refuses_a_time_without_one(b: MappingBench) -> None:
    rows = instants(
        b,
        ["05.03.2024 13:05 +0100", "05.03.2024 13:05", "05.03.2024"],
        ', clock: offset, format: ["%d.%m.%Y %H:%M %z", "%d.%m.%Y %H:%M"]',
    )
    assert rows == [
        ("2024-03-05 13:05:00", "2024-03-05", 3600, None),
        (None, None, None, "unreadable"),
        (None, "2024-03-05", None, None),
    ]


def test_a_twelve_hour_clock_needs_am_or_pm(b: MappingBench) -> None:
    rows = instants(
        b, ["3/5/2024 1:05 PM", "3/5/2024 12:00 a.m.", "3/5/2024 13:05 PM", "3/5/2024 1:05"], ', format: "%m/%d/%Y %I:%M %p"'
    )
    assert [(r[0], r[3]) for r in rows] == [
        ("2024-03-05 13:05:00", None), ("2024-03-05 00:00:00", None), (None, "impossible_date"), (None, "unreadable"),
    ]  # fmt: skip
    assert "needs %p" in b.problems(
        'session: {file: s.csv, fields: {session_no: n, started_at: {from: x, format: "%Y-%m-%d %I:%M"}}}'
    )


def test_a_two_digit_year_needs_a_pivot_and_is_noted(b: MappingBench) -> None:
    rows = days(b, ["29.02.00", "01.02.49", "01.02.50", "01.02.2024"], ', format: "%d.%m.%y", pivot: 50')
    assert [(str(day) if day else None, fault, repair) for day, fault, repair in rows] == [
        ("2000-02-29", None, "two_digit_year"), ("2049-02-01", None, "two_digit_year"), ("1950-02-01", None, "two_digit_year"),
        (None, "unreadable", None),
    ]  # fmt: skip
    assert "needs a pivot" in b.problems('subject: {file: s.csv, fields: {consented_on: {from: x, format: "%d.%m.%y"}}}')


def test_digits_that_touch_must_be_complete(b: MappingBench) -> None:
    rows = days(b, ["05032024", "5032024"], ', format: "%d%m%Y"')
    assert [(str(d) if d else None, f) for d, f, _ in rows] == [("2024-03-05", None), (None, "unreadable")]


def test_a_day_field_takes_the_day_of_a_full_date_time(b: MappingBench) -> None:
    rows = days(b, ["2024-03-05T23:30:00Z", "2024-03", "2024-03-05 99:00"])
    assert [(str(d) if d else None, f) for d, f, _ in rows] == [
        ("2024-03-05", None),
        (None, "unreadable"),
        (None, "impossible_date"),
    ]


def test_month_names_are_english_in_any_case(b: MappingBench) -> None:
    rows = days(b, ["05-MAR-2024", "5-mar-2024", "05-Mrz-2024"], ', format: "%d-%b-%Y"')
    assert [(str(d) if d else None, f) for d, f, _ in rows] == [("2024-03-05", None), ("2024-03-05", None), (None, "unreadable")]


def test_partial_dates_stay_partial(b: MappingBench) -> None:
    texts = [
        "2019-03-05",
        "2019-03",
        "2019",
        "2019---15",
        "2019-UN-UN",
        "2019-03-05T10:00",
        "2019-13",
        "2019-02-30",
        "0000",
        "19",
        "2019---32",
    ]
    assert partials(b, texts, ", partial: true") == [
        ("2019-03-05", None), ("2019-03", None), ("2019", None), ("2019---15", None), ("2019", None), ("2019-03-05", None),
        (None, "impossible_date"), (None, "impossible_date"), (None, "impossible_date"), (None, "unreadable"), (None, "impossible_date"),
    ]  # fmt: skip


def test_partial_dates_in_declared_formats_with_unknown_parts(b: MappingBench) -> None:
    texts = ["5/3/2019", "XX/03/2019", "UN/UNK/2019", "5/??/2019", "03/2019", "2019", "UNK/UNK/UNK", "31/02/2019"]
    assert partials(b, texts, ', partial: true, format: ["%d/%m/%Y", "%m/%Y"]') == [
        ("2019-03-05", None), ("2019-03", None), ("2019", None), ("2019---05", None), ("2019-03", None), ("2019", None),
        (None, "unreadable"), (None, "impossible_date"),
    ]  # fmt: skip


def test_unknown_day_with_a_month_name(b: MappingBench) -> None:
    assert partials(b, ["UN-JAN-2019", "UNK-UNK-2019"], ', partial: true, format: "%d-%b-%Y"') == [
        ("2019-01", None),
        ("2019", None),
    ]


def test_without_partial_a_partial_date_is_unreadable(b: MappingBench) -> None:
    assert partials(b, ["2019-03-05", "2019-03", "2019"]) == [("2019-03-05", None), (None, "unreadable"), (None, "unreadable")]
