"""The command line: what it prints, how it ends, and what it must not import."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from flows.__main__ import app
from flows.cli import common
from flows.cli.help import split
from flows.cli.run import _show as show
from flows.engine import landed, state
from flows.engine.config import load
from schemas.findings import Exit, PublicationError, TrialweaveError
from tests.nights import Nights
from tests.nights import two_sites as two_sites

ROOT = Path(__file__).resolve().parents[2]
HEAVY = "prefect", "polars", "duckdb", "pyarrow", "pandera"


def call(*words: object) -> tuple[int, str]:
    """Exit code and everything printed."""
    ended = CliRunner().invoke(app, [str(w) for w in words])
    return ended.exit_code, ended.output


def imported_by(nights: Nights | None, *words: object) -> set[str]:
    """Heavy libraries in memory after a command ran in a process of its own."""
    code = (
        "import sys\nfrom flows.__main__ import app\ntry: app(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print('HEAVY', *(m for m in {HEAVY!r} if m in sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, cwd=ROOT)
    assert "HEAVY" in ended.stdout, ended.stderr
    return set(ended.stdout.rpartition("HEAVY")[2].split())


def test_help_names_every_command_and_the_exit_codes_and_loads_nothing_heavy():
    code, text = call("--help")

    assert code == 0
    for word in ("run", "backfill", "status", "findings", "sql", "check-config", "verify", "serve", "3 failed"):
        assert word in text
    assert imported_by(None, "--help") == set()


def commands(group: Any, before: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command there is, those of `coding` too."""
    own = {(*before, name): command for name, command in group.commands.items()}
    return own | {k: v for name, c in own.items() if hasattr(c, "commands") for k, v in commands(c, name).items()}


COMMANDS = commands(typer.main.get_command(app))


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_that_its_options_take(name: tuple[str, ...]):
    example = split(COMMANDS[name].help)[1]
    words = shlex.split(example)

    assert words[: len(name) + 1] == ["trialweave", *name]
    COMMANDS[name].make_context(name[-1], words[len(name) + 1 :], resilient_parsing=False).close()  # ends with UsageError when it is wrong
    assert example in " ".join(call("--help" if len(name) == 1 else "coding", *["--help"][: len(name) - 1])[1].split())


def test_a_full_disk_is_named_whatever_stumbled_over_it(tmp_path: Path, monkeypatch, capsys):
    asked: Any = SimpleNamespace(get_parameter_source=lambda name: SimpleNamespace(name="COMMANDLINE"))
    for free, told in ((2_500_000, "failed: ValueError: 2.5 MB are free on the disk of"), (2_500_000_000, "failed: ValueError; the last")):
        monkeypatch.setattr("shutil.disk_usage", lambda path, free=free: SimpleNamespace(free=free))
        with pytest.raises(typer.Exit) as ended, common.nights_errors(asked, tmp_path / "data"):
            raise ValueError("what somebody's database says")
        said = capsys.readouterr().err
        assert ended.value.exit_code == 3
        assert said.startswith(told) and "somebody" not in said


def test_nothing_changed_is_said_at_once_and_without_heavy_libraries(two_sites: Nights):
    release = two_sites.run().release.release_id
    words = ("run", "--config", two_sites.config, "--data", two_sites.data)

    assert call(*words) == (0, f"nothing changed: release {release} stands\n")
    assert landed.lost(two_sites.data) == []
    assert imported_by(two_sites, *words) == set()
    told = json.loads((two_sites.data / "last_run.json").read_text())
    assert (told["release"], told["outcome"], told["recomputed"], told["reused"], told["flow_started"]) == (release, "ok", [], 2, None)


def test_nothing_changed_in_a_degraded_release_still_ends_degraded(two_sites: Nights):
    two_sites.send("01", "BROKEN\n")
    two_sites.run()

    code, text = call("run", "--config", two_sites.config, "--data", two_sites.data)

    assert code == 1
    assert "it is degraded" in text


