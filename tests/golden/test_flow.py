"""The flows under Prefect: final states, artifacts, retries; one harness for all, because it costs ten seconds."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest

from tests.nights import Nights, call
from tests.nights import two_sites as two_sites

pytestmark = pytest.mark.slow


@pytest.fixture
def in_prefect(harness: None, two_sites: Nights, monkeypatch: pytest.MonkeyPatch) -> Nights:
    """Two sites, the counting engine, no waiting between retries."""
    from flows import prefect_home, pull

    monkeypatch.setattr(pull.pull_site, "retry_delay_seconds", [0, 0])
    monkeypatch.setattr(prefect_home, "settle", lambda *a, **k: None)
    return two_sites


def request(nights: Nights, **more):
    from flows.nightly import NightlyRequest

    return NightlyRequest(config=nights.config, data=nights.data, **more)


def test_a_good_night_completes_and_a_night_with_a_held_site_is_degraded(in_prefect: Nights):
    from flows.nightly import nightly

    good = nightly(request(in_prefect), return_state=True)
    in_prefect.send("01", "S1 bad\nS2 bad\n")
    held = nightly(request(in_prefect), return_state=True)

    assert (good.type.value, good.name) == ("COMPLETED", "Completed")
    assert (held.type.value, held.name) == ("COMPLETED", "Degraded")


def test_a_night_without_any_site_fails_and_the_last_release_stands(in_prefect: Nights):
    from flows.nightly import nightly

    in_prefect.send("01", None)
    in_prefect.send("02", None)

    state = nightly(request(in_prefect), return_state=True)

    assert state.type.value == "FAILED"
    assert "no site can be published" in state.message


def test_each_run_leaves_a_table_of_sites_a_link_to_the_release_and_a_full_bar(in_prefect: Nights):
    from prefect.artifacts import Artifact

    from flows.nightly import run

    in_prefect.send("01", "S1 50\nS2 odd\n")
    run(request(in_prefect))
    in_prefect.send("01", "S1 50\nS2 50\n")
    in_prefect.send("02", "S1 50\nS2 odd\n")
    outcome = run(request(in_prefect))

    table, link, bar = (Artifact.get(key) for key in ("sites", "release", "progress"))
    assert table and link and bar
    assert json.loads(table.data) == [
        {"site": f"t01/{site}", "status": "fresh", "received": 2, "kept": 2, "quarantined": 0, "findings open": new,
         "new findings": new, "resolved findings": gone, "age of data in days": 0} for site, new, gone in (("01", 0, 1), ("02", 1, 0))
    ]  # fmt: skip
    assert outcome.release.release_id in link.data and link.data.count("](file://") == 1
    assert (bar.type, bar.data) == ("progress", 100.0)


def test_a_pull_that_may_pass_is_tried_three_times_and_one_that_cannot_once(in_prefect: Nights, monkeypatch):
    from flows import pull
    from flows.nightly import run
    from schemas.findings import PassingError, ReadError

    tried = []

    def away(data, unit, root, now, blocks):
        tried.append(unit.key)
        raise kind(f"{unit.key}: the share is away")

    kind = PassingError

    run(request(in_prefect))
    in_prefect.send("01", "S1 52\n")
    monkeypatch.setattr(pull.landing, "receive", away)
    outcome = run(request(in_prefect))

    assert tried == ["t01/01"] * 3
    assert outcome.degraded
    assert outcome.release.manifest["sites"][0]["status"] == "carried"
    kind, tried = ReadError, []
    assert run(request(in_prefect)).degraded
    assert tried == ["t01/01"]


def test_a_folder_in_trouble_has_a_task_of_its_own_and_the_others_share_theirs(in_prefect: Nights, monkeypatch):
    from prefect import get_client
    from prefect.client.schemas.filters import FlowRunFilter

    from flows import pull
    from flows.nightly import nightly
    from schemas.findings import PassingError

    troubles, receive = [PassingError("t01/02: the share is away")], pull.landing.receive

    def away_once(data, unit, *more):
        if unit.key == "t01/02" and troubles:
            raise troubles.pop()
        return receive(data, unit, *more)

    monkeypatch.setattr(pull, "FOLDERS_AT_ONCE", 1)
    monkeypatch.setattr(pull.landing, "receive", away_once)

    state = nightly(request(in_prefect), return_state=True)

    assert (state.name, troubles) == ("Completed", [])
    of_run = FlowRunFilter(id={"any_": [state.state_details.flow_run_id]})
    with get_client(sync_client=True) as client:
        for _ in range(100):
            tasks = {t.name: t for t in client.read_task_runs(flow_run_filter=of_run) if t.name.startswith("pull-")}
            if len(tasks) == 2 and all(t.state_name == "Completed" for t in tasks.values()):
                break
            time.sleep(0.1)
    assert {name: t.run_count for name, t in tasks.items()} == {"pull-folders-1": 1, "pull-t01/02": 2}


def test_no_more_sites_are_pulled_at_once_than_allowed_and_each_is_pulled(in_prefect: Nights, monkeypatch):
    from flows import pull
    from flows.nightly import run

    at_once, most, receive = [], [], pull.landing.receive

    def counted(data, unit, *more):
        at_once.append(unit.key)
        most.append(len(at_once))
        time.sleep(0.05)
        at_once.remove(unit.key)
        return receive(data, unit, *more)

    monkeypatch.setattr(pull, "AT_ONCE", 1)
    monkeypatch.setattr(pull.landing, "receive", counted)

    assert [s["status"] for s in run(request(in_prefect)).release.manifest["sites"]] == ["fresh", "fresh"]
    assert most == [1, 1]


def test_a_run_that_still_shows_as_running_on_the_data_folder_is_called_crashed_and_others_are_not(in_prefect: Nights, tmp_path):
    from prefect import get_client
    from prefect.states import Running

    from flows import crashed
    from flows.nightly import nightly

    with get_client(sync_client=True) as client:
        parameters = [{"request": {"data": str(data)}} for data in (in_prefect.data, tmp_path / "another")]
        runs = [client.create_flow_run(nightly, parameters=p, state=Running()) for p in parameters]

        assert crashed.settle(in_prefect.data, "process 12 on here was killed") == 1

        mine, other = (client.read_flow_run(r.id).state for r in runs)
    assert (mine.type.value, mine.name) == ("CRASHED", "Crashed")
    assert mine.message == "process 12 on here was killed; the next run went on from there"
    assert other.type.value == "RUNNING"


def test_the_command_prints_the_table_and_ends_by_the_outcome(in_prefect: Nights):
    words = ("--config", in_prefect.config, "--data", in_prefect.data)

    code, text = call("run", *words)
    assert code == 0, text
    assert "ok: 2 recomputed, 0 reused" in text
    in_prefect.send("02", "BROKEN\n")
    code, text = call("run", *words)
    assert code == 1, text
    assert "degraded: 0 recomputed, 2 reused" in text
    assert "t01/02: cannot be read" in text
    assert call("run", *words)[0] == 1


def test_a_backfill_replays_changed_nights_in_order_and_latest_is_the_newest(in_prefect: Nights):
    for day, text in (("2026-03-01", "S1 50\n"), ("2026-03-03", "S1 50\nS2 50\n")):
        in_prefect.land("01", text, day)
        in_prefect.land("02", "S1 50\n", day)
    words = ("backfill", "--from", "2026-02-27", "--to", "2026-03-04", "--config", in_prefect.config, "--data", in_prefect.data)

    code, text = call(*words, "--json")
    assert code == 0, text
    folders = [json.loads(text)[n]["folder"] for n in range(2)]
    assert len(json.loads(text)) == 2
    assert (in_prefect.data / "releases" / "latest").resolve().name == folders[1].rpartition("/")[2]
    code, text = call(*words)
    assert (code, "0 of 6 nights changed" in text) == (0, True), text


def test_a_backfill_of_one_site_leaves_the_others_as_they_were_published(in_prefect: Nights):
    from flows.backfill import BackfillRequest, run

    for site in ("01", "02"):
        in_prefect.land(site, "S1 50\n", "2026-03-01")
    in_prefect.run(as_of="2026-03-01")
    for site in ("01", "02"):
        file = in_prefect.config / "sites" / f"t01_{site}" / "site.yaml"
        file.write_text(file.read_text().replace("Lisbon", "Berlin"))
    day = dt.date(2026, 3, 1)

    (outcome,) = run(BackfillRequest(first=day, last=day, config=in_prefect.config, data=in_prefect.data, sites=["t01/01"]))

    assert outcome.recomputed == ["t01/01"]
    assert [s["status"] for s in outcome.release.manifest["sites"]] == ["fresh", "unchanged"]


def test_a_backfill_from_a_later_to_an_earlier_night_is_refused(harness):
    from flows.backfill import BackfillRequest

    with pytest.raises(ValueError, match="before the first"):
        BackfillRequest(first=dt.date(2026, 3, 2), last=dt.date(2026, 3, 1))


def test_a_token_in_a_secret_block_opens_a_server_that_is_tried_again_and_is_found_nowhere_after(in_prefect: Nights, tmp_path, monkeypatch):
    from prefect.blocks.system import Secret

    from flows import pull
    from flows.nightly import run
    from tests.sources import redcap_standin, servers

    token = redcap_standin.TOKEN
    Secret(value=token).save("lisbon-redcap", overwrite=True)
    authority, pem = servers.certificate(tmp_path / "tls")
    project = redcap_standin.Project(["id", "dose"], [["S1", "50"], ["S2", "50"]], [["id", "main", *[""] * 16]])
    project.answers = [(503, b"")]
    monkeypatch.setattr(pull, "PATIENCE", [0, 0, 0])
    with redcap_standin.serving({token: project}, pem) as url:
        file = in_prefect.config / "sites" / "t01_01" / "site.yaml"
        source = f"source: {{kind: redcap, url: '{url}', token_block: lisbon-redcap, ca_file: '{authority}', fields: [id]}}"
        text = file.read_text().replace("source: {kind: files, path: exports/01}", source)
        file.write_text(text.replace("file: dose.csv", "file: data.csv"))
        monkeypatch.setattr("tests.nights._lines", lambda d: next(d.folder.glob("*.csv")).read_text().splitlines())
        outcome = run(request(in_prefect))
        again = run(request(in_prefect))
        assert call("run", "--config", in_prefect.config, "--data", in_prefect.data)[1].startswith("release ")

    assert not outcome.degraded and outcome.published
    assert not again.published
    told = json.loads(next((in_prefect.data / "landing" / "t01" / "01").glob("*/receipt.json")).read_text())
    assert told["source"]["path"] == url
    assert (told["source"]["records"], told["files"][0]["size"]) == (2, 9)
    for path in in_prefect.data.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
