"""What a run says of itself: JSON lines with run, trial and site, numbers for a monitoring system, lineage for a catalogue. No values."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from flows.engine.seen import log
from tests.nights import Nights, call
from tests.nights import two_sites as two_sites
from tests.seen.sinks import web_sink


def lines(data: Path) -> list[dict]:
    return [json.loads(line) for path in (data / "logs").glob("*.jsonl") for line in path.read_text().splitlines()]


def test_a_night_is_logged_by_run_trial_and_site_and_no_line_holds_what_a_site_sent(two_sites: Nights):
    two_sites.send("01", "S1 52.5\nS2 odd-cell\nS3 50\n")
    ended = two_sites.run()

    told = lines(two_sites.data)
    assert len({t["run"] for t in told}) == 1 and all(dt.datetime.fromisoformat(t["at"]).tzinfo for t in told)
    assert [t["event"] for t in told] == ["run_started", "site", "site", "run_finished"]
    first = {k: told[1][k] for k in ("study", "site", "status", "received", "kept", "quarantined", "findings", "new", "resolved")}
    assert first == {"study": "t01", "site": "01", "status": "fresh", "received": 3, "kept": 3, "quarantined": 0, "findings": 1, "new": 1,
                     "resolved": 0}  # fmt: skip
    assert told[3]["release"] == ended.release.release_id and told[3]["outcome"] == "ok"
    assert not any(value in json.dumps(told) for value in ("52.5", "odd-cell", "S2"))


@pytest.mark.parametrize("fact", [{"subject": "S1"}, {"value": "50 mg"}, {"site": ["01"]}, {"rows": {"S1": 2}}])
def test_a_fact_that_could_be_a_participants_value_is_refused(fact: dict):
    with pytest.raises(TypeError, match="no fact that may be logged"):
        log.tell("event", **fact)


def test_lines_of_more_than_ninety_days_ago_are_removed(tmp_path: Path):
    (tmp_path / "logs").mkdir()
    today = dt.datetime.now(dt.UTC).date()
    for days in (0, 89, 91, 400):
        (tmp_path / "logs" / f"{today - dt.timedelta(days=days)}.jsonl").touch()
    (tmp_path / "logs" / "mine.txt").touch()

    log.begin(tmp_path, "r")

    assert sorted(p.name for p in (tmp_path / "logs").iterdir()) == [f"{today - dt.timedelta(days=89)}.jsonl", f"{today}.jsonl", "mine.txt"]


def test_nothing_changed_printed_as_json_is_one_line(two_sites: Nights, monkeypatch):
    monkeypatch.setenv("TRIALWEAVE_LOG", "")
    two_sites.run()

    code, text = call("run", "--config", two_sites.config, "--data", two_sites.data, "--log", "json")

    assert code == 0
    (told,) = map(json.loads, text.splitlines())
    assert (told["event"], told["outcome"], told["published"]) == ("run_finished", "ok", False)


def test_metrics_and_lineage_go_where_the_standard_variables_say(two_sites: Nights, tmp_path: Path, monkeypatch):
    with web_sink() as kept:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", kept.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b")
        monkeypatch.setenv("OPENLINEAGE_URL", kept.url)
        monkeypatch.setenv("OPENLINEAGE_API_KEY", "k3y")
        monkeypatch.setenv("OPENLINEAGE_FILE", str(tmp_path / "lineage.jsonl"))
        ended = two_sites.run()

    assert kept.paths == ["/hook/v1/metrics", "/hook/api/v1/lineage", "/hook/api/v1/lineage"]
    assert (kept.headers[0]["x-key"], kept.headers[1]["authorization"]) == ("a b", "Bearer k3y")
    metrics = {m["name"]: m for m in kept.bodies[0]["resourceMetrics"][0]["scopeMetrics"][0]["metrics"]}
    points = metrics["trialweave.site.rows.received"]["gauge"]["dataPoints"]
    rows = [(p["asDouble"], *(a["value"]["stringValue"] for a in p["attributes"])) for p in points]
    assert rows == [(2.0, "t01", "01"), (2.0, "t01", "02")]
    start, end = kept.bodies[1:]
    assert (start["eventType"], end["eventType"], start["run"]["runId"]) == ("START", "COMPLETE", end["run"]["runId"])
    assert [i["name"] for i in end["inputs"]] == ["landing/t01/01", "landing/t01/02"]
    adex = next(o for o in end["outputs"] if o["name"] == "adex/t01")
    assert adex["outputFacets"]["outputStatistics"]["rowCount"] == 4
    assert adex["facets"]["version"]["datasetVersion"] == ended.release.release_id
    assert [json.loads(line) for line in (tmp_path / "lineage.jsonl").read_text().splitlines()] == kept.bodies[1:]


def test_a_monitoring_system_that_is_away_costs_a_warning_and_no_night(two_sites: Nights, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")

    assert two_sites.run().published
    assert [(t["event"], t["step"]) for t in lines(two_sites.data) if t["level"] == "warning"] == [("not_told", "metrics")]