def test_nothing_changed_as_json(two_sites: Nights):
    release = two_sites.run().release.release_id

    code, text = call("run", "--config", two_sites.config, "--data", two_sites.data, "--json")

    assert code == 0
    assert json.loads(text)["release"] == release
    assert json.loads(text)["recomputed"] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "--config", "/nowhere"], "is no configuration folder"),
        (["run", "--site", "t01/99"], "no site t01/99; there are t01/01, t01/02"),
        (["backfill", "--from", "2026-03-02", "--to", "2026-03-01"], "is before --from"),
        (["backfill", "--from", "yesterday", "--to", "2026-03-01"], "yesterday"),
        (["status", "--data", "/nowhere"], "holds no release yet"),
        (["sql", "select * from nowhere"], "nowhere"),
        (["verify", "20200101T000000Z-nogit-00000000"], "holds no release"),
        (["tables", "20200101T000000Z-nogit-00000000"], "; there are 20"),
        (["findings", "--site", "t01/99"], "no site t01/99; there are t01, t01/01, t01/02"),
        (["findings", "--rule", "dose_amount_imposible"], "near: dose_amount_impossible"),
        (["findings", "--table", "dosis"], "no table dosis"),
        (["findings", "--subject", "0404"], "no participant of this name"),
        (["changes", "--site", "t01/99"], "no site t01/99"),
        (["changes", "--kind", "altered"], "'altered' is not one of 'changed'"),
        (["checks", "--rule", "nosuch"], "no check nosuch"),
        (["checks", "--site", "t01/99"], "no site t01/99"),
        (["harmonization", "--study", "t99"], "no trial t99; there are t01"),
        (["harmonization", "--site", "t01/99"], "no site t01/99; there are t01/01, t01/02"),
        (["coding", "--site", "t01/99"], "no site t01/99"),
        (["tables", "--visit", "NOWHEN"], "no visit NOWHEN"),
    ],
)
def test_wrong_use_ends_two_and_says_why(two_sites: Nights, words, message):
    two_sites.run()
    words = list(words)
    if "--data" not in words:
        words += ["--data", two_sites.data]
    if "--config" not in words and words[0] in ("run", "backfill"):
        words += ["--config", two_sites.config]

    code, text = call(*words)

    assert (code, message in text) == (2, True), text


def test_status_shows_sites_findings_and_the_last_run_without_heavy_libraries(two_sites: Nights):
    two_sites.send("02", "S1 odd\nS2 bad\n")
    two_sites.run()

    code, text = call("status", "--data", two_sites.data)

    assert code == 0
    assert "t01/02" in text and "fresh" in text
    assert "open findings: 1 reject, 1 query" in text
    assert "last run: ok" in text
    assert imported_by(two_sites, "status", "--data", two_sites.data) == set()


def test_findings_lists_keys_and_shows_values_only_when_asked(two_sites: Nights):
    two_sites.send("02", "S1 odd-text\nS2 50\n")
    two_sites.run()

    code, text = call("findings", "--data", two_sites.data)
    assert (code, "odd" in text, "odd-text" in text) == (0, True, False)
    _, text = call("findings", "--data", two_sites.data, "--show-values", "--json")
    assert json.loads(text)[0]["raw_value"] == "S1 odd-text"
    _, text = call("findings", "--data", two_sites.data, "--site", "t01/01", "--json")
    assert json.loads(text) == []


def test_findings_of_a_held_delivery_are_there_for_the_data_manager(two_sites: Nights):
    two_sites.run()
    two_sites.send("01", "S1 bad\nS2 bad\n")
    two_sites.run()

    _, text = call("findings", "--data", two_sites.data, "--held", "--site", "t01/01", "--json")

    told = [(f["rule"], f["record_key"], f["status"]) for f in json.loads(text)]
    assert told == [("delivery_rejected", "", "HELD"), ("rejected", "S1", "HELD"), ("rejected", "S2", "HELD")]


def test_a_first_night_in_which_every_site_is_held_says_why_each_is(two_sites: Nights):
    two_sites.send("01", "S1 bad\nS2 bad\n")
    two_sites.send("02", "S1 bad\nS2 bad\n")
    with pytest.raises(PublicationError) as told:
        two_sites.run()
    assert [line for line in str(told.value).splitlines() if not line.startswith("  ")] == [
        "no site can be published, so there is no release",
        "t01/01: 2 of 2 dose rows were rejected (100 %, more than 20 %); the delivery is held",
        "t01/02: 2 of 2 dose rows were rejected (100 %, more than 20 %); the delivery is held",
    ]


def test_a_site_that_could_not_be_read_at_all_has_a_held_finding(two_sites: Nights):
    two_sites.run()
    two_sites.send("01", "BROKEN\n")
    two_sites.run()

    _, text = call("findings", "--data", two_sites.data, "--held", "--json")

    assert [(f["rule"], f["site"]) for f in json.loads(text)] == [("delivery_unreadable", "01")]


