"""Dose timing: the SQL models against an independent oracle, on thousands of random cases crowded around the edges.

One batch holds every case: mapping's tables in, staging, judging and core models as in a night, ADEX and the findings out.
The cases are seeded; TIMING_SEED=n in the environment tries others.
"""

from __future__ import annotations

import datetime as dt
import os
from collections import Counter
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from flows.engine import judge, reference
from schemas.site import Site
from schemas.trial import Trial
from tests.harness import EVIDENCE, TRIAL, ModelBench
from tests.spec.timing_cases import PLANS, ZONES, Maker
from tests.spec.timing_oracle import Case, Clock, expected, instant, numbered, seen

N_CASES = 10_000
SEED = int(os.environ.get("TIMING_SEED", "20240331"))
ASKED = ("am_pm_slip", "dose_link_ambiguous", "dose_unlinked", "dose_without_session", "implausible_lag")
SHOWN = (
    "SESSNO", "EXSTDTM", "EXSTDTC", "SESDTM", "EXPDTM", "SEEDTM", "ENDIMPFL", "LAGSTRT", "LAGEXPO", "LAGEND", "TIMCAT", "TIMREAS",
    "WIN12FL", "GT60FL", "GE4HFL", "POSTIMFL", "INWINFL",
)  # fmt: skip


def programme(bench: ModelBench) -> dict[tuple[str, str], int]:
    """One trial a plan, one site a zone in each; (plan, zone) -> unit."""
    rows, units = [], {}
    for name, plan in PLANS.items():
        window: dict[str, Any] = {}
        if plan.pre:
            window["pre"] = {"from_min": plan.pre[0], "to_min": plan.pre[1], "reference": plan.pre[2]}
        if plan.post:
            window["post"] = {"from_min": plan.post[0], "to_min": plan.post[1]}
        sessions = {"number": 12} | ({"planned_length_min": plan.length_min} if plan.length_min else {})
        dosing = {"sessions": [1, 2, 3], "time_points": ["PRE", "POST"]}
        trial = Trial.model_validate(TRIAL | {"study": name, "timing_window": window, "sessions": sessions, "dosing": dosing})
        for zone in ZONES:
            site = Site.model_validate({
                "site_id": f"{ZONES.index(zone):02d}", "study": name, "timezone": zone, "source": {"kind": "files", "path": "x"},
                "tables": {"subject": {"file": "x.csv"}},
            })  # fmt: skip
            units[name, zone] = len(rows)
            unit = reference.Unit(site.key, site, trial, (), (), (), Path())
            rows.append(reference.UnitRow(len(rows), unit, dt.date(2026, 1, 1), "0" * 12))
    reference.build(bench.con, rows, EVIDENCE, [])
    return units


def clock(name: str, sent: Clock) -> dict[str, Any]:
    text = str(sent.local or sent.on) if sent.local or sent.on else None
    return {f"{name}_local": sent.local, f"{name}_on": sent.on, f"{name}_offset_s": sent.offset_s, f"{name}_raw": text}


def give(bench: ModelBench, cases: list[Case]) -> None:
    """The mapping's tables of all cases, one participant a case; a dose's row number is its case's number and its own."""
    units = programme(bench)
    rows: dict[str, list[dict[str, Any]]] = {"subject": [], "session": [], "dose": []}
    for n, case in enumerate(cases):
        unit = units[case.plan, case.zone]
        person = {"unit": unit, "study": case.plan, "site": f"{ZONES.index(case.zone):02d}", "subject_id": f"S{n}", "delivery_no": 0}
        person |= {"source_file": "f" * 12}
        rows["subject"].append(person | key(n) | {"randomized_on": dt.date(2020, 1, 1), "consented_on": dt.date(2020, 1, 1)})
        for s in case.sessions:
            row = person | key(n * 10 + s.no) | {"session_no": s.no, "attended": s.attended}
            rows["session"].append(row | clock("started_at", s.start) | clock("exposure_started_at", s.exposure) | clock("ended_at", s.end))
        for k, d in enumerate(case.doses):
            row = person | key(n * 10 + k) | {"session_no": d.session_no, "time_point": d.time_point, "taken": d.taken}
            rows["dose"].append(row | {"record_no": n * 10 + k, "dose_mg": 50.0} | clock("dosed_at", d.at))
    for name, of_table in rows.items():
        made = pa.Table.from_pylist(of_table)
        bench.con.register("made", made)
        bench.con.execute(f"insert into mapped.{name} by name select * from made")
        bench.con.unregister("made")


