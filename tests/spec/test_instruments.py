"""Scoring, by hand: each instrument of config/instruments with answers and the scores they must give."""

from __future__ import annotations

from typing import Any

import pytest

from flows.engine.config import PROJECT
from flows.engine.yamlfile import YamlFile
from schemas.instrument import Instrument

WORKED = "Scores"


def instruments() -> dict[str, Instrument]:
    found = {}
    for path in sorted((PROJECT / "instruments").glob("*.yaml")):
        file = YamlFile.read(path, [])
        assert file is not None, path.name
        instrument = Instrument.model_validate(file.data)
        found[instrument.name] = instrument
    return found


INSTRUMENTS = instruments()

#: instrument, answers in item order (`1*24` is 24 ones, `.` a missing item), what must come out: paramcd value (`-`: no score).
GOLDEN = """
    instrument  | answers                 | scores
    LSAS        | 1*24 2*24               | LSASTOT 72    LSASFEAR 24   LSASAVD 48    LSASPFR 13  LSASPAV 26  LSASSFR 11  LSASSAV 22
    LSAS        | 3*48                    | LSASTOT 144   LSASFEAR 72   LSASAVD 72    LSASPFR 39  LSASPAV 39  LSASSFR 33  LSASSAV 33
    LSAS        | 3*4 0 3 0 3 3 0*3 3 3 0 3 3 0 0 3 3 0*27 | LSASTOT 39 LSASFEAR 39 LSASAVD 0 LSASPFR 39 LSASPAV 0 LSASSFR 0 LSASSAV 0
    LSAS        | .*4 1*20 2*24           | LSASTOT 72    LSASFEAR 24   LSASAVD 48    LSASPFR -   LSASPAV 26  LSASSFR 11  LSASSAV 22
    LSAS        | .*5 1*19 2*24           | LSASTOT -     LSASFEAR -    LSASAVD 48    LSASPFR -   LSASPAV 26  LSASSFR 11  LSASSAV 22
    LSAS        | 1*23 . 2*24             | LSASTOT 72    LSASFEAR 24   LSASAVD 48    LSASPFR 13  LSASPAV 26  LSASSFR 11  LSASSAV 22
    LSAS        | 1*24 .*24               | LSASTOT -     LSASFEAR 24   LSASPFR 13    LSASSFR 11
    LSAS-SR     | 2*24 1*24               | LSASRTOT 72   LSASRFR 48    LSASRAV 24
    SPD-S       | 5                       | SPDS 5
    SPD-C       | 2                       | SPDC 2
    CGI-S       | 4                       | CGI0101 4
    CGI-I       | 1                       | CGI0102 1
    MMSE        | 27                      | MMSETOT 27
    Y-BOCS      | 1*5 3*5                 | YBOCSTOT 20   YBOCSOBS 5    YBOCSCOM 15
    Y-BOCS      | 1*5 3*4 .               | YBOCSTOT -    YBOCSOBS 5    YBOCSCOM -
    CY-BOCS     | 4*10                    | CYBOCTOT 40   CYBOCOBS 20   CYBOCCOM 20
    CY-BOCS     | 2 2 2 2 2 3 3 3 3 3     | CYBOCTOT 25   CYBOCOBS 10   CYBOCCOM 15
    PDSS        | 4 3 2 1 0 1 3           | PDSSTOT 14    PDSSMEAN 2
    PDSS        | 4 3 2 1 0 1 .           | PDSSTOT -     PDSSMEAN -
    AQ-ACRO     | 6*20 2*20               | AQANX 120     AQAVD 40
    AQ-ACRO     | 3*16 .*4 1*15 .*5       | AQANX 60      AQAVD -
    CAPS-5      | 0*10 3*10               | CAPS5TOT 30
    CAPS-IV     | 1*17 2*17               | CAPS4TOT 51
    PCL-5       | 1*10 4*10               | PCL01TS 50
    PCL-IV      | 1*17                    | PCL4TOT 17
    PCL-IV      | 5*16 .                  | PCL4TOT -
    MADRS       | 6*5 0*5                 | MADRSTOT 30
    MADRS       | 3*8 .*2                 | MADRSTOT 30
    BDI-II      | 1*20 3                  | BDI2TOT 23
    BDI-II      | 1*17 .*4                | BDI2TOT 21
    BDI-II      | 1*16 .*5                | BDI2TOT -
    HAM-A       | 2*14                    | HAMATOT 28
    SPIN        | 4*17                    | SPINTOT 68
    OCI-R       | 1*18                    | OCIRTOT 18
    GAD-7       | 3*6 .                   | GAD7TOT 21
    CPSS        | 2*17                    | CPSSTOT 34
    SDS-SHEEHAN | 10 5 0                  | SDSTOT 15
    SDS-SHEEHAN | 10 5 .                  | SDSTOT -
"""
CASES = [tuple(cell.strip() for cell in line.split("|")) for line in GOLDEN.strip().splitlines()[1:]]