def test_findings_are_counted_by_rule_and_site_and_name_file_row_and_message(two_sites: Nights):
    two_sites.send("02", "S1 odd\nS2 50\n")
    two_sites.run()

    _, text = call("findings", "--data", two_sites.data)
    assert "by site" in text and "t01/02" in text
    _, text = call("findings", "--data", two_sites.data, "--subject", "S1", "--table", "dose", "--status", "OPEN", "--json")
    (found,) = json.loads(text)
    assert {"file", "source_row", "message", "n_rows"} <= found.keys()
    assert call("findings", "--data", two_sites.data, "--table", "session", "--json") == (0, "[]\n")


def test_status_says_which_data_stand_for_a_carried_site_and_why(two_sites: Nights):
    two_sites.land("01", "S1 50\nS2 50\n", "2026-03-01")
    two_sites.land("02", "S1 50\n", "2026-03-01")
    two_sites.run(as_of="2026-03-01")
    two_sites.land("01", "", "2026-03-05")
    held = two_sites.run(as_of="2026-03-05")

    code, text = call("status", "--data", two_sites.data)

    delivery = held.release.manifest["sites"][0]["delivery_sha256"][:12]
    assert code == 1
    assert f"t01/01: carried: its data are of the delivery {delivery} of 2026-03-01, " in text
    assert "why  -> t01/01: 2 of 2 dose records of the delivery of 2026-03-01 are no longer sent" in text
    _, text = call("status", "--data", two_sites.data, "--json")
    assert json.loads(text)["sites"][0]["delivered_on"] == "2026-03-01"


def test_sql_asks_the_latest_release(two_sites: Nights):
    two_sites.run()

    assert call("sql", "select SITEID, count(*) as n from adex group by 1 order by 1", "--data", two_sites.data, "--csv") == (
        0,
        "SITEID,n\n01,2\n02,2\n",
    )
    code, text = call("sql", "select * from adsx", "--data", two_sites.data)
    assert code == 2 and "no table adsx; did you mean adsl?" in text and "adex" in text and "pg_" not in text
    code, text = call("sql", "select a.TIMCT from adex as a", "--data", two_sites.data)
    assert code == 2 and "like it: TIMCAT (adex, adsess)" in text
    _, text = call("sql", "select count(*) as n from adex", "--data", two_sites.data, "--json")
    assert json.loads(text) == [{"n": 4}]


def test_verify_ends_three_when_a_file_is_gone(two_sites: Nights):
    ended = two_sites.run()
    assert call("verify", "--data", two_sites.data)[0] == 0
    next(ended.release.folder.glob("adsl/t01/*")).unlink()

    code, text = call("verify", "--data", two_sites.data)

    assert code == 3
    assert "is missing" in text


def test_check_config_names_file_and_line(two_sites: Nights):
    file = two_sites.config / "sites" / "t01_01" / "site.yaml"
    file.write_text(file.read_text() + "colour: red\n")

    code, text = call("check-config", "--config", two_sites.config)

    assert code == 2
    assert "t01_01/site.yaml line 6: colour: unknown key" in text


def test_listings_answers_and_waivers_from_the_command_line(two_sites: Nights, tmp_path: Path):
    two_sites.send("01", "S1 odd\nS2 odd\nS3 50\n")
    two_sites.run()
    out = tmp_path / "out"

    code, text = call("queries", "--data", two_sites.data, "--out", out)
    assert (code, "t01/01: 2 queries" in text) == (0, True), text
    listing = out / "t01_01_queries.csv"
    header, first, second = listing.read_text(encoding="utf-8-sig").splitlines()
    listing.write_text("\n".join([header, first.removesuffix(",,,,,") + ",corrected,,Dr. A,2026-03-02,", second]) + "\n")
    code, text = call("answers", listing, "--data", two_sites.data, "--json")
    told = {"file": str(listing), "corrected": 1, "confirmed": 0, "known": 0, "unanswered": 1, "not_taken": []}
    assert (code, json.loads(text)) == (0, told)
    _, text = call("findings", "--data", two_sites.data, "--json")
    finding = json.loads(text)[1]["finding_id"]
    code, text = call("waive", finding[:8], "--who", "A", "--reason", "b", "--data", two_sites.data, "--json")
    told = {"finding": finding, "site": "t01/01", "rule": "odd", "was": "OPEN", "until": None, "who": "A", "reason": "b"}
    assert (code, json.loads(text)) == (0, told)
    assert call("waive", "nothing", "--who", "A", "--reason", "b", "--data", two_sites.data)[0] == 2
    two_sites.run()

    _, text = call("findings", "--data", two_sites.data, "--json")
    assert sorted(f["status"] for f in json.loads(text)) == ["ANSWERED", "WAIVED"]


