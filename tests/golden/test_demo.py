"""The demo programme in, a whole release out: every planted problem is found as documented, and little else is.

config/demo/problems.csv lists what was planted where and what must happen. `demo_release` (tests/conftest.py) is one
finished run: `.data`, `.release` (paths), `.findings`, `.quarantine` (Polars frames).
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.engine.config import DEMO, load

SEVERITY = {"corrected": "note", "note": "note", "query": "query", "withhold": "withhold", "reject": "reject", "removed": "note"}
#: Findings that follow from no planted problem; every one is a person's work, so there must be few.
AT_MOST_UNPLANTED = 15


def _problems() -> list[dict[str, str]]:
    with (DEMO / "problems.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


PROBLEMS = _problems()
FOUND_BY_A_RULE = [p for p in PROBLEMS if p["rule"]]


def _folder(problem: dict[str, str]) -> Path:
    """The unit's export folder: the site's own, or REDCap's for the two sites in one project."""
    own = DEMO / "exports" / f"{problem['study']}_{problem['site']}"
    return own if (own / problem["file"]).is_file() else DEMO / "exports" / f"{problem['study']}_redcap"


def _hash(problem: dict[str, str]) -> str:
    return hashlib.sha256((_folder(problem) / problem["file"]).read_bytes()).hexdigest()[:12]


def _matching(findings: pl.DataFrame, problem: dict[str, str]) -> pl.DataFrame:
    """Findings that are this planted problem: its rule at its site, in its row, or else of its participant."""
    found = findings.filter((pl.col("study") == problem["study"]) & (pl.col("rule") == problem["rule"]))
    if problem["site"]:
        found = found.filter(pl.col("site") == problem["site"])
    if found.height and found["source_row"].is_null().all():
        return found  # a finding about the configuration, not about a row
    if problem["row"]:
        rows = [int(r) for r in problem["row"].split(";")]
        return found.filter(pl.col("source_row").is_in(rows) & (pl.col("source_file") == _hash(problem)))
    subject = _subject(problem["subject"])
    return found.filter(pl.col("subject") == subject) if subject else found


def _subject(text: str) -> str:
    """The identifier after the site's pattern, from the one the export shows."""
    for prefix in ("PT-", "ACRO01-01-", "BCN", "TX", "CO-"):
        text = text.removeprefix(prefix)
    return text[1:] if len(text) == 3 and text[0] in "SA" else text


def rows_of(release: Path, dataset: str) -> list[dict[str, Any]]:
    """A published set, whole."""
    return pl.read_parquet(sorted((release / dataset).rglob("*.parquet"))).to_dicts()


def test_there_are_at_least_forty_planted_problems_of_many_kinds():
    assert len(PROBLEMS) >= 40
    assert len({p["rule"] for p in PROBLEMS}) >= 30
    assert {p["expected"] for p in PROBLEMS} >= {"corrected", "query", "withhold", "reject", "note", "kept", "removed"}


def test_every_planted_problem_names_a_rule_that_exists():
    from schemas.rules import catalogue

    assert {p["rule"] for p in FOUND_BY_A_RULE} <= {rule.id for rule in catalogue()}


def test_the_configuration_loads_and_every_site_says_what_is_odd_there():
    programme = load(DEMO)
    assert sorted(programme.trials) == ["acro01", "ocd01", "sad01", "tail01"]
    assert len(programme.units) == 11
    for unit in programme.units.values():
        assert (unit.folder / "site.yaml").read_text(encoding="utf-8").startswith("# "), unit.key


