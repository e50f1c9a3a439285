"""`trialweave analyze` on the demo: the unblinded trial is analysed, a blinded one refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from tests.conftest import DemoRelease

pytest.importorskip("statsmodels", reason="the extra [analysis] is not installed")
FILES = ("effects.csv", "effects.parquet", "analysis.html", "forest.png", "trajectories.png")


def analyze(*words: object) -> tuple[int, str]:
    ended = CliRunner().invoke(app, ["analyze", *map(str, words)])
    return ended.exit_code, ended.output


def test_a_blinded_trial_is_refused_with_the_command_for_the_others(demo_release: DemoRelease, tmp_path: Path):
    code, said = analyze("--data", demo_release.data, "--out", tmp_path)
    assert code == 2 and "ocd01, sad01, tail01 are blinded" in said and "trialweave analyze --study acro01" in said
    assert not list(tmp_path.iterdir())
    code, said = analyze("--data", demo_release.data, "--study", "sad01")
    assert code == 2 and "--study" not in said and "not blinded are: acro01" in said  # the one asked for stays the one asked for
    assert "analyze --study acro01" in analyze("--data", demo_release.data, "--study", "sad01", "--study", "acro01")[1]


def test_the_unblinded_trial_gives_table_and_pictures_twice_the_same(demo_release: DemoRelease, tmp_path: Path):
    for name in ("a", "b"):
        code, said = analyze("--data", demo_release.data, "--study", "acro01", "--out", tmp_path / name)
        assert code == 0, said
    assert all((tmp_path / "a" / f).read_bytes() == (tmp_path / "b" / f).read_bytes() for f in FILES)
    rows = list(csv.DictReader((tmp_path / "a" / "effects.csv").open(encoding="utf-8", newline="")))
    assert [r["EFFECT"] for r in rows] == ["group_time", "fear_fall", "dose_count", "over60", "antidepressant"]
    assert rows[2]["ESTIMATE"] == "" and "same for everybody" in rows[2]["NOTE"]  # everybody had two doses
    page = (tmp_path / "a" / "analysis.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert (tmp_path / "a" / "forest.png").read_bytes()[:4] == b"\x89PNG"


def test_its_first_effect_is_that_of_the_model_fitted_by_hand_to_the_sets(demo_release: DemoRelease, tmp_path: Path):
    import statsmodels.api as sm

    analyze("--data", demo_release.data, "--study", "acro01", "--out", tmp_path)
    told = pd.read_csv(tmp_path / "effects.csv").set_index("EFFECT").loc["group_time"]
    adsl = pd.read_parquet(demo_release.release / "adsl" / "acro01")[["USUBJID", "TRT01P", "ITTFL"]]
    adipd = pd.read_parquet(demo_release.release / "adipd" / "acro01").drop(columns="TRT01P").merge(adsl, on="USUBJID")
    rows = adipd[(adipd.ITTFL == "Y") & adipd.TRT01P.notna() & adipd.AVISITN.notna()].dropna(subset=["POMP", "WEEK"])
    active = (rows.TRT01P != "Placebo").astype(float)
    x = pd.DataFrame({"one": 1.0, "week": rows.WEEK, "active": active, "both": active * rows.WEEK})
    fit = sm.MixedLM(rows.POMP, x, groups=rows.USUBJID, exog_re=x[["one", "week"]]).fit(reml=True, method="bfgs")
    assert rows.USUBJID.nunique() == told.N and len(rows) == told.NROWS
    assert pytest.approx(fit.params["both"], abs=0.02) == told.ESTIMATE
