"""Any published value is walked back to the site's file, truly: the way is read from the SQL and the values are computed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from flows.engine import explain, explain_cell, explain_key, landing, lineage, models, releases
from flows.engine.config import load
from flows.engine.night import Attempt
from schemas.findings import ConfigurationError
from tests.conftest import DemoRelease
from tests.golden.test_tiny import TINY
from tests.nights import call as trialweave


@pytest.fixture(scope="module", autouse=True)
def computed_once() -> Iterator[None]:
    """A site's delivery is computed again once for all tests that ask of it, not once a test: it takes seconds, and gives the same."""
    kept, stack, real = {}, ExitStack(), explain.recomputed

    @contextmanager
    def recomputed(programme, attempt):
        key = (attempt.unit.key, *(d.sha256 for d in attempt.deliveries))
        if key not in kept:
            kept[key] = stack.enter_context(real(programme, attempt))
        yield replace(kept[key], attempt=attempt)

    with stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(explain, "recomputed", recomputed)
        yield


def cell(demo: DemoRelease, dataset: str, key: str, column: str):
    return explain_cell.cell(demo.data, releases.latest(demo.data), dataset, key, column)


def step(answer, table):
    (found,) = [s for s in answer["steps"] if s["table"] == table]
    return found


def source(answer, table):
    return [(f["field"], f["as_sent"], f["cells"], f["place"]) for s in answer["sources"] if s["table"] == table for f in s["fields"]]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """The tiny trial's site A, computed with every table kept."""
    data, programme = tmp_path_factory.mktemp("lineage"), load(TINY)
    import datetime as dt

    unit = programme.units["t01/A"]
    landed = landing.receive(data, unit, TINY, dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    with explain.recomputed(programme, Attempt(unit, (landed,), "", 0)) as made:
        yield made


@pytest.mark.parametrize("name", [n for n, m in models.catalogue().items() if m.schema in ("staging", "core", "analysis")])
def test_a_model_that_says_where_its_rows_come_from_still_gives_the_same_rows(tiny, name):
    model = models.catalogue()[name]
    told = lineage.annotated(tiny.con, model.sql)
    tiny.con.execute(f"create or replace temp table told as {told}")
    plain, marked = f"select * from {name}", f"select * exclude ({lineage.FROM}) from told"
    for one, other in ((plain, marked), (marked, plain)):
        assert tiny.con.execute(f"select count(*) from ({one} except all {other})").fetchall() == [(0,)]
    nowhere = f"select count(*) from told where len(list_filter({lineage.FROM}, lambda x: x is not null)) = 0"
    assert tiny.con.execute(nowhere).fetchall() == [(0,)]
    assert list(lineage.inputs(tiny.con, model.sql).reads) == [r[0] for r in tiny.con.execute(f"describe {name}").fetchall()]


def test_a_query_says_which_rows_and_columns_it_used_through_groups_unions_and_joins():
    con = models.connect()
    con.execute("create table core.a as select * from (values (1, 10), (1, 20), (2, 30)) t(id, x)")
    con.execute("create table core.b as select * from (values (1, 5), (3, 7)) t(id, y)")
    sql = """
        with s as (select id, sum(x) as total from core.a where x < 25 group by id)
        select a.id, s.total + b.y as added
        from (select distinct id from core.a) as a left join s on a.id = s.id left join core.b as b on a.id = b.id
        union all
        select b.id, b.y from core.b as b
    """
    made = f"select id, added, list_sort(list_filter({lineage.FROM}, lambda x: x is not null))"
    assert con.execute(f"{made} from ({lineage.annotated(con, sql)}) order by 1, 2 nulls last").fetchall() == [
        (1, 5, ["core.b|/right/b:0"]),
        (1, 35, ["core.a|/left/a/a:0", "core.a|/left/a/a:1", "core.a|/s/a:0", "core.a|/s/a:1", "core.b|/left/b:0"]),
        (2, None, ["core.a|/left/a/a:2"]),
        (3, 7, ["core.b|/right/b:1"]),
    ]
    assert lineage.inputs(con, sql).reads["added"] == {
        ("", "", "total"), ("core.a", "/s/a", "x"), ("core.b", "/left/b", "y"), ("core.b", "/right/b", "y"),
    }  # fmt: skip


def test_the_timing_of_a_dose_leads_to_the_clock_times_the_site_wrote(demo_release):
    answer = cell(demo_release, "adex", "sad01-07-0001|2", "TIMCAT")
    assert (answer["published"], answer["same"], answer["changed"]) == ("PRE_1_2H", True, [])
    timing, measured = (step(answer, f"core.dose_{name}")["rows"][0] for name in ("timing", "measured"))
    assert (timing["timing"], measured["lag_to_start_min"], timing["timing_reason"]) == ("PRE_1_2H", 66.0, None)
    assert len(step(answer, "core.session")["rows"]) == 1
    limits = next(s["rows"][0] for s in answer["configuration"] if s["table"] == "ref.evidence")
    assert (limits["timing_1h_min"], limits["timing_2h_min"]) == (60.0, 120.0)
    assert [s["file"] for s in answer["sources"]] == ["medikation_2025.csv", "sitzungen.csv"]
    assert [s["row"] for s in answer["sources"]] == [2, 4]
    assert source(answer, "dose")[1] == (
        "dosed_at", "27.01.2025 08:54", [("Datum", "27.01.2025"), ("Uhrzeit", "08:54")], "sites/sad01_07/site.yaml line 33",
    )  # fmt: skip


def test_a_value_that_was_withheld_says_what_was_sent_and_which_rule_took_it(demo_release):
    answer = cell(demo_release, "adex", "sad01-07-0001|2", "EXDOSE")
    assert (answer["published"], answer["same"]) == (None, True)
    assert answer["why_null"] == [
        "dose_mg of dose PT-0001|S4|PRE|27.01.2025 08:54 is withheld: The amount of a dose taken is zero, negative or above the most "
        "ever given; it is withheld. (dose_amount_impossible)"
    ]
    assert ("dose", "5000 mg", [("Dosis", "5000 mg")], "sites/sad01_07/site.yaml line 31") in source(answer, "dose")


def test_a_total_leads_to_every_item_of_its_form_and_to_the_reported_total(demo_release):
    answer = cell(demo_release, "adqs", "sad01-07-0001|LSASTOT|BASELINE", "AVAL")
    assert (answer["key"], answer["published"], answer["same"]) == ("sad01-07-0001|LSASTOT|BASELINE|2024-12-23", 73.0, True)
    items = [f for s in answer["sources"] for f in s["fields"] if f["field"].startswith("LS") and f["cells"]]
    assert len(items) == 48
    assert sum(f["value"] for f in items) == 73.0
    assert all(float(f["as_sent"]) == f["value"] for f in items)
    assert {s["row"] for s in answer["sources"]} == {1}


def test_a_pooled_value_leads_through_the_trials_baseline_to_the_sites_own_form(demo_release):
    answer = cell(demo_release, "adipd", "sad01-07-0001|BASELINE", "Z")
    assert answer["same"]
    assert step(answer, "pooled.adref")["n_behind"] > 0
    assert step(answer, "core.primary")["rows"][0]["aval"] == 73.0


def test_a_flag_of_no_medication_says_that_none_counts(demo_release):
    answer = cell(demo_release, "adsl", "sad01-07-0001", "ADBLFL")
    assert (answer["published"], answer["same"]) == ("N", True)
    assert step(answer, "core.medication")["missing"]


def test_a_row_in_quarantine_is_shown_as_sent(demo_release):
    told = demo_release.findings.filter((demo_release.findings["rule"] == "duplicate_conflict") & (demo_release.findings["site"] == "02"))
    (one,) = told.filter((told["study"] == "sad01") & (told["table"] == "rating")).iter_rows(named=True)
    answer = explain_cell.finding(demo_release.data, releases.latest(demo_release.data), one["finding_id"])
    assert (answer["now"], answer["found_again"]) == ("2 of 2 row(s) in quarantine: in no analysis set", True)
    assert {s["record_key"] for s in answer["sources"]} == {"003|12|2"}
    assert len({str(s["fields"]) for s in answer["sources"]}) == 2  # that is what is wrong with them


def test_a_wrong_key_set_or_column_names_near_ones_and_ends_with_2(demo_release):
    data = str(demo_release.data)
    code, told = trialweave("explain", "adex", "sad01-07-0001|99", "TIMCAT", "--data", data)
    assert (code, "adex has no row sad01-07-0001|99 (its key: USUBJID|EXSEQ); near: sad01-07-0001|" in told) == (2, True), told
    release = releases.latest(demo_release.data)
    for words, near in (
        (("adex", "sad01-07-001|2"), "near: .*sad01-07-0001"),
        (("adqs", "sad01-07-0001|LSASTOT"), "names several rows of adqs: sad01-07-0001|LSASTOT|BASELINE|2024-12-23"),
    ):
        with pytest.raises(ConfigurationError, match=near.replace("|", r"\|")):
            explain_key.find_row(demo_release.data, release, *words)
    with pytest.raises(ConfigurationError, match="near: TIMCAT"):
        explain_key.check_names("adex", "TIMCATT")
    with pytest.raises(ConfigurationError, match="near: adex"):
        explain_key.check_names("adexx", "TIMCAT")


def test_columns_by_name_are_a_key_too(demo_release):
    row = explain_key.find_row(demo_release.data, releases.latest(demo_release.data), "adex", "USUBJID=sad01-07-0001|SESSNO=4")
    assert row["EXSEQ"] == 2


def test_the_command_prints_the_way_back_and_json_holds_the_same(demo_release):
    data = str(demo_release.data)
    code, told = trialweave("explain", "adex", "sad01-07-0001|2", "TIMCAT", "--data", data)
    assert code == 0
    for line in (
        "adex sad01-07-0001|2 TIMCAT = 'PRE_1_2H'",
        "computed again from landing: the same value",
        "lag_to_start_min = 66",
        "dosed_at: as sent '27.01.2025 08:54' -> 2025-01-27 08:54:00    column Datum = '27.01.2025', Uhrzeit = '08:54'",
        'sites/sad01_07/site.yaml line 33: dosed_at: {from: [Datum, Uhrzeit], format: "%d.%m.%Y %H:%M"}',
        "withhold dose_amount_impossible on dose.dose_mg",
    ):
        assert line in told, line
    code, told = trialweave("explain", "adex", "sad01-07-0001|2", "TIMCAT", "--data", data, "--json")
    assert json.loads(told)["recomputed"] == "PRE_1_2H"
