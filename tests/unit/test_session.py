"""A run as it is opened: what must not be begun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.engine import ledger, session
from schemas.findings import Exit, TrialweaveError
from tests.nights import call

TINY = Path(__file__).parents[1] / "golden" / "tiny"


def test_a_machine_whose_clock_is_behind_the_release_that_stands_begins_nothing(tmp_path):
    release = tmp_path / "releases" / "20990101T000000Z-nogit-00000000"
    release.mkdir(parents=True)
    (release / "manifest.json").write_text(json.dumps({"as_of": "2099-01-01T00:00:00+00:00", "sites": []}))
    (tmp_path / "releases" / "latest").symlink_to(release.name)
    ledger.append(tmp_path, "release_published", release_id=release.name, as_of="2099-01-01T00:00:00+00:00", latest=True)

    with pytest.raises(TrialweaveError, match=r"as of 2099-01-01T00:00:00\+00:00; nothing was begun"), session.opened(TINY, tmp_path):
        pass

    assert not (tmp_path / "landing").exists()


def test_a_night_without_config_does_not_put_the_demo_in_the_place_of_another_configurations_sites(tmp_path):
    ledger.append(tmp_path, "run_started", config=str(TINY))

    code, told = call("run", "--data", tmp_path)

    assert code == Exit.USAGE
    assert "fix   -> --config" in told and "tiny" in told
    assert not (tmp_path / "landing").exists()


def test_what_to_run_next_names_the_configuration_of_the_last_night(tmp_path):
    ledger.append(tmp_path, "run_started", config="my-config")

    code, told = call("tables", "--data", tmp_path)

    assert code != 0
    assert "trialweave run --config my-config --data" in " ".join(told.split())
