"""What is told where a delivery gives other values than the one before, and is not held."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from flows.engine import fewer_values, last_good, recoding, records, returned, value_changes
from flows.engine.delivery_findings import rule
from flows.engine.landed import Delivery, LandedFile
from tests.harness import EVIDENCE

UNIT: Any = SimpleNamespace(site=SimpleNamespace(study="t", site_id="01"))
NONE = pl.DataFrame(schema={"table": pl.String, "subject": pl.String})
RECORD: dict[str, Any] = {"site": "01", "slot": "", "source_file": "f", "n": 1, "happened_on": None, "digest": 0, "removed": False}


def nothing() -> records.Difference:
    empty = pl.from_arrow(records.SCHEMA.empty_table())
    assert isinstance(empty, pl.DataFrame)
    return records.Difference(empty, empty, empty)


def put(folder: Path, name: str, rows: list[dict[str, object]]) -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(folder / name / "01.parquet")
    return folder


def told(
    tmp_path: Path, name: str, before: list[dict[str, object]], after: list[dict[str, object]], **more: Any
) -> list[tuple[str, str, str, str]]:
    """(rule, record, field, suggestion) of what changed between two nights of site 01."""
    of = recoding.SETS[name]
    old, new = put(tmp_path / "old", of.of or name, before), put(tmp_path / "new", of.of or name, after)
    compared = recoding.read(old, new, "01", {of.table})
    columns = recoding.columns(compared, EVIDENCE)
    asked, withheld = more.get("asked", set()), more.get("withheld", NONE)
    frames = value_changes.told(UNIT, "01", compared, columns, more.get("diff", nothing()), asked, withheld, "2026-03-01", EVIDENCE)
    return [row for f in frames for row in f.select("rule", "record_key", "field", "suggestion").rows()]


def ratings(of: dict[str, list[tuple[int | None, int | None]]]) -> list[dict[str, object]]:
    """Begin and end of each session's one exercise."""
    return [
        {"USUBJID": f"t-01-{who}", "SESSNO": n, "EXNO": 1, "SUDSBEG": b, "SUDSPEAK": 90, "SUDSEND": e}
        for who, pairs in of.items() for n, (b, e) in enumerate(pairs, 1)
    ]  # fmt: skip


OTHERS = {f"o{n}": [(70, 20)] * 5 for n in range(9)}


def test_begin_and_end_of_one_participant_in_each_others_place_are_one_question(tmp_path: Path) -> None:
    before = ratings(OTHERS | {"A": [(80, 30), (75, 40), (90, 20), (60, 10)]})
    after = ratings(OTHERS | {"A": [(30, 80), (40, 75), (20, 90), (10, 60)]})
    since = "4 of 4 values are other ones than in the delivery of 2026-03-01"
    assert told(tmp_path, "adsuds", before, after) == [("values_changed_alike", "A", "", f"SUDSBEG: {since}. SUDSEND: {since}")]


def test_one_corrected_value_is_a_note_and_one_that_is_gone_a_question(tmp_path: Path) -> None:
    before = ratings(OTHERS | {"A": [(80, 30), (75, 40), (90, 20), (60, 10)]})
    after = ratings(OTHERS | {"A": [(80, 30), (57, 40), (90, None), (60, 10)]})
    assert told(tmp_path, "adsuds", before, after) == [
        ("value_changed", "A|2|1", "begin", "other values of begin than in the delivery of 2026-03-01"),
        ("value_disappeared", "A|3|1", "end", "end had a value in the delivery of 2026-03-01"),
    ]


def test_a_total_that_a_site_reports_otherwise_is_a_note_and_one_it_reports_no_more_a_question(tmp_path: Path) -> None:
    def totals(reported: list[float | None]) -> list[dict[str, object]]:
        known = {"PARCAT1": "LSAS", "PARAMCD": "LSASTOT", "AVISIT": "BASELINE", "ADT": dt.date(2026, 1, 5), "AVAL": 60.0}
        return [{"USUBJID": f"t-01-{n}", "AVALREP": total} | known for n, total in enumerate(reported)]

    before, after = totals([60.0] * 8), totals([60.0] * 6 + [70.0, None])
    assert told(tmp_path, "adqs", before, after) == [
        ("value_changed", "6|LSASTOT|BASELINE", "LSASTOT", "other values of LSASTOT than in the delivery of 2026-03-01"),
        ("value_disappeared", "7|LSASTOT|BASELINE", "LSASTOT", "LSASTOT had a value in the delivery of 2026-03-01"),
    ]
    compared = recoding.read(tmp_path / "old", tmp_path / "new", "01", set())
    columns = recoding.columns(compared, EVIDENCE)
    found = value_changes.told(UNIT, "01", compared, columns, nothing(), set(), NONE, "", EVIDENCE)
    cells = [row for f in found for row in f.to_dicts()]
    there, gone = ({("adqs", k, c): v for k, c, v in recoding.values(tmp_path / night, "01", "adqs")} for night in ("old", "new"))
    assert [value_changes.stands(row, gone) for row in cells] == [True, True]
    assert [value_changes.stands(row, there) for row in cells] == [False, False]


