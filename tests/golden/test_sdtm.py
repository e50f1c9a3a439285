"""`trialweave export --sdtm` on the demo: the checks of CDISC's rules that apply, asked of the files themselves.

CDISC's engine is run by `make core-check`; these need nothing but the project. The ids are those of the rules a check is like.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from schemas.sdtm import domains
from tests.conftest import ROOT, DemoRelease

#: "2023---15" is the SDTM form of a day whose month is not known.
ISO = re.compile(r"\d{4}---\d{2}|\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}([+-]\d{2}:\d{2}|Z)?)?)?)?")
BLINDED = ("ocd01", "sad01", "tail01")


@pytest.fixture(scope="module")
def trials(demo_release: DemoRelease, tmp_path_factory) -> dict[str, dict[str, list[dict]]]:
    """Trial -> domain -> rows, from the files."""
    out = tmp_path_factory.mktemp("sdtm") / "out"
    done = CliRunner().invoke(app, ["export", "--sdtm", "--data", str(demo_release.data), "--out", str(out)])
    assert done.exit_code == 0, done.stderr
    return {folder.name: {p.stem.upper(): rows(p) for p in folder.glob("??.json")} for folder in sorted(out.iterdir())}


def rows(path: Path) -> list[dict]:
    told = json.loads(path.read_text(encoding="utf-8"))
    names = [c["name"] for c in told["columns"]]
    assert names == [v.name for v in domains()[told["name"]].variables]
    return [dict(zip(names, row, strict=True)) for row in told["rows"]]


def test_a_configuration_that_is_named_stands_in_for_the_releases_own(trials, demo_release: DemoRelease, tmp_path: Path):
    words = ["export", "--sdtm", "--study", "acro01", "--data", str(demo_release.data), "--config", str(ROOT / "config" / "demo")]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.stderr
    assert {p.stem.upper(): rows(p) for p in (tmp_path / "out" / "acro01").glob("??.json")} == trials["acro01"]


def every(trials, *codes):
    return [(code, row) for of in trials.values() for code in codes for row in of.get(code, ())]


def test_a_blinded_trial_has_no_ex_no_arm_and_no_date_of_exposure(trials):
    assert [t for t, of in trials.items() if "EX" in of] == ["acro01"]
    for trial in BLINDED:
        for row in trials[trial]["DM"]:
            assert [row[n] for n in ("ARM", "ARMCD", "ACTARM", "ACTARMCD", "RFXSTDTC", "RFXENDTC")] == [None] * 6
    assert "PLACEBO" not in {row["ECTRT"] for _, row in every(trials, "EC")}


def test_a_placebo_has_a_dose_of_zero_and_no_dose_is_number_and_text_000005_000445(trials):
    placebo = [row["EXDOSE"] for _, row in every(trials, "EX") if row["EXTRT"] == "PLACEBO"]
    assert placebo and set(placebo) == {0.0}
    assert not [row for code, row in every(trials, "EC", "EX") if row[f"{code}DOSE"] is not None and row[f"{code}DOSTXT"] is not None]


def test_references_and_time_points_go_together_000080_000165_000686(trials):
    for code, row in every(trials, "EC", "EX", "QS"):
        named = row[f"{code}TPT"] is not None
        assert (row[f"{code}TPTREF"] is not None) == named == (row[f"{code}TPTNUM"] is not None)
        if code != "QS":
            assert row[f"{code}RFTDTC"] is None or named
    for code in ("EC", "QS"):
        pairs = {(row[f"{code}TPT"], row[f"{code}TPTNUM"]) for _, row in every(trials, code)} - {(None, None)}
        assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)


def test_every_date_is_iso_8601_and_a_study_day_stands_only_beside_a_whole_one_and_is_right_000547_000354_000529(trials):
    n = 0
    for trial, of in trials.items():
        start = {row["USUBJID"]: row["RFSTDTC"] for row in of["DM"]}
        for code in ("EC", "EX", "SV", "CM", "AE", "QS", "RS"):
            for row in of.get(code, ()):
                for name in [c for c in row if c.endswith("DTC") and row[c] is not None]:
                    assert ISO.fullmatch(row[name]), f"{trial} {name}"
                for stem in ("ST", "EN", ""):
                    day, at = row.get(f"{code}{stem}DY"), row.get(f"{code}{stem}DTC")
                    if day is None:
                        continue
                    n += 1
                    assert at is not None and len(at) >= 10, f"{trial} {code}{stem}DY"
                    away = (date.fromisoformat(at[:10]) - date.fromisoformat(start[row["USUBJID"]])).days
                    assert day == (away + 1 if away >= 0 else away), f"{trial} {code}{stem}DY"
    assert n > 10_000


def test_first_and_last_exposure_of_dm_are_those_of_ex_000238_000239(trials):
    taken: dict[str, list[str]] = {}
    for _, row in every(trials, "EX"):
        taken.setdefault(row["USUBJID"], []).extend([row["EXSTDTC"]] if row["EXSTDTC"] else [])
    told = {row["USUBJID"]: (row["RFXSTDTC"], row["RFXENDTC"]) for row in trials["acro01"]["DM"] if row["RFXSTDTC"]}
    assert told == {u: (min(at), max(at)) for u, at in taken.items() if at}


def test_a_participant_is_once_in_dm_and_every_other_row_belongs_to_one_000382_000201_000652(trials):
    for of in trials.values():
        people = [row["USUBJID"] for row in of["DM"]]
        assert len(people) == len(set(people))
        assert {row["USUBJID"] for code in of if code != "DM" for row in of[code]} <= set(people)
        assert {(r["USUBJID"], r["EXSEQ"]) for r in of.get("EX", ())} <= {(r["USUBJID"], r["ECSEQ"]) for r in of["EC"]}


def test_sequence_numbers_are_unique_within_a_participant_000458_000544(trials):
    for of in trials.values():
        for code in set(of) - {"DM", "SV"}:
            keys = [(row["USUBJID"], row[f"{code}SEQ"]) for row in of[code]]
            assert len(keys) == len(set(keys)), code
        visits = [(row["USUBJID"], row["VISITNUM"]) for row in of["SV"]]
        assert len(visits) == len(set(visits))


def test_short_names_and_names_have_the_length_that_sdtm_allows(trials):
    for code, row in every(trials, "QS", "RS"):
        assert re.fullmatch(r"[A-Z][A-Z0-9_]{0,7}", row[f"{code}TESTCD"])
        assert len(row[f"{code}TEST"]) <= 40
    assert max(len(v.label) for d in domains().values() for v in d.variables) <= 40


def test_nothing_published_is_lost_on_the_way(trials, demo_release: DemoRelease):
    import polars as pl

    def n(dataset, trial):
        return sum(pl.read_parquet(p).height for p in demo_release.release.glob(f"{dataset}/{trial}/*.parquet"))

    for trial, of in trials.items():
        assert (len(of["DM"]), len(of["EC"]), len(of["CM"]), len(of["AE"])) == tuple(n(d, trial) for d in ("adsl", "adex", "adcm", "adae"))
        suds = pl.concat([pl.read_parquet(p) for p in demo_release.release.glob(f"adsuds/{trial}/*.parquet")])
        ratings = sum(suds[c].count() for c in ("SUDSBEG", "SUDSPEAK", "SUDSEND"))
        totals = sum(pl.read_parquet(p)["AVALREP"].count() for p in demo_release.release.glob(f"adqs/{trial}/*.parquet"))
        assert len(of["QS"]) + len(of["RS"]) == ratings + n("aditem", trial) + totals
