"""A person hears of a night that needs one: by a letter and by a webhook, once, in keys and counts, and never at the night's cost."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from flows.engine import ledger, lock, seen
from flows.engine.config import load
from flows.engine.seen.ended import Ended
from flows.engine.seen.send import SendError, send
from schemas.alerts import Alerts, Email
from schemas.findings import ConfigurationError, PublicationError
from tests.conftest import ROOT
from tests.nights import Nights
from tests.nights import two_sites as two_sites
from tests.seen.sinks import Mails, Posts, mail_server, web_sink
from tests.sources.servers import certificate

ALERTS = """\
channels:
  mail: {{kind: email, host: 127.0.0.1, port: {port}, security: none, from: night@example.org, to: [dm@example.org, stat@example.org]}}
  chat: {{kind: webhook, url_env: CHAT_URL, headers_env: {{Authorization: CHAT_TOKEN}}}}
alerts:
  - {{on: [failed, killed, degraded, recovered, stale, missed, special_interest], to: [mail, chat]}}
"""


@pytest.fixture
def mails() -> Iterator[Mails]:
    with mail_server() as kept:
        yield kept


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Posts]:
    with web_sink() as kept:
        monkeypatch.setenv("CHAT_URL", kept.url)
        monkeypatch.setenv("CHAT_TOKEN", "Bearer s3cret")
        yield kept


@pytest.fixture
def watched(two_sites: Nights, mails: Mails, posts: Posts) -> Nights:
    (two_sites.config / "alerts.yaml").write_text(ALERTS.format(port=mails.port))
    return two_sites


def logged(given: Nights) -> list[dict]:
    return [json.loads(line) for path in sorted((given.data / "logs").glob("*")) for line in path.read_text().splitlines()]


def test_a_good_night_is_told_to_nobody(watched: Nights, mails: Mails, posts: Posts):
    watched.run()

    assert (mails.letters, posts.bodies) == ([], [])


def test_a_held_site_is_told_once_with_its_reason_and_its_end_is_told_too(watched: Nights, mails: Mails, posts: Posts):
    watched.run()
    watched.send("01", "S1 bad\nS2 bad\n")
    watched.run()
    watched.send("02", "S1 50\nS3 50\n")
    watched.run()

    (letter,) = mails.letters
    assert letter["Subject"] == "trialweave: degraded (1 degraded)"
    assert mails.recipients == [["dm@example.org", "stat@example.org"]]
    assert "t01/01: carried: its data are of the delivery" in letter.get_content() and "why  ->" in letter.get_content()
    (post,) = posts.bodies
    assert (post["outcome"], [a["kind"] for a in post["alerts"]], post["alerts"][0]["study"]) == ("degraded", ["degraded"], "t01")
    assert posts.headers[0]["authorization"] == "Bearer s3cret"

    watched.send("01", "S1 50\nS2 50\nS3 50\n")
    watched.run()

    assert [letter["Subject"] for letter in mails.letters[1:]] == ["trialweave: ok (1 recovered)"]


def test_the_first_night_after_nights_without_a_run_tells_of_them_once(watched: Nights, mails: Mails):
    def sleep(hours: int) -> None:
        known = json.loads((watched.data / "alerts.json").read_text())
        (watched.data / "alerts.json").write_text(json.dumps(known | {"ran": known["ran"] - 3600 * hours}))

    watched.run()
    sleep(35)
    watched.run()
    sleep(37)
    watched.run()
    watched.run()

    (letter,) = mails.letters
    assert letter["Subject"] == "trialweave: ok (1 missed)"
    assert "(37 hours)" in letter.get_content() and "trialweave backfill --from" in letter.get_content()


def test_a_night_that_fails_is_told_and_one_that_another_run_keeps_out_is_not(watched: Nights, mails: Mails):
    from flows.engine.lock import LockedError

    watched.send("01", None)
    watched.send("02", None)
    with pytest.raises(PublicationError):
        watched.run()
    with pytest.raises(LockedError), seen.failure_told(watched.config, watched.data, "r", 0.0):
        raise LockedError("held")

    (letter,) = mails.letters
    assert letter["Subject"] == "trialweave: failed (1 failed)"
    assert "no site can be published" in letter.get_content()


def test_a_run_that_was_killed_is_told_once_by_the_next_one_whoever_took_the_lock_first(watched: Nights, mails: Mails):
    code = f"import os, pathlib, flows.engine.lock as l\nc = l.writing(pathlib.Path({str(watched.data)!r})); c.__enter__(); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    with lock.writing(watched.data):
        pass

    watched.run()
    watched.send("01", "S1 52\n")
    watched.run()

    (letter,) = mails.letters
    assert letter["Subject"] == "trialweave: ok (1 killed)"
    assert "a run was killed (process " in letter.get_content()
    assert [e["event"] for e in ledger.entries(watched.data)].count("lock_taken_over") == 1


def test_of_an_error_that_nobody_foresaw_only_the_kind_is_told(watched: Nights, mails: Mails, posts: Posts):
    with pytest.raises(ValueError), seen.failure_told(watched.config, watched.data, "r", 0.0):
        raise ValueError("S1 took Zoloft")

    assert "ValueError" in mails.letters[0].get_content()
    assert "Zoloft" not in mails.letters[0].as_string() + json.dumps(posts.bodies)


def test_a_site_whose_data_are_old_is_told_although_nothing_changed_and_again_after_a_week(watched: Nights, mails: Mails):
    ended = watched.run()
    release = ended.release.release_id
    chosen = load(watched.config).alerts
    manifest = dict(ended.release.manifest)
    told_on = []
    first = dt.datetime.combine(ended.release.as_of.date(), dt.time(4), tzinfo=dt.UTC)
    for day in range(18):
        now = (first + dt.timedelta(days=day)).timestamp()
        before = len(mails.letters)
        seen.ended(chosen, watched.data, Ended("r", now, now, "ok", leads=True, manifest=manifest))
        told_on += [day] * (len(mails.letters) - before)

    assert told_on == [8, 15], "older than seven days on the eighth; again a week later"
    assert "t01/01: its newest data are of" in mails.letters[0].get_content()
    seen.nothing_changed(chosen, watched.data, release, "ok", 0.0, 2)
    assert logged(watched)[-1]["event"] == "run_finished"


def test_new_adverse_events_of_special_interest_are_told_by_site_and_number_only(watched: Nights, mails: Mails, monkeypatch):
    from flows.engine import release_findings

    monkeypatch.setattr(release_findings, "SPECIAL_INTEREST", "odd")
    watched.send("01", "S1 50\nS2 odd\n")
    watched.run()
    watched.send("02", "S1 50\nS2 51\n")
    watched.run()

    (letter,) = mails.letters
    assert letter["Subject"] == "trialweave: ok (1 special interest)"
    assert "t01/01: 1 new adverse event(s) of special interest" in letter.get_content()
    assert "S2" not in letter.as_string()


def test_what_a_channel_did_not_take_waits_for_the_next_night(watched: Nights, mails: Mails, posts: Posts):
    watched.run()
    posts.answer = 500
    watched.send("01", "S1 bad\nS2 bad\n")
    assert watched.run().degraded
    assert [len(mails.letters), len(posts.bodies)] == [1, 1]
    assert [e["error"] for e in logged(watched) if e["event"] == "alert_not_sent"] == ["answered 500"]

    posts.answer = 200
    watched.send("02", "S1 50\nS3 50\n")
    watched.run()

    assert [len(mails.letters), len(posts.bodies)] == [1, 2]
    assert posts.bodies[0]["alerts"] == posts.bodies[1]["alerts"]


def test_a_redirection_is_not_followed_and_a_missing_secret_is_told_by_its_name(watched: Nights, posts: Posts, monkeypatch):
    posts.answer = 302
    watched.send("01", None)
    watched.run()
    monkeypatch.delenv("CHAT_TOKEN")
    watched.run()

    assert posts.paths == ["/hook"]
    told = [e["error"] for e in logged(watched) if e["event"] == "alert_not_sent"]
    assert told == ["answered 302", "environment variable CHAT_TOKEN is not set"]
    assert "s3cret" not in json.dumps(logged(watched))


def test_a_password_goes_over_a_secured_line_only_and_only_to_a_server_that_proves_its_name(tmp_path: Path, monkeypatch):
    authority, pem = certificate(tmp_path)
    monkeypatch.setenv("MAIL_USER", "night")
    monkeypatch.setenv("MAIL_PASSWORD", "pa55")
    with mail_server(pem, "pa55") as kept:
        told = {"kind": "email", "host": "localhost", "port": kept.port, "from": "a@b", "to": "c@d", "username_env": "MAIL_USER"}
        channel = Email.model_validate({**told, "password_env": "MAIL_PASSWORD"})

        with pytest.raises(SendError):
            send(channel, "s", "t", {})
        assert kept.passwords == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        send(channel, "s", "t", {})

    assert (kept.passwords, kept.secured, kept.letters[0]["To"]) == (["pa55"], [True], "c@d")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("security: none, from", "a password is not sent over a line that is not secured"),
        ("to: [mail, pager]", "no channel pager; there are mail, chat"),
        ("on: [failed, sometimes]", "alerts.0.on.1"),
        ("kind: webhook, url: x", "unknown key"),
    ],
)
def test_a_file_that_is_wrong_is_an_error_that_names_the_line(two_sites: Nights, change: str, says: str):
    text = ALERTS.format(port=25)
    if change.startswith("security"):
        text = text.replace(change, "username_env: A, password_env: B, " + change)
    elif change.startswith("to"):
        text = text.replace("to: [mail, chat]", change)
    elif change.startswith("on"):
        text = text.replace("on: [failed, killed, degraded, recovered, stale, missed, special_interest]", change)
    else:
        text = text.replace("kind: webhook", change)
    (two_sites.config / "alerts.yaml").write_text(text)

    with pytest.raises(ConfigurationError) as error:
        load(two_sites.config)

    assert "alerts.yaml line" in str(error.value) and says in str(error.value)


def test_a_replayed_night_is_told_to_nobody(watched: Nights, mails: Mails):
    watched.land("01", "S1 50\n", "2026-03-01")

    assert watched.run(as_of="2026-03-01").degraded
    assert mails.letters == []


def test_the_file_in_the_guide_is_a_file_of_alerts():
    text = (ROOT / "docs" / "guide" / "operations.md").read_text(encoding="utf-8")
    block = text.partition("```yaml not-run\n")[2].partition("```")[0]

    told = Alerts.model_validate(yaml.safe_load(block.replace("{on:", "{'on':")))

    assert [channel.kind for channel in told.channels.values()] == ["email", "webhook"]