def forms(days: list[int]) -> list[dict[str, object]]:
    """Two scores of one form each of nine participants, and who withdrew when."""
    known = {"PARCAT1": "LSAS", "AVISIT": "BASELINE", "AVALREP": None}
    return [
        known | {"USUBJID": f"t-01-{n}", "PARAMCD": scale, "ADT": dt.date(2026, 1, day)} for n, day in enumerate(days)
        for scale in ("LSASTOT", "LSASFEAR")
    ]  # fmt: skip


def test_dates_of_forms_that_all_moved_are_one_change_of_the_site_and_a_single_one_is_a_note(tmp_path: Path) -> None:
    alike = told(tmp_path / "all", "form", forms([5, 6, 7, 8, 9, 12]), forms([6, 7, 8, 9, 10, 13]))
    words = "ADT: 1 of 1 values are other ones than in the delivery of 2026-03-01; each is 1 days later"
    assert alike == [("values_changed_alike", str(n), "", words) for n in range(6)]
    one = told(tmp_path / "one", "form", forms([5, 6, 7, 8, 9, 12]), forms([5, 6, 7, 8, 9, 14]))
    assert one == [
        ("value_changed", "5|LSAS|BASELINE", "assessed_on", "other values of assessed_on than in the delivery of 2026-03-01")
    ]


@pytest.mark.parametrize(
    ("name", "known", "column", "kind"),
    [
        ("form", {"PARCAT1": "LSAS", "AVISIT": "BASELINE", "PARAMCD": "LSASTOT", "AVALREP": None}, "ADT", dt.date),
        ("withdrawal", {}, "WDDT", dt.date),
        ("exposure", {"SESSNO": 1}, "EXPDTM", dt.datetime),
    ],
)
def test_dates_that_a_later_delivery_moves_as_a_whole_are_recoded(
    tmp_path: Path, name: str, known: dict[str, object], column: str, kind: Any
) -> None:
    def at(move: int) -> list[dict[str, object]]:
        return [known | {"USUBJID": f"t-01-{n}", column: kind(2026, 1, 5 + n + move)} for n in range(12)]

    of = recoding.SETS[name]
    old, new = put(tmp_path / "old", of.of, at(0)), put(tmp_path / "new", of.of, at(1))
    columns = recoding.columns(recoding.read(old, new, "01", {of.table}), EVIDENCE)
    broken = columns.filter(rule("values_recoded").check("", EVIDENCE).not_())
    assert broken.select("table", "field", "n_changed").rows() == [(of.table, column, 12)]


@pytest.mark.parametrize(("mapped", "is_held"), [(("LSASTOT",), True), ((), False)])
def test_totals_that_a_site_reports_no_more_at_all_hold_it_unless_the_mapping_lets_them_go(tmp_path: Path, mapped, is_held) -> None:
    known = {"PARAMCD": "LSASTOT", "AVISIT": "BASELINE", "AVAL": 60.0}
    old, new = (
        put(tmp_path / night, "adqs", [{"USUBJID": f"t-01-{n}", "AVALREP": total} | known for n in range(20)])
        for night, total in (("old", 60.0), ("new", None))
    )
    spec = SimpleNamespace(totals=dict.fromkeys(mapped), fields={})
    limit = SimpleNamespace(min_lost_rows=None, max_unusable_pct=None)
    unit: Any = SimpleNamespace(
        site=SimpleNamespace(tables={"assessment": [spec]}), trial=SimpleNamespace(holding=limit),
        instruments=[SimpleNamespace(scales=[SimpleNamespace(paramcd="LSASTOT")])],
    )  # fmt: skip
    sent = nothing().lost.clear(1).with_columns(pl.lit("assessment").alias("table"))
    held = pl.DataFrame(schema={"table": pl.String, "field": pl.String, "unusable": pl.Int64})
    last: Any = SimpleNamespace(records=sent, items=last_good.answers_of(old, "01"), withheld=held)
    counts = fewer_values.counts(unit, last, sent, SimpleNamespace(folder=new), "01", EVIDENCE)  # type: ignore[arg-type]
    broken = counts.filter(rule("field_emptied").check("", EVIDENCE).not_())
    told = [("assessment", "LSASTOT", 20, 0, "no text now; 20 before")]
    assert broken.select("table", "field", "filled_before", "filled", "suggestion").rows() == (told if is_held else [])