def answers(text: str) -> list[float | None]:
    """`1*3 .` -> [1, 1, 1, None]."""
    out: list[float | None] = []
    for word in text.split():
        value, _, times = word.partition("*")
        out += [None if value == "." else float(value)] * int(times or 1)
    return out


def score(bench: Any, instrument: str, values: list[float | None]) -> dict[str, Any]:
    own = INSTRUMENTS[instrument]
    bench.trial(instruments=[instrument], primary=own.scales[0].paramcd)
    bench.given("intake.subject", "subject_id\nS1")
    bench.given("intake.form", f"subject_id | instrument | visit | assessed_on\nS1 | {instrument} | BASELINE | 2024-01-01")
    bench.con.execute("update intake.form set item_values = ?::double[]", [values])
    bench.given("core.dose_timing", "study | site | subject_id | taken::BOOLEAN | dosed_on::DATE")
    bench.run("core.score")
    rows = bench.rows("core.score", "paramcd", "aval", "n_items", "n_answered", "is_prorated", "pomp")
    return {paramcd: rest for paramcd, *rest in rows}


@pytest.mark.parametrize(("instrument", "given", "wanted"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_answers_give_these_scores(run_models, instrument, given, wanted):
    values = answers(given)
    assert len(values) == len(INSTRUMENTS[instrument].item_codes())
    words = wanted.split()
    expected = {p: None if v == "-" else float(v) for p, v in zip(words[::2], words[1::2], strict=True)}
    assert {p: row[0] for p, row in score(run_models, instrument, values).items()} == expected


def test_every_instrument_has_a_golden_case_or_is_told_as_unsure():
    assert set(INSTRUMENTS) - {c[0] for c in CASES} <= {"FSQ", "PAS", "SNAQ"}


@pytest.mark.parametrize("name", sorted(INSTRUMENTS))
def test_the_range_of_a_scale_is_the_range_of_its_items(name):
    instrument = INSTRUMENTS[name]
    limits = {code: (b.minimum, b.maximum) for b in instrument.items for code in b.codes()}
    by_code = {s.paramcd: s for s in instrument.scales}
    for scale in instrument.scales:
        codes = [c for p in scale.parts for c in instrument.expand(by_code[p].items)] or instrument.expand(scale.items)
        share = len(codes) if scale.method == "mean" else 1
        assert scale.minimum == sum(limits[c][0] for c in codes) / share, scale.paramcd
        assert scale.maximum == sum(limits[c][1] for c in codes) / share, scale.paramcd


def test_a_missing_item_is_filled_by_the_persons_own_mean_and_told(run_models):
    """23 answers of 2: 46 / 23 * 24 = 48; the other half 24 ones: 24; total 72, percent of maximum 50."""
    found = score(run_models, "LSAS", answers(". 2*23 1*24"))
    assert found["LSASFEAR"] == [48.0, 24, 23, True, pytest.approx(100 * 48 / 72)]
    assert found["LSASAVD"] == [24.0, 24, 24, False, pytest.approx(100 * 24 / 72)]
    assert found["LSASTOT"] == [72.0, 48, 47, True, 50.0]


def test_percent_of_maximum_subtracts_the_lowest_score(run_models):
    assert score(run_models, "PCL-IV", answers("1*17"))["PCL4TOT"][4] == 0.0


def test_percent_of_maximum_is_reversed_where_higher_is_better(run_models):
    assert score(run_models, "MMSE", [27.0])["MMSETOT"][4] == 10.0


def test_a_reversed_item_counts_from_the_other_end(run_models):
    """1-5, second item reversed: 4 + (6 - 2) + 5 + 1 + 1 = 15; with the first missing: (4 + 5 + 1 + 1) / 4 * 5 = 13.75."""
    bench = run_models
    bench.trial(instruments=["SPD-S"], primary="SPDS")
    items = "\n".join(f"X | {n} | X{n} | 1 | 5" for n in range(1, 6))
    bench.given("ref.item", f"instrument | item_no | item_code | item_min | item_max\n{items}")
    bench.given("ref.scale", """
        instrument | paramcd | scale_no | item_nos    | reverse_nos | parts | method | scale_min | scale_max | missing | n_items
        X          | XSUM    | 1        | [1,2,3,4,5] | [2]         | []    | sum    | 5         | 25        | prorate | 5
    """, higher_is_worse="true", max_missing_pct="20")
    bench.given("intake.subject", "subject_id\nS1")
    bench.given("intake.form", "subject_id | instrument | visit | assessed_on | item_values\n"
                "S1 | X | BASELINE | 2024-01-01 | [4,2,5,1,1]\nS1 | X | W4 | 2024-02-01 | [null,2,5,1,1]")  # fmt: skip
    bench.given("core.dose_timing", "study | site | subject_id | taken::BOOLEAN | dosed_on::DATE")
    bench.run("core.score")
    assert bench.rows("core.score", "form_id", "aval", "is_prorated") == [(2, 15.0, False), (4, 13.75, True)]