def test_the_exports_are_small_and_nothing_else_lies_there():
    files = [p for p in (DEMO / "exports").rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 1_500_000
    assert {p.suffix for p in files} == {".csv", ".txt", ".xlsx", ".xpt"}


def test_the_exports_are_what_make_demo_writes(tmp_path):
    from tests.golden.make_demo import main

    main(tmp_path)
    assert (tmp_path / "problems.csv").read_bytes() == (DEMO / "problems.csv").read_bytes()
    for path in sorted((DEMO / "exports").rglob("*.*")):
        if path.suffix != ".xlsx":  # its bytes depend on the version of openpyxl
            assert (tmp_path / path.relative_to(DEMO)).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("problem", FOUND_BY_A_RULE, ids=lambda p: f"{p['id']}-{p['study']}-{p['site']}-{p['rule']}")
def test_a_planted_problem_is_found_as_documented(demo_release, problem):
    found = _matching(demo_release.findings, problem)
    assert found.height >= 1, problem["planted"]
    assert set(found["severity"]) == {SEVERITY[problem["expected"]]}


def test_little_is_found_that_was_not_planted(demo_release):
    planted = {(p["study"], p["site"], rule) for p in PROBLEMS for rule in [p["rule"], *p["also"].split(";")] if rule}
    others = Counter(
        (f["study"], f["site"], f["rule"], f["table"], f["field"])
        for f in demo_release.findings.iter_rows(named=True)
        if (f["study"], f["site"], f["rule"]) not in planted and (f["study"], "", f["rule"]) not in planted
        # what a planted record in doubt could change, and what is so of a workbook (merged cells, hidden rows)
        and f["rule"] not in ("population_in_doubt", "treatment_day_in_doubt", "file_remark")
    )
    assert sum(others.values()) <= AT_MOST_UNPLANTED, "\n".join(f"{n:4d} {k}" for k, n in sorted(others.items()))


def test_a_rule_finds_no_more_rows_than_were_planted(demo_release):
    expected = Counter((p["study"], p["site"], p["rule"]) for p in FOUND_BY_A_RULE)
    also = {(p["study"], p["site"], rule) for p in PROBLEMS for rule in p["also"].split(";")}
    counts = Counter(demo_release.findings.select("study", "site", "rule").iter_rows())
    more = {k: (n, counts[k]) for k, n in expected.items() if k not in also and counts[k] > n}
    assert more == {}


def test_rows_kept_and_rows_quarantined_are_the_rows_received(demo_release):
    manifest = json.loads((demo_release.release / "manifest.json").read_text(encoding="utf-8"))
    counted = 0
    for site in manifest["sites"]:
        for table, n in site["tables"].items():
            assert n["received"] == n["kept"] + n["quarantined"], (site["study"], site["site"], table)
            counted += n["received"]
    assert counted > 8_000
    assert {s["status"] for s in manifest["sites"]} == {"fresh"}


def test_every_rejected_row_lies_in_quarantine_with_its_rule(demo_release):
    for problem in (p for p in FOUND_BY_A_RULE if p["expected"] == "reject"):
        rows = [int(r) for r in problem["row"].split(";")]
        held = demo_release.quarantine.filter(
            (pl.col("study") == problem["study"]) & (pl.col("source_file") == _hash(problem)) & pl.col("source_row").is_in(rows)
        )
        assert held.height >= len(rows), problem["id"]


def test_a_correction_is_used_in_the_published_set(demo_release):
    weight = {r["USUBJID"]: r["WEIGHTBL"] for r in rows_of(demo_release.release, "adsl")}
    assert weight["sad01-07-0006"] == 70.5


def test_pounds_grams_and_capsules_times_strength_become_kg_and_mg(demo_release):
    doses = rows_of(demo_release.release, "adex")
    atlanta = {r["EXDOSE"] for r in doses if r["STUDYID"] == "acro01" and r["SITEID"] == "01" and r["EXOCCUR"] == "Y"}
    barcelona = {r["EXDOSE"] for r in doses if r["STUDYID"] == "ocd01" and r["SITEID"] == "04" and r["EXOCCUR"] == "Y"}
    lisbon = {r["EXDOSE"] for r in doses if r["STUDYID"] == "sad01" and r["SITEID"] == "07" and r["EXOCCUR"] == "Y"}
    assert atlanta == {50.0, 500.0, None}
    assert barcelona == {25.0, 50.0, None}
    assert lisbon == {50.0, None}
    assert all(40 < r["WEIGHTBL"] < 120 for r in rows_of(demo_release.release, "adsl") if (r["STUDYID"], r["SITEID"]) == ("sad01", "02"))


def test_a_start_known_to_the_year_leaves_use_at_baseline_unknown(demo_release):
    flags = {r["USUBJID"]: r["ADBLFL"] for r in rows_of(demo_release.release, "adsl")}
    planted = next(p for p in PROBLEMS if p["use"] == "ADBLFL=U")
    assert flags[f"sad01-04-{planted['subject']}"] == "U"


def test_a_partial_date_stays_partial(demo_release):
    starts = [r["CMSTDTC"] for r in rows_of(demo_release.release, "adcm") if r["USUBJID"] == "acro01-01-005"]
    assert "2023---15" in starts


def test_what_a_person_decided_about_a_drug_is_used(demo_release):
    drugs = {(r["USUBJID"], r["CMDECOD"], r["CODESTAT"]) for r in rows_of(demo_release.release, "adcm")}
    assert ("sad01-07-0008", "Valerianae radix (valerian)", "OVERRIDE") in drugs
    assert ("tail01-02-003", "naproxen", "OVERRIDE") in drugs


def test_a_missing_session_end_is_imputed_for_the_category_only_and_flagged(demo_release):
    planted = next(p for p in PROBLEMS if p["use"] == "ENDIMPFL=Y")
    doses = [r for r in rows_of(demo_release.release, "adex") if r["USUBJID"] == f"tail01-01-{_subject(planted['subject'])}"]
    assert [(r["EXTPT"], r["TIMCAT"], r["SEEDTM"]) for r in doses if r["ENDIMPFL"] == "Y"] == [("POST-SESSION", "POST_IMM", None)]


def test_a_missing_session_end_takes_nothing_from_a_capsule_taken_before(demo_release):
    doses = [r for r in rows_of(demo_release.release, "adex") if r["USUBJID"] == "acro01-01-007" and r["SESSNO"] == 1]
    assert [(r["SEEDTM"], r["TIMCAT"]) for r in doses] == [(None, "PRE_2_4H")]


def test_a_participant_who_withdrew_with_removal_is_nowhere(demo_release):
    for folder in (p for p in demo_release.release.iterdir() if p.is_dir()):
        for path in folder.rglob("*.parquet"):
            frame = pl.read_parquet(path)
            if "USUBJID" in frame.columns:
                assert "sad01-04-04-007" not in set(frame["USUBJID"]), path


def test_no_arm_is_published_while_a_trial_is_blinded(demo_release):
    arms = {(r["STUDYID"], r["TRT01P"] is None) for r in rows_of(demo_release.release, "adsl")}
    assert {a for a in arms if a[0] != "acro01"} == {("sad01", True), ("ocd01", True), ("tail01", True)}
    assert ("acro01", False) in arms


def test_a_site_worked_alone_on_one_thread_or_two_gives_the_same_bytes_as_in_a_batch(demo_release, tmp_path):
    from tests.engine import Engine

    manifest = json.loads((demo_release.release / "manifest.json").read_text(encoding="utf-8"))
    published = {(f["dataset"], Path(f["path"]).name.rsplit("-", 1)[0]): f["sha256"] for f in manifest["files"] if "/sad01/" in f["path"]}
    programme = load(DEMO)
    for key, threads in (("sad01/02", 1), ("sad01/07", 2)):
        alone = Engine(programme, tmp_path / key.replace("/", "_")).run(only={key}, threads=threads).staged[0]
        for dataset, of in alone.receipt["files"].items():
            for site, entry in of.items():
                if (dataset, site) in published:
                    assert published[(dataset, site)] == entry["sha256"], f"{key} {dataset}"