def test_a_value_that_is_withheld_has_not_disappeared(tmp_path: Path) -> None:
    before, after = ratings(OTHERS | {"A": [(80, 30)]}), ratings(OTHERS | {"A": [(80, None)]})
    withheld = pl.DataFrame({"table": ["rating"], "subject": ["A"]})
    assert told(tmp_path, "adsuds", before, after, withheld=withheld) == []


@pytest.mark.parametrize(
    ("column", "was", "now", "found"),
    [
        ("AESEV", ["MILD"] * 6 + ["MODERATE"] * 3, ["SEVERE"] * 6 + ["MODERATE"] * 3, "values_changed_alike"),  # codes turned round
        ("AESEV", ["MILD"] * 7 + ["MODERATE"] * 4, ["MILD"] * 11, "values_changed_alike"),  # one grade written over all
        ("AESEV", ["MILD"] * 7 + ["MODERATE"] * 3, ["MILD"] * 10, "value_changed"),
        ("AESEV", ["MILD"] * 9, ["MILD", "MODERATE", "SEVERE"] * 3, "value_changed"),  # events that were graded again
        ("AESEV", ["MILD"] * 30, ["SEVERE"] * 6 + ["MILD"] * 24, "value_changed"),
        ("AESER", ["N"] * 7, ["Y"] * 7, "values_changed_alike"),
    ],
)  # fmt: skip
def test_codes_of_a_few_events_that_all_became_one_other_are_asked_about(
    tmp_path: Path, column: str, was: list[str], now: list[str], found: str
) -> None:
    def events(codes: list[str]) -> list[dict[str, object]]:
        known = {"AETERM": "Headache", "AESTDTC": "2026-01-05", "AESEV": "MILD", "AESER": "N", "AEREL": "N"}
        return [known | {"USUBJID": f"t-01-{n}", column: code} for n, code in enumerate(codes)]

    assert {row[0] for row in told(tmp_path, "adae", events(was), events(now))} == {found}


def drugs(starts: dict[str, list[str | None]]) -> list[dict[str, object]]:
    """One drug, taken in one period or several."""
    return [
        {"USUBJID": f"t-01-{who}", "CMTRT": "Zoloft", "CMDECOD": "sertraline", "CMSTDTC": start, "CMENDTC": None, "ONGOFL": "Y"}
        for who, several in starts.items() for start in several
    ]  # fmt: skip


OTHER_START = "other values of started_on than in the delivery of 2026-03-01"
NO_START = "started_on had a value in the delivery of 2026-03-01"


@pytest.mark.parametrize(
    ("was", "now", "found"),
    [
        (["2023-05-06"], ["2024-05-06"], [("value_changed", "A|Zoloft|sertraline|2024-05-06", "started_on", OTHER_START)]),
        (["2023-05"], ["2023-05-01"], [("value_changed", "A|Zoloft|sertraline|2023-05-01", "started_on", OTHER_START)]),
        (["2023-05-06"], [None], [("value_disappeared", "A|Zoloft|sertraline|", "started_on", NO_START)]),
        (["2023-05-06", "2024-01-02"], ["2023-05-06", "2024-03-02"],
         [("value_changed", "A|Zoloft|sertraline|2024-03-02", "started_on", OTHER_START)]),
        (["2023-05-06", "2024-01-02"], ["2023-06-06", "2024-03-02"], []),  # which became which is not known
        (["2023-05-06"], ["2023-05-06", "2024-03-02"], []),  # a new period
        ([None], ["2024-03-02"], []),  # sent late
    ],
)  # fmt: skip
def test_another_start_of_a_medication_is_told_although_it_is_part_of_its_key(
    tmp_path: Path, was: list[str | None], now: list[str | None], found: list[tuple[str, str, str, str]]
) -> None:
    others: dict[str, list[str | None]] = {f"o{n}": ["2022-01-01"] for n in range(9)}
    assert told(tmp_path, "adcm", drugs(others | {"A": was}), drugs(others | {"A": now})) == found


