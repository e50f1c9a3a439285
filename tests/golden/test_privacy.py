"""Planted texts of participants are in no log, error, Prefect record or other site's file, whatever goes wrong at their site."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.findings import ConfigurationError
from tests.nights import call
from tests.privacy import DEIDENTIFIED, KEY, Tiny, holds

ROOT = Path(__file__).resolve().parents[2]
#: What is planted in site A: a name and a note in columns nobody maps, an identifier, verbatims, a dose text, a text for a number.
NAME, NOTE, WHO, DRUG, EVENT, DOSE, NUMBER = (
    "MARKERNAME Maria Musterfrau",
    "MARKERNOTE lives at the harbour",
    "MARKERID7",
    "MARKERDRUG zoloft for Maria",
    "MARKEREVENT cried in the tram",
    "MARKERDOSE two from the blue box",
    "MARKERNUM forty",
)
ALL = (NAME, NOTE, WHO, DRUG, EVENT, DOSE, NUMBER)


def plant(tiny: Tiny) -> None:
    for path in sorted((tiny.config / "exports" / "A").iterdir()):
        path.write_text(path.read_text().replace("\nS1,", f"\n{WHO},"))
    people = tiny.export("A", "people.csv")
    head, *lines = people.read_text().splitlines()
    people.write_text("\n".join([f"{head},name,note", *(f"{line},{NAME},{NOTE}" for line in lines)]) + "\n")
    tiny.change("A", "people.csv", f"{WHO},30,F", f"{WHO},{NUMBER},F")
    tiny.change("A", "meds.csv", "Zoloft 50 mg", DRUG)
    tiny.change("A", "ae.csv", "Headache", EVENT)
    tiny.change("A", "doses.csv", f"{WHO},1,yes,50,", f"{WHO},1,yes,{DOSE},")


def night(tiny: Tiny, **more: str) -> subprocess.CompletedProcess[str]:
    """A night by the command a user gives, Prefect at its most talkative and keeping its log in its database."""
    loud = {
        "PREFECT_LOGGING_LEVEL": "DEBUG",
        "PREFECT_LOGGING_INTERNAL_LEVEL": "DEBUG",
        "PREFECT_LOGGING_TO_API_ENABLED": "true",
        "PREFECT_SERVER_LOGGING_LEVEL": "DEBUG",
    }
    command = [sys.executable, "-m", "flows", "run", "--config", str(tiny.config), "--data", str(tiny.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=os.environ | loud | more)


def quiet(tiny: Tiny, done: subprocess.CompletedProcess[str]) -> None:
    """Nothing planted was said or stored outside of what is site A's own."""
    data = tiny.data
    beside = [data / "ledger.jsonl", data / "state.json", data / "last_run.json", data / ".prefect", data / "logs", data / ".lock"]
    beside += [data / part / "t01" / "B" for part in ("landing", "staged")]
    beside += [p for p in (data / "releases").glob("2*/*") if p.is_file()] + list((data / "releases").glob("2*/*/t01/B-*"))
    there = [p for p in beside if p.exists()]
    assert (data / ".prefect" / "prefect.db").is_file()
    for text in ALL:
        marker = text.split()[0]
        assert marker not in done.stdout + done.stderr, marker
        assert holds(marker, there) == [], marker


@pytest.mark.slow
def test_a_night_and_a_night_with_a_broken_file_tell_no_text_of_a_participant(tmp_path: Path):
    tiny = Tiny(tmp_path)
    plant(tiny)
    done = night(tiny)
    assert done.returncode == 0, done.stderr[-2000:]
    assert holds("MARKERDRUG", [tiny.data / "staged" / "t01" / "A"]) != []  # it was there to be told
    quiet(tiny, done)
    for text in (NAME, NOTE):
        assert holds(text, [tiny.latest]) == [], text

    shutil.copy(tiny.export("A", "people.csv"), tiny.export("A", "sessions.csv"))  # another file under its name
    tiny.change("A", "doses.csv", "taken", "took")
    for name in ("meds.csv", "ae.csv"):  # without their header line a participant's row stands in its place
        path = tiny.export("A", name)
        path.write_text(path.read_text().split("\n", 1)[1])
    done = night(tiny)
    assert done.returncode == 1, done.stderr[-2000:]
    quiet(tiny, done)