def test_open_and_new_findings_are_counted_alike_wherever_they_are_counted(two_sites: Nights):
    """Night 1: two findings, one waived then. Night 2: a third. Site 02 has one of night 1 and is the same on night 2."""
    two_sites.land("01", "S1 odd\nS2 odd\nS3 50\n", "2026-03-01")
    two_sites.land("02", "S1 odd\n", "2026-03-01")
    two_sites.run(as_of="2026-03-01")
    _, text = call("findings", "--data", two_sites.data, "--site", "t01/01", "--json")
    finding = json.loads(text)[0]["finding_id"]
    assert call("waive", finding, "--who", "A", "--reason", "b", "--data", two_sites.data)[0] == 0
    two_sites.land("01", "S1 odd\nS2 odd\nS3 odd\n", "2026-03-02")
    two_sites.run(as_of="2026-03-02")

    _, text = call("status", "--data", two_sites.data, "--json")
    assert [(s["site"], s["open"], s["new"]) for s in json.loads(text)["sites"]] == [("t01/01", 2, 1), ("t01/02", 1, 0)]
    assert json.loads(text)["findings"] == {"query": 3}
    _, text = call("findings", "--data", two_sites.data)
    assert "4 findings, 3 open, 1 of them new" in text


def test_coding_says_whose_drug_names_it_does_not_know_yet(two_sites: Nights):
    two_sites.run()
    third = two_sites.config / "sites" / "t01_03"
    third.mkdir()
    (third / "site.yaml").write_text((two_sites.config / "sites" / "t01_01" / "site.yaml").read_text().replace('"01"', '"03"'))

    code, text = call("coding", "--config", two_sites.config, "--data", two_sites.data)
    assert code == 0 and "not looked at, because the release holds none of their data: t01/03\n" in text
    assert "not looked at" not in call("coding", "--config", two_sites.config, "--data", two_sites.data, "--site", "t01/01")[1]


SFTP = "source: {kind: sftp, url: 'sftp://exports.example.org/lisbon', username_env: LISBON_USER, key_env: LISBON_KEY"


def test_check_config_says_which_environment_variables_are_missing(two_sites: Nights, monkeypatch: pytest.MonkeyPatch):
    file = two_sites.config / "sites" / "t01_01" / "site.yaml"
    file.write_text(file.read_text().replace("source: {kind: files, path: exports/01", SFTP))
    monkeypatch.setenv("LISBON_USER", "somebody")
    monkeypatch.delenv("LISBON_KEY", raising=False)
    code, text = call("check-config", "--config", two_sites.config)
    assert code == 1, text
    assert "t01/01: not set here: LISBON_KEY; a run here would hold the site" in text
    monkeypatch.setenv("LISBON_KEY", "x")
    assert call("check-config", "--config", two_sites.config)[0] == 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (", pasword_env: X", "site.yaml line 4: source.pasword_env: unknown key; allowed: "),
        (", known_hosts: hosts", "t01/01: source: there is no file hosts"),
        (", password_env: X", "give one of password_env, password_block, key_env, key_block; password_env and key_env are given"),
        (", max_mb: 0", "site.yaml line 4: source.max_mb: Input should be greater than or equal to 1"),
    ],
)
def test_check_config_says_what_is_wrong_in_a_source(two_sites: Nights, wrong: str, told: str):
    file = two_sites.config / "sites" / "t01_01" / "site.yaml"
    file.write_text(file.read_text().replace("source: {kind: files, path: exports/01", SFTP + wrong))
    code, text = call("check-config", "--config", two_sites.config)
    assert code == 2, text
    assert told in text


def test_a_secret_is_never_written_into_an_address(two_sites: Nights):
    file = two_sites.config / "sites" / "t01_01" / "site.yaml"
    file.write_text(file.read_text().replace("source: {kind: files, path: exports/01", SFTP.replace("sftp://", "sftp://me:geh31m@")))
    code, text = call("check-config", "--config", two_sites.config)
    assert code == 2 and "holds a user name or password" in text and "geh31m" not in text