def key(number: int) -> dict[str, Any]:
    return {"row_id": number, "source_row": number, "record_key": str(number), "row_hash": number}


@pytest.fixture(scope="module")
def answered() -> tuple[list[Case], dict[int, dict[str, Any]]]:
    """Every case, and what the models and the rules said of each dose, by row number."""
    cases = Maker(SEED).cases(N_CASES)
    bench = ModelBench()
    give(bench, cases)
    for table in ("subject", "disposition", "session", "dose", "rating", "medication"):
        bench.run(f"staging.{table}")
        judge.split(bench.con, table, judge.judge_table(bench.con, table, EVIDENCE).findings)
        bench.made.add(f"intake.{table}")
    bench.run("analysis.adex")
    columns = (*SHOWN, "DOSENUM")
    names = ", ".join(columns)
    told = {
        row: dict(zip(columns, values, strict=True)) | {"asked": []}
        for row, *values in bench.con.execute(f"select SRCROW, {names} from analysis.adex").fetchall()
    }
    for rule, _, record in bench.judge("core.dose_timing"):
        if rule in ASKED:
            told[int(record)]["asked"].append(rule)
    return cases, told


def test_every_dose_has_the_timing_that_the_contract_words(answered: tuple[list[Case], dict[int, dict[str, Any]]]) -> None:
    cases, told = answered
    assert len(told) == sum(len(c.doses) for c in cases) >= N_CASES
    wrong: Counter[str] = Counter()
    first: dict[str, str] = {}
    for n, case in enumerate(cases):
        zone = ZoneInfo(case.zone)
        sessions = [seen(s, zone) for s in case.sessions]
        for k, dose in enumerate(case.doses):
            want, got = expected(dose, sessions, PLANS[case.plan], zone), told[n * 10 + k]
            got["asked"] = tuple(sorted(got["asked"]))
            for name, value in want.items():
                if got[name] != value:
                    wrong[name] += 1
                    first.setdefault(name, f"{name}: {got[name]!r} and not {value!r} for {dose} of {case}")
    assert not wrong, "\n".join([str(dict(wrong)), *first.values()])


def test_doses_are_numbered_by_session_then_date_then_time(answered: tuple[list[Case], dict[int, dict[str, Any]]]) -> None:
    cases, told = answered
    checked = 0
    for n, case in enumerate(cases):
        if any(d.session_no is None or d.taken is None for d in case.doses):
            continue
        assert [told[n * 10 + k]["DOSENUM"] for k in range(len(case.doses))] == numbered(case, ZoneInfo(case.zone)), case
        checked += 1
    assert checked > N_CASES / 10


def test_the_cases_reach_every_category_reason_and_fault(answered: tuple[list[Case], dict[int, dict[str, Any]]]) -> None:
    """A generator that misses an edge proves nothing: each must come at least fifty times."""
    cases, told = answered
    categories = Counter(row["TIMCAT"] for row in told.values())
    reasons = Counter(row["TIMREAS"] for row in told.values())
    rules = Counter(rule for row in told.values() for rule in row["asked"])
    lags = Counter(row["LAGSTRT"] for row in told.values())
    faults = Counter(instant(d.at, ZoneInfo(c.zone)).fault for c in cases for d in c.doses)
    assert len(categories) == 9 and min(categories.values()) >= 50, categories
    assert len(reasons) == 7 and min(reasons.values()) >= 50, reasons
    assert set(rules) == set(ASKED) and min(rules.values()) >= 50, rules
    assert all(lags[edge] >= 20 for edge in (720.0, 240.0, 120.0, 60.0, 0.0, -720.0)), lags.most_common(20)
    assert min(faults["AMBIGUOUS_LOCAL_TIME"], faults["NONEXISTENT_LOCAL_TIME"]) >= 50, faults
