"""`trialweave explain-rule`: what it tells of a rule, a model, a topic, a threshold, and of a name it does not know."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner

from flows.__main__ import app


def call(*words: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, ["explain-rule", *words])
    return ended.exit_code, ended.stdout, ended.stderr


def told(*words: str) -> dict:
    code, out, err = call(*words, "--json")
    assert code == 0, err
    return json.loads(out)


def test_dose_timing_shows_its_categories_with_edges_sources_rules_and_an_example():
    found = told("dose_timing")

    timing = [(v["value"], v["when"], v["threshold"]) for v in found["values"] if v["column"] == "timing"]
    assert timing == [
        ("", "taken = false", ""),
        ("UNKNOWN", "timing_reason is not null", ""),
        ("PRE_GE4H", "lag_to_start_min >= 240", "timing_ge4h_min"),
        ("PRE_2_4H", "lag_to_start_min > 120", "timing_2h_min"),
        ("PRE_1_2H", "lag_to_start_min >= 60", "timing_1h_min"),
        ("PRE_LT1H", "lag_to_start_min > 0", ""),
        ("DURING", "after_end_or_planned_min < 0", ""),
        ("POST_IMM", "after_end_or_planned_min <= 30", "timing_post_immediate_min"),
        ("POST_LATE", "otherwise", ""),
    ]
    sources = {t["name"]: t["source"] for t in found["thresholds"]}
    assert "Storch 2007" in sources["timing_ge4h_min"]
    assert {"am_pm_slip", "implausible_lag"} <= {r["rule"] for r in found["rules"]}
    assert (found["file"], found["grain"][0]) == ("sql/2_core/dose_timing.sql", "study")
    flags = {(v["column"], v["value"], v["when"], v["threshold"]) for v in found["values"]}
    assert ("is_ge4h_before", "lag_to_start_min >= 240", "is_timed", "timing_ge4h_min") in flags
    over60 = "coalesce(lag_to_exposure_min, lag_to_start_min) > 60"
    assert ("is_over60_before", over60, "is_timed and not is_exposure_withheld", "timing_over60_min") in flags
    # of its worked examples the one that shows most of its codes, edge by edge
    cases = found["examples"][0]["cases"][0]
    assert cases["columns"] == ["at", "lag", "timing", "over60"]
    assert cases["rows"][3] == ["2024-03-05 11:59:59", "120.0166667", "PRE_2_4H", "True"]
    assert found["trial"] is None


def test_a_study_adds_the_trials_own_numbers():
    assert told("dose_timing", "--study", "acro01")["trial"] == {
        "study": "acro01",
        "keys": {
            "timing_window.pre.from_min": 120.0, "timing_window.pre.to_min": 240.0, "timing_window.pre.reference": "session_start",
            "sessions.number": 2, "sessions.planned_length_min": 45.0,
        },
    }  # fmt: skip
    assert told("core.dose", "--study", "sad01")["trial"]["keys"]["dosing.sessions"] == [3, 4, 5, 6, 7]


def test_a_rule_shows_what_happens_and_only_the_cases_that_name_it():
    found = told("am_pm_slip")

    assert (found["severity"], found["what_happens"]) == ("query", "The value is kept as sent and the site is asked.")
    assert [row[-1] for row in found["examples"][0]["cases"][0]["rows"]] == ["am_pm_slip, implausible_lag"]
    assert [m["file"] for m in found["models"]] == ["sql/2_core/dose_timing.sql"]


def test_a_topic_and_a_threshold_can_be_asked_for_too():
    assert {"core.dose", "core.dose_timing"} <= {m["name"] for m in told("timing")["models"]}
    assert "sql/3_analysis/adex.sql" in told("dose_high_mg")["used_in"]


def test_the_page_for_a_person_names_the_parts():
    code, out, _ = call("dose_timing", "--study", "sad01")
    assert code == 0
    for word in ("decided in this order", "thresholds", "the trial's own: sad01", "rules on it", "Example:", "PRE_1_2H", "Rosenfield 2019"):
        assert word in out


@pytest.mark.parametrize(("words", "said"), [
    (("dose_timng",), "near: core.dose_timing"),
    (("lag",), "near: dose_lags_alike_site, dose_lags_step_site, implausible_lag"),
    (("zzzzzz",), "nothing is called zzzzzz\n"),
    ((), "which one?"),
    (("dose_timing", "--study", "nope"), "no study nope; there are acro01, ocd01, sad01, tail01"),
])  # fmt: skip
def test_what_is_not_known_ends_two_and_suggests(words: tuple[str, ...], said: str):
    code, _, err = call(*words)
    assert (code, said in err) == (2, True), err


def test_every_listed_name_can_be_explained():
    from flows.docs import explain
    from flows.docs.build import project_evidence

    names = json.loads(call("--list", "--json")[1])
    assert {n["kind"] for n in names} == {"rule", "model", "topic", "threshold"}
    evidence = project_evidence()
    assert [n["name"] for n in names if explain.explain(n["name"], evidence) is None] == []


def test_help_says_trialweave_however_it_was_started():
    import subprocess
    import sys

    ended = subprocess.run([sys.executable, "-m", "flows", "tables", "--help"], capture_output=True, text=True)
    assert "Usage: trialweave tables" in ended.stdout
    assert "Example:\n  trialweave tables --data data --shareable\n" in ended.stdout


def test_no_example_shows_the_places_of_a_test_or_its_code():
    """A test writes its table once, `{started}` where the cases differ; who asks for a rule sees one case filled in."""
    (example,) = told("date_placeholder")["examples"]
    rows = [t["rows"] for t in example["given"] if t["name"] == "mapped.medication"]
    assert rows == [[["S1", "sertraline", "1970-01-01"]]]
    assert example["with"] == "started 1970-01-01, found date_placeholder, medication_before_birth"

    said = [call(name)[1] for name in ("dose_timing", "id_padded", "medication_beside_itself", "unit_missing", "core.dose_count")]
    assert [re.findall(r"\{[a-z_]+\}|^def test_", text, re.M) for text in said] == [[]] * 5