def test_a_night_begins_only_where_the_ledger_knows_the_newest_release(two_sites: Nights):
    two_sites.run()
    whole = (two_sites.data / "ledger.jsonl").read_bytes()
    two_sites.send("01", "S1 51\nS2 50\n")
    two_sites.run()
    for lost in (None, whole):
        path = two_sites.data / "ledger.jsonl"
        kept = path.read_bytes()
        path.unlink() if lost is None else path.write_bytes(lost)
        assert state.stands(two_sites.data, state.look(two_sites.config, load(two_sites.config))) is None
        with pytest.raises(TrialweaveError, match=r"does not know release .*; nothing was begun"):
            two_sites.run()
        path.write_bytes(kept)
    code, text = call("run", "--config", two_sites.config, "--data", two_sites.data)
    assert (code, "nothing changed" in text) == (0, True), text


def test_a_release_that_is_there_gets_its_lost_link_back_and_until_then_it_is_told(two_sites: Nights):
    release = two_sites.run().release
    (two_sites.data / "releases" / "latest").unlink()
    code, text = call("status", "--data", two_sites.data)
    assert (code, "points to no release that is there" in text, release.release_id in text) == (2, True, True)

    assert two_sites.run().is_latest

    assert call("status", "--data", two_sites.data)[0] == 0
    assert (two_sites.data / "releases" / "latest").readlink().name == release.release_id


def test_a_lost_history_of_findings_is_told_and_no_site_goes_unasked(two_sites: Nights):
    two_sites.send("02", "S1 odd\nS2 50\n")
    two_sites.run()
    assert call("verify", "--data", two_sites.data)[0] == 0
    shutil.rmtree(two_sites.data / "findings")

    code, text = call("verify", "--data", two_sites.data)
    assert (code, "lacks 1 findings" in text) == (3, True), text
    code, text = call("queries", "--data", two_sites.data, "--out", two_sites.data / "out")
    assert (code, "no listing was written" in text) == (2, True), text


def test_a_history_that_may_not_be_looked_into_is_no_lost_one(two_sites: Nights, monkeypatch: pytest.MonkeyPatch):
    two_sites.send("02", "S1 odd\nS2 50\n")
    two_sites.run()

    def refused(look: Any) -> Any:
        def at(path: Any = ".") -> Any:
            if Path(path).name == "findings":
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return look(path)

        return at

    monkeypatch.setattr(os, "listdir", refused(os.listdir))
    monkeypatch.setattr(os, "scandir", refused(os.scandir))
    code, text = call("queries", "--data", two_sites.data, "--out", two_sites.data / "out")
    assert (code, "findings); the last release stands" in text, "run it as the user who runs the nights" in text) == (3, True, True), text


def test_a_site_that_the_configuration_no_longer_names_is_told_with_its_records(two_sites: Nights, capsys):
    two_sites.run()
    shutil.rmtree(two_sites.config / "sites" / "t01_02")
    show(two_sites.run(), json=False)
    code, text = call("status", "--data", two_sites.data)
    told = "t01/02: no longer in the configuration: its 2 records are not in this release"
    assert (code, told in text, told in capsys.readouterr().out) == (0, True, True), text


def test_nights_that_are_still_to_come_are_not_counted_as_replayed(two_sites: Nights, monkeypatch):
    two_sites.land("01", "S1 50\n", "2026-03-01")
    monkeypatch.setattr("flows.cli.backfill._all_stand", lambda *args: True)
    where = ("--config", two_sites.config, "--data", two_sites.data)
    today = dt.datetime.now(dt.UTC).date()

    _, some = call("backfill", "--from", today, "--to", today + dt.timedelta(days=9), *where)
    _, none = call("backfill", "--from", today + dt.timedelta(days=2), "--to", today + dt.timedelta(days=9), *where)

    told = f"still to come (today is {today} in UTC): there is nothing to replay for them"
    assert some.splitlines() == [f"9 of these nights are {told}", "0 of 1 nights changed"]
    assert none.splitlines() == [f"all of these nights are {told}", "0 of 0 nights changed"]


def test_a_stop_is_no_failure_whatever_the_library_in_the_middle_makes_of_it(capsys):
    with pytest.raises(typer.Exit) as ended, common.told_errors(("stopping", Exit.OK)):
        try:
            signal.raise_signal(signal.SIGTERM)
        except KeyboardInterrupt:
            raise ValueError("a library's own error") from None
    assert (ended.value.exit_code, capsys.readouterr().err) == (0, "stopping\n")
