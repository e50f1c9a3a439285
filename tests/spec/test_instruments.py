"""Scoring, by hand: every instrument of config/instruments with forms as sites send them and what must become of each.

The forms and the scores computed by hand are tests/spec/instruments/<instrument>.txt; instrument_bench.py runs them.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.spec.instrument_bench import Scored, cases, instruments, points, run

WORKED = "Scores"

FACTS = Path(__file__).resolve().parents[2] / ".." / "shared" / "domain" / "instruments.csv"
#: Measured in the sessions, not as a questionnaire; and steps of a test whose number every protocol sets itself (test_instrument_rules.py).
NO_QUESTIONNAIRE = {"SUDS", "BAT"}


@pytest.fixture(scope="module", params=["wide", "long"])
def scored(request, tmp_path_factory) -> Scored:
    """All forms, items side by side in a file for each instrument, or one item a row in one file."""
    return run(tmp_path_factory.mktemp(request.param), request.param)


@pytest.mark.parametrize("case", cases(), ids=lambda c: f"{c.instrument}: {c.name}")
def test_a_form_gives_these_scores_and_these_findings(scored, case):
    assert len(case.answers) == len(instruments()[case.instrument].item_codes())
    assert scored.scores.get(case.subject, {}) == case.scores
    assert scored.findings.get(case.subject, ()) == case.findings


@pytest.mark.parametrize("name", sorted(instruments()))
def test_every_instrument_has_a_lowest_a_highest_and_a_mixed_form(name):
    own = [c for c in cases() if c.instrument == name]
    scales = {s.paramcd: s for s in instruments()[name].scales}
    by_name = {c.name.partition(":")[0]: c for c in own}
    where = f"of the golden forms of {name} (tests/spec/instruments/<file of the instrument>.txt)"
    assert {"minimum", "maximum", "mixed"} <= by_name.keys(), f"{where} three are called minimum, maximum and mixed"
    assert {p: v for p, (v, _) in by_name["minimum"].scores.items()} == {p: s.minimum for p, s in scales.items()}
    assert {p: v for p, (v, _) in by_name["maximum"].scores.items()} == {p: s.maximum for p, s in scales.items()}
    assert by_name["mixed"].scores.keys() == scales.keys()
    assert any("out_of_scale" in f for c in own for f in c.findings), f"{where} one has an answer out of range"
    if any(len(instruments()[name].expand(s.items)) > 1 for s in scales.values()):
        assert any("total_differs" in f for c in own for f in c.findings), f"{where} one reports another total"
        assert any("assessment_not_scored" in f for c in own for f in c.findings), f"{where} one lacks too many items"
        assert any(c.reported and not c.findings for c in own), f"{where} one reports its own total"


def test_golden_cases_are_of_instruments_that_exist():
    assert {c.instrument for c in cases()} == set(instruments())
    assert len(instruments()) >= 28


def test_percent_of_maximum_starts_at_the_lowest_score_and_is_reversed_where_higher_is_better(scored):
    """PCL-IV 47: 100 * (47 - 17) / 68; PSWQ 42: 100 * 26 / 64; MMSE 27: 100 * (30 - 27) / 30; LSAS total 83: 100 * 83 / 144."""
    pomp = {(s, p): value for s, p, value in points(scored.bench, "paramcd", "pomp")}
    subject = {(c.instrument, c.name): c.subject for c in cases()}
    assert pomp[subject["PCL-IV", "mixed"], "PCL4TOT"] == pytest.approx(3000 / 68)
    assert pomp[subject["PSWQ", "mixed: 11 * 2 + 5 * 4"], "PSWQTOT"] == 40.625
    assert pomp[subject["MMSE", "mixed"], "MMSETOT"] == 10.0
    assert pomp[subject["LSAS", "mixed"], "LSASTOT"] == pytest.approx(8300 / 144)
    lowest = [s for s, p, value in points(scored.bench, "paramcd", "pomp") if value == 0 and p not in ("MMSETOT",)]
    assert {c.subject for c in cases() if c.name == "minimum" and c.instrument != "MMSE"} <= set(lowest)


def test_a_filled_score_has_no_difference_to_the_reported_total(scored):
    found = [(p, diff) for _, p, diff, filled in points(scored.bench, "paramcd", "total_diff", "is_prorated") if filled]
    assert found
    assert {diff for _, diff in found} == {None}


@pytest.mark.skipif(not FACTS.is_file(), reason="the shared facts of the field are not beside this checkout")
def test_the_facts_of_the_field_and_the_instruments_agree():
    with FACTS.open(encoding="utf-8", newline="") as lines:
        facts = [row for row in csv.DictReader(lines) if row["instrument"] not in NO_QUESTIONNAIRE]
    assert len(facts) == 37
    for fact in facts:
        instrument = instruments()[fact["instrument"]]
        scales = {s.paramcd: s for s in instrument.scales}
        scale = scales[fact["paramcd"]]
        items = [c for p in scale.parts for c in instrument.expand(scales[p].items)] or instrument.expand(scale.items)
        limits = {code: (b.minimum, b.maximum) for b in instrument.items for code in b.codes()}
        assert len(items) == int(fact["n_items"]), scale.paramcd
        assert {limits[c] for c in items} == {(float(fact["item_min"]), float(fact["item_max"]))}, scale.paramcd
        assert (scale.minimum, scale.maximum) == (float(fact["total_min"]), float(fact["total_max"])), scale.paramcd
        assert scale.higher_is_worse == (fact["higher_is_worse"] == "Y"), scale.paramcd
        prorates = "proration if <=20%" in fact["missing_rule"]
        assert (str(scale.missing), scale.max_missing_pct) == (("prorate", 20) if prorates else ("complete", 0)), scale.paramcd
