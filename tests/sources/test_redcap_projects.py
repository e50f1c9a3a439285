"""The seven real REDCap projects beside this checkout, served by the stand-in: what lands is what their own pages exported."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.readers import ReadOptions, read
from tests.sources import redcap_standin
from tests.sources.redcap_standin import TOKEN, Project, rows_of
from tests.sources.site import Remote, contents

PROJECTS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "redcap"
NAMES = ("checkboxes-1", "clinical-trial-1", "dag", "decimal-comma", "longitudinal", "repeating-instruments", "validation-types-1")

pytestmark = pytest.mark.skipif(not PROJECTS.is_dir(), reason="the shared data are not beside this checkout")


@pytest.mark.parametrize("name", NAMES)
def test_a_real_project_comes_cell_by_cell_and_reads_like_its_own_export(tmp_path, certificate, monkeypatch, name):
    project = Project.load(PROJECTS / name)
    monkeypatch.setenv("TOKEN", TOKEN)
    tables = {"dose": {"file": "data.csv", "companion": "dictionary.csv"}}
    with redcap_standin.serving({TOKEN: project}, certificate[1]) as url:
        made = Remote(tmp_path, tables, kind="redcap", url=url, token_env="TOKEN", ca_file=str(certificate[0]), chunk=7)
        delivery = made.pull()
        assert made.pull() == delivery
    assert rows_of(contents(delivery)["data.csv"].decode()) == [project.header, *project.rows]
    assert made.receipt()["source"]["records"] == len(project.ids)
    options = ReadOptions(format="redcap", companion="dictionary.csv")
    ours = read(delivery.folder / "data.csv", options)
    theirs = read(PROJECTS / name / "data.csv", ReadOptions(format="redcap", companion=next((PROJECTS / name).glob("dict*.csv")).name))
    assert ours.table.equals(theirs.table)
    assert {n: a.labels for n, a in ours.about.items()} == {n: a.labels for n, a in theirs.about.items()}
