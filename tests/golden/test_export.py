"""`trialweave export` on the demo's release: what an independent reader gets is what was published; restricted sets stay where they are."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import polars as pl
import pyreadstat
import pytest
from typer.testing import CliRunner

from flows.__main__ import app
from schemas.columns import PER_SITE, POOLED, columns
from tests.conftest import DemoRelease


def trialweave(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, words)
    return done.exit_code, done.stdout, done.stderr


def published(demo: DemoRelease, dataset: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(p) for p in sorted(demo.release.glob(f"{dataset}/*/*.parquet"))])


@pytest.mark.parametrize(
    ("name", "read"), [("xpt", pyreadstat.read_xport), ("sav", pyreadstat.read_sav), ("dta", pyreadstat.read_dta)]
)
def test_every_value_and_label_of_every_set_comes_back(demo_release: DemoRelease, tmp_path: Path, name, read):
    code, _, told = trialweave("export", "--format", name, "--data", str(demo_release.data), "--out", str(tmp_path / "out"))
    assert code == 0, told
    for dataset in (*PER_SITE, *POOLED):
        wanted = published(demo_release, dataset)
        found, meta = read(tmp_path / "out" / f"{dataset}.{name}", output_format="dict", **({"encoding": "utf-8"} if name == "xpt" else {}))
        assert meta.number_rows == wanted.height, dataset
        for column in columns()[dataset]:
            values = wanted[column.name].to_list()
            if column.type == "Datetime":
                values = [v and v.replace(tzinfo=None) for v in values]
            elif column.type == "Text":
                values = [v or "" for v in values]
            there = [None if isinstance(v, float) and math.isnan(v) else v for v in found[column.name]]
            assert there == values, f"{dataset}.{column.name}"
            assert meta.column_names_to_labels[column.name] == column.label


def test_the_findings_of_a_release_go_with_its_values(demo_release: DemoRelease, tmp_path: Path):
    words = ("export", "--data", str(demo_release.data), "--out")
    assert trialweave(*words, str(tmp_path / "sets"), "--format", "csv", "--set", "adsl")[0] == 0
    assert trialweave(*words, str(tmp_path / "sdtm"), "--sdtm", "--study", "sad01")[0] == 0
    wanted = published(demo_release, "findings")
    found = pl.read_csv(tmp_path / "sets" / "findings.csv", schema_overrides={"site": pl.String, "source_file": pl.String})
    assert sorted(found["finding_id"]) == sorted(wanted["finding_id"]) and "raw_value" not in found.columns
    of_one = pl.read_csv(tmp_path / "sdtm" / "sad01" / "findings.csv", infer_schema=False)
    assert sorted(of_one["finding_id"]) == sorted(wanted.filter(pl.col("study") == "sad01")["finding_id"])


def test_assignment_is_exported_only_where_it_is_named_and_the_trial_is_unblinded(demo_release: DemoRelease, tmp_path: Path):
    words = ("export", "--format", "csv", "--data", str(demo_release.data))
    assert trialweave(*words, "--out", str(tmp_path / "all"))[0] == 0
    assert {p.stem for p in (tmp_path / "all").glob("ad*.csv")} == {*PER_SITE, *POOLED}
    assert trialweave(*words, "--set", "adtrt", "--out", str(tmp_path / "arm"))[0] == 0
    rows = pl.read_csv(tmp_path / "arm" / "adtrt.csv")
    assert set(rows["STUDYID"]) == {"acro01"}  # sad01, ocd01 and tail01 are blinded
    assert (tmp_path / "arm" / "adtrt.csv").stat().st_mode & 0o077 == 0
    notes = [n["what"] for n in json.loads((tmp_path / "arm" / "export.json").read_text())["notes"]]
    assert [n.split()[0] for n in notes if "blinded" in n] == ["ocd01", "sad01", "tail01"]


def test_a_file_that_is_not_as_published_is_not_exported(demo_release: DemoRelease, tmp_path: Path):
    data = tmp_path / "data"
    shutil.copytree(demo_release.data, data, symlinks=True)
    path = next(iter(sorted((data / "releases" / "latest").resolve().glob("adex/sad01/*.parquet"))))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    code, _, told = trialweave("export", "--format", "csv", "--set", "adex", "--data", str(data), "--out", str(tmp_path / "out"))
    assert (code, "is not as it was published" in told, (tmp_path / "out").exists()) == (3, True, False)


def test_an_unknown_set_and_a_folder_in_use_are_told_with_what_to_do(demo_release: DemoRelease, tmp_path: Path):
    words = ("export", "--format", "csv", "--data", str(demo_release.data), "--out", str(tmp_path))
    (tmp_path / "mine.txt").write_text("kept")
    assert trialweave(*words, "--set", "adxx")[2].startswith("there is no set adxx\n  sets: adsl, adex")
    code, _, told = trialweave(*words, "--set", "adsl")
    assert (code, "is there and not empty" in told, [p.name for p in tmp_path.iterdir()]) == (2, True, ["mine.txt"])