def test_starts_of_medications_that_all_moved_are_a_recoded_column(tmp_path: Path) -> None:
    before = drugs({f"o{n}": [f"2022-01-{n + 10}"] for n in range(30)})
    after = drugs({f"o{n}": [f"2023-01-{n + 10}"] for n in range(30)})
    compared = recoding.read(put(tmp_path / "old", "adcm", before), put(tmp_path / "new", "adcm", after), "01", {"medication"})
    rows = recoding.columns(compared, EVIDENCE).filter(pl.col("field") == "CMSTDTC")
    assert rows.select("n_both", "n_changed", "is_alike").rows() == [(30, 30, True)]


def test_a_changed_start_is_told_until_it_is_again_what_it_was(tmp_path: Path) -> None:
    old, new = put(tmp_path / "old", "adcm", drugs({"A": ["2023-05-06"]})), put(tmp_path / "new", "adcm", drugs({"A": ["2024-05-06"]}))
    compared = recoding.read(old, new, "01", {"medication"})
    row = {"rule": "value_changed", "raw_value": value_changes._kept(compared.changed)}
    stands = [
        value_changes.stands(row, {("adcm", key, column): value for key, column, value in recoding.values(folder, "01", "adcm")})
        for folder in (new, old)
    ]
    assert stands == [True, False]


def form(answers: list[int], visit: str = "POST", who: str = "A") -> list[dict[str, object]]:
    return [
        {"USUBJID": f"t-01-{who}", "PARCAT1": "LSAS", "AVISIT": visit, "ITEMCD": f"LSF{n:02d}", "AVAL": float(v)}
        for n, v in enumerate(answers, 1)
    ]


def test_one_form_that_is_turned_round_is_a_question_and_two_corrected_items_a_note(tmp_path: Path) -> None:
    rest = [row for who in "BCDE" for row in form([1, 2] * 10, who=who)]
    rest += form([2] * 20, "WEEK 4")
    before = [*form([0, 1, 3, 2] * 5), *form([2] * 20, "BASELINE"), *rest]
    after = [*form([3, 2, 0, 1] * 5), *form([2] * 18 + [1, 3], "BASELINE"), *rest]
    words = "LSAS: 20 of 20 values are other ones than in the delivery of 2026-03-01; each is 3 minus the one before"
    assert told(tmp_path, "aditem", before, after) == [
        ("values_changed_alike", "A", "", words),
        ("value_changed", "A|LSAS|BASELINE", "", "other values of LSF19, LSF20 than in the delivery of 2026-03-01"),
    ]


def doses(of: dict[str, list[int]]) -> list[dict[str, object]]:
    """Doses at so many minutes after 9:00 UTC of a day a session."""
    nine = dt.datetime(2025, 3, 3, 9, tzinfo=dt.UTC)
    return [
        {"USUBJID": f"t-01-{who}", "SESSNO": n, "EXTPT": "PRE", "EXOCCUR": "Y", "EXDOSE": 50.0,
         "EXSTDTM": nine + dt.timedelta(days=7 * n, minutes=m)}
        for who, several in of.items() for n, m in enumerate(several, 3)
    ]  # fmt: skip


def test_a_clock_that_moved_for_one_participant_is_a_question(tmp_path: Path) -> None:
    others = {f"o{n}": [n, n, n] for n in range(9)}
    found = told(tmp_path, "adex", doses(others | {"A": [10, 20, 35]}), doses(others | {"A": [70, 80, 95]}))
    words = "EXSTDTM: 3 of 3 values are other ones than in the delivery of 2026-03-01; each is 60 minutes later"
    assert found == [("values_changed_alike", "A", "", words)]


def person(who: str, **facts: object) -> dict[str, object]:
    known: dict[str, object] = {"AGE": 30.0, "SEX": "F", "WEIGHTBL": 70.0, "ICFDT": dt.date(2025, 3, 4), "RANDDT": dt.date(2025, 3, 14)}
    return {"USUBJID": f"t-01-{who}"} | known | facts


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"SEX": "M"}, [("fact_changed", "sex", "")]),
        ({"WEIGHTBL": 154.3}, [("fact_changed", "weight_kg", "; it looks like another unit, or a decimal sign that was lost")]),
        ({"WEIGHTBL": 7.0}, [("fact_changed", "weight_kg", "; it looks like another unit, or a decimal sign that was lost")]),
        ({"WEIGHTBL": 74.0}, [("value_changed", "weight_kg", None)]),
        ({"ICFDT": dt.date(2025, 4, 3)}, [("fact_changed", "consented_on", "; day and month are exchanged")]),
        ({"ICFDT": dt.date(2025, 3, 5)}, [("value_changed", "consented_on", None)]),
        ({"AGE": 31.0}, [("value_changed", "age_years", None)]),
        ({"AGE": 44.0, "WEIGHTBL": 91.0, "ICFDT": dt.date(2025, 6, 1)},
         [("fact_changed", f, "; most facts of this participant changed at once") for f in ("age_years", "weight_kg", "consented_on")]),
    ],
)  # fmt: skip
def test_which_facts_of_a_participant_may_be_other_ones(
    tmp_path: Path, facts: dict[str, object], found: list[tuple[str, str, str | None]]
) -> None:
    others = [person(f"o{n}") for n in range(9)]
    got = told(tmp_path, "adsl", [person("A"), *others], [person("A", **facts), *others])
    assert got == [
        (name, "A", field, f"other values of {field} than in the delivery of 2026-03-01" if why is None
         else f"another value than in the delivery of 2026-03-01{why}")
        for name, field, why in found
    ]  # fmt: skip


