"""A run as it is opened: what must not be begun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.engine import config_then, ledger, releases, session, state
from flows.engine import night as nights
from schemas.findings import ConfigurationError, EditedError, Exit, TrialweaveError
from tests.nights import Nights, call
from tests.nights import two_sites as two_sites

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


def edited_at(monkeypatch: pytest.MonkeyPatch, nights: Nights, place, name: str) -> None:
    """Somebody saves the trial file while a night is at that place, once."""
    real, file = getattr(place, name), nights.config / "trials" / "t01.yaml"

    def then_edit(*args, **kwargs):
        done = real(*args, **kwargs)
        monkeypatch.setattr(place, name, real)
        file.write_text(file.read_text().replace("title: A trial", "title: Another"))
        return done

    monkeypatch.setattr(place, name, then_edit)


@pytest.mark.parametrize("at", ["load", "peek"])
def test_an_edit_while_a_night_begins_is_looked_at_again_and_what_is_kept_is_what_was_read(two_sites: Nights, monkeypatch, at: str):
    from flows.engine import landing, snapshots
    from flows.engine.config import load

    monkeypatch.setattr(config_then.time, "sleep", lambda s: None)
    edited_at(monkeypatch, two_sites, *((config_then, "load") if at == "load" else (landing, "peek")))

    sha256 = two_sites.run().release.manifest["config_snapshot"]

    kept = snapshots.kept(two_sites.data, sha256).trials["t01"].title
    assert kept == ("Another" if at == "load" else "A trial")
    is_done = state.stands(two_sites.data, state.look(two_sites.config, load(two_sites.config))) is not None
    assert not is_done, "an edit that no night has seen from its begin is looked at again"


def test_a_configuration_that_never_stands_still_begins_nothing(two_sites: Nights, monkeypatch):
    monkeypatch.setattr(config_then.time, "sleep", lambda s: None)
    real, counted = config_then.load, iter(range(100))

    def edited(*args, **kwargs):
        done = real(*args, **kwargs)
        (two_sites.config / "trials" / "t01.medications.csv").write_text(f"verbatim,ingredients\nx{next(counted)},fluoxetine\n")
        return done

    monkeypatch.setattr(config_then, "load", edited)
    with pytest.raises(ConfigurationError, match="while it was read; nothing was begun"):
        two_sites.run()


def test_a_code_list_edited_between_the_plan_of_a_night_and_its_batches_ends_the_night(two_sites: Nights, monkeypatch):
    words = two_sites.config / "codelists" / "sex.csv"
    words.parent.mkdir()
    words.write_text("text,sex\nvar,M\n")
    whole = nights.landed_as_received

    def then_edited(attempt):
        whole(attempt)
        words.write_text("text,sex\nvar,F\n")

    monkeypatch.setattr(nights, "landed_as_received", then_edited)
    with pytest.raises(EditedError, match="edited while the night computed"):
        two_sites.run()
    assert releases.latest(two_sites.data) is None