@pytest.mark.slow
def test_a_model_that_fails_on_a_value_does_not_tell_it(tmp_path: Path, monkeypatch):
    from flows.engine import coding

    tiny = Tiny(tmp_path)
    plant(tiny)

    def fails(con, *args, **kwargs):
        con.execute("select cast(verbatim as integer) from intake.medication")

    def fails_in_python(con, *args, **kwargs):
        if not con.execute("select count(*) from intake.medication").fetchall()[0][0]:
            return  # site B sends no medication
        raise ValueError(con.execute("select verbatim from intake.medication").fetchall())

    for broken in (fails, fails_in_python):
        monkeypatch.setattr(coding, "code", broken)
        ended = tiny.run()
        (entry,) = [e for e in ended.release.manifest["sites"] if e["site"] == "A"]
        assert entry["status"] == "held" and entry["reason"]
        assert holds("MARKER", [ended.release.folder, tiny.data / "ledger.jsonl", tiny.data / "findings"]) == []


@pytest.mark.slow
def test_a_deidentified_release_and_its_night_hold_no_planted_text_at_all(tmp_path: Path):
    tiny = Tiny(tmp_path, DEIDENTIFIED)
    plant(tiny)
    done = night(tiny, TINY_KEY=KEY)
    assert done.returncode == 0, done.stderr[-2000:]
    quiet(tiny, done)
    for text in (*(t.split()[0] for t in ALL), KEY):
        assert holds(text, [tiny.latest]) == [], text
    assert holds(KEY, [tiny.data]) == []


@pytest.fixture(scope="module")
def masked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deidentified trial after a night with a text for an amount; to be copied, not used."""
    tiny = Tiny(tmp_path_factory.mktemp("masked"), DEIDENTIFIED)
    tiny.change("A", "doses.csv", "S1,1,yes,50,", "S1,1,yes,forty,")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TINY_KEY", KEY)
        tiny.run()
    return tiny.config.parent


@pytest.fixture
def masked(masked_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A copy of it, its key set."""
    monkeypatch.setenv("TINY_KEY", KEY)
    shutil.copytree(masked_once, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Tiny(tmp_path, made=True)


def test_another_key_under_the_same_name_begins_nothing_and_under_a_new_name_makes_new_pseudonyms(masked: Tiny, monkeypatch):
    tiny, first = masked, masked.latest.resolve()
    tiny.change("A", "people.csv", "S1,30", "S1,31")

    monkeypatch.setenv("TINY_KEY", "quite another key, mistyped")
    with pytest.raises(ConfigurationError, match="every pseudonym and date would change"):
        tiny.run()
    assert tiny.latest.resolve() == first

    tiny.status("TINY_KEY", "NEW_KEY")
    monkeypatch.setenv("NEW_KEY", "quite another key, on purpose")
    before = set(tiny.set("adsl")["USUBJID"])
    tiny.run()
    assert set(tiny.set("adsl")["USUBJID"]).isdisjoint(before)


def test_a_data_manager_sees_keys_and_texts_of_a_deidentified_trial_where_its_key_is_set_and_only_where_they_are_asked_for(
    masked: Tiny, monkeypatch
):
    tiny = masked

    def asked(*words: str) -> list[dict[str, object]]:
        code, text = call("findings", "--data", tiny.data, "--rule", "unreadable_value", "--json", *words)
        assert code == 0, text
        return json.loads(text)

    (plain,), (shown,) = asked(), asked("--show-values")
    assert plain["subject"] != "S1" and "forty" not in str(plain)
    assert (shown["subject"], shown["raw_value"]) == ("S1", "forty")
    assert str(shown["record_key"]).startswith("S1|1|")
    assert asked("--subject", "S1") == asked("--subject", str(plain["subject"])) == [plain]
    _, text = call("explain", "--finding", shown["finding_id"], "--data", tiny.data)
    assert "as sent 'forty'" in text

    monkeypatch.delenv("TINY_KEY")
    code, text = call("findings", "--data", tiny.data, "--show-values")
    assert (code, "TINY_KEY is not set" in text) == (2, True)