def test_a_fact_that_was_asked_about_is_answered_by_another_value(tmp_path: Path) -> None:
    others = [person(f"o{n}") for n in range(9)]
    assert told(tmp_path, "adsl", [person("A"), *others], [person("A", SEX="M"), *others], asked={("A", "sex")}) == []


def test_a_record_that_comes_of_another_participant_is_asked_about(tmp_path: Path) -> None:
    had = RECORD | {"table": "adverse_event", "key": "A|headache|2025-04-01|", "record_key": "A|Headache", "subject": "A", "source_row": 4,
                    "as_sent": ["Headache", "2025-04-01", "MILD"]}  # fmt: skip
    has = had | {"key": "B|headache|2025-04-01|", "record_key": "B|Headache", "subject": "B"}
    lost, added = pl.DataFrame([had]), pl.DataFrame([has])
    diff = records.Difference(nothing().pairs, lost, added)
    same = told(tmp_path, "adsl", [person("A")], [person("A")], diff=diff)
    assert same == [("record_moved", "B|Headache", "", "the same texts were those of another participant before")]


def test_a_change_stands_until_every_value_is_again_what_it_was() -> None:
    row = {"rule": "fact_changed", "raw_value": '[["adsl", ["t-01-A"], "SEX", "F", "M"], ["adsl", ["t-01-A"], "AGE", "30.0", "31.0"]]'}
    key = ("t-01-A",)
    assert value_changes.stands(row, {("adsl", key, "SEX"): "F", ("adsl", key, "AGE"): "31.0"})
    assert not value_changes.stands(row, {("adsl", key, "SEX"): "F", ("adsl", key, "AGE"): "30.0"})
    assert value_changes.stands(row, {})


def delivery(day: int, files: dict[str, str]) -> Delivery:
    landed = tuple(LandedFile(name, 1, sha * 12) for name, sha in files.items())
    at = dt.datetime(2026, 3, day, tzinfo=dt.UTC)
    return Delivery("t", "01", f"d{day}", "".join(files.values()), Path(), landed, at)


@pytest.mark.parametrize(
    ("newest", "found"),
    [
        ({"a.csv": "1", "b.csv": "2"}, {"delivery_returned": ["a.csv", "b.csv"]}),  # both as on the first day
        ({"a.csv": "3", "b.csv": "2"}, {"file_returned": ["b.csv"]}),
        ({"a.csv": "1", "b.csv": "0"}, {"file_returned": ["a.csv"]}),  # b.csv was empty then and is now
        ({"a.csv": "5", "b.csv": "4"}, {}),
    ],
)
def test_files_that_came_before_the_last_delivery_come_from_an_older_copy(
    tmp_path: Path, newest: dict[str, str], found: dict[str, list[str]]
) -> None:
    known = [delivery(1, {"a.csv": "1", "b.csv": "2", "c.csv": "0"}), delivery(2, {"a.csv": "3", "b.csv": "4"}), delivery(3, newest)]
    one = RECORD | {"table": "dose", "key": "A", "record_key": "A", "subject": "A", "source_row": 1, "as_sent": ["x"]}
    rows = [one | {"source_file": f * 12} for f in "12345"]
    pl.DataFrame(rows).write_parquet(tmp_path / records.NAME)
    staged: Any = SimpleNamespace(receipt={"delivery": known[-1].sha256}, folder=tmp_path)
    frame = returned.files(known, known[1].sha256, staged)
    got = {n: frame.filter(rule(n).check("", EVIDENCE).not_()).get_column("record_key").to_list()
           for n in ("delivery_returned", "file_returned") if frame.height}  # fmt: skip
    assert {n: names for n, names in got.items() if names} == found
