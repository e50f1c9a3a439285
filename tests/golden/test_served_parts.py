"""Parts of running on a server that need no server of Prefect's: the cron over clock changes, and Prefect's history in PostgreSQL."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.conftest import ROOT
from tests.sources import servers

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize("start", ["2026-10-20", "2027-03-22"])
def test_the_nightly_cron_runs_once_a_day_at_a_quarter_past_four_over_a_change_of_clocks(start: str):
    import asyncio

    import yaml
    from prefect.server.schemas.schedules import CronSchedule

    told = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"][0]["schedules"][0]
    schedule = CronSchedule(cron=told["cron"], timezone=told["timezone"])
    begin = dt.datetime.fromisoformat(start).replace(tzinfo=BERLIN)

    dates = asyncio.run(schedule.get_dates(14, start=begin))

    local = [d.astimezone(BERLIN) for d in dates]
    assert [d.date() for d in local] == [begin.date() + dt.timedelta(days=n) for n in range(14)]
    assert {(d.hour, d.minute) for d in local} == {(4, 15)}
    assert len({d.utcoffset() for d in local}) == 2, "the clocks change in these days"


@pytest.mark.slow
@pytest.mark.skipif(servers.postgres_binaries() is None, reason="no PostgreSQL server here: apt-get install postgresql")
def test_prefects_history_may_lie_in_postgresql(tmp_path: Path):
    _, pem = servers.certificate(tmp_path / "tls")
    with servers.postgres("pa55", pem) as port:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        url = f"postgresql+asyncpg://site:pa55@127.0.0.1:{port}/postgres"
        tiny = ROOT / "tests" / "golden" / "tiny"
        command = [sys.executable, "-m", "flows", "run", "--config", str(tiny), "--data", str(tmp_path / "data")]
        asked = clean | {"PREFECT_API_DATABASE_CONNECTION_URL": url}
        done = subprocess.run(command, cwd=ROOT, env=asked, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr + (tmp_path / "data" / ".prefect" / "server.log").read_text()[-2000:]
        with psycopg.connect(f"host=127.0.0.1 port={port} user=site password=pa55 dbname=postgres") as con:
            assert con.execute("select state_name from flow_run").fetchall() == [("Completed",)]
            assert con.execute("select count(*) from task_run where state_name = 'Completed'").fetchall() == [(7,)]
    assert not (tmp_path / "data" / ".prefect" / "prefect.db").exists()


def test_a_cancelled_task_is_told_by_no_traceback_and_anything_else_is():
    import asyncio

    from flows.serve import told_by_loop

    told: list[dict] = []
    loop = SimpleNamespace(default_exception_handler=told.append)
    told_by_loop(loop, {"message": "Exception in callback", "exception": asyncio.CancelledError()})
    assert not told
    told_by_loop(loop, {"message": "Exception in callback", "exception": OSError("disk")})
    assert len(told) == 1


@pytest.mark.parametrize(("cron", "timezone", "told"), [("nonsense", "Europe/Berlin", "--cron"), ("15 4 * * *", "Mars/Base", "--timezone")])
def test_what_is_no_time_for_a_night_is_told_before_a_server_is_started(cron: str, timezone: str, told: str):
    from flows.serve import schedule
    from schemas.findings import ConfigurationError

    with pytest.raises(ConfigurationError, match=told):
        schedule(cron, timezone)
    assert schedule("15 4 * * *", "Europe/Berlin").cron == "15 4 * * *"
