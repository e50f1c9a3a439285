"""A run needs no server of the user's: its own comes and goes with it, and what it wrote is there for `trialweave serve`."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from tests.conftest import ROOT, DemoRelease

TINY = ROOT / "tests" / "golden" / "tiny"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}


def rows(data: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(data / ".prefect" / "prefect.db")) as con:
        return con.execute(query).fetchall()


def run(data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows", "run", "--config", str(TINY), "--data", str(data)]
    return subprocess.run(command, cwd=ROOT, env=CLEAN, capture_output=True, text=True, timeout=300)


def gone(pid: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(300):
        try:
            if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]:
                return True
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_the_history_of_a_run_holds_its_tasks_their_times_and_its_artifacts(demo_release: DemoRelease):
    data = demo_release.data
    assert rows(data, "select state_name, start_time < end_time from flow_run") == [("Completed", 1)]
    tasks = dict(rows(data, "select name, state_name || ' ' || (start_time is not null and end_time is not null) from task_run"))
    assert {tasks[n] for n in ("choose-deliveries", "hold-sites", "pool-trials", "publish", "pull-folders-1")} == {"Completed 1"}
    assert set(tasks.values()) == {"Completed 1"}
    assert {"sites", "release"} <= {k for (k,) in rows(data, "select key from artifact")}
    assert rows(data, "select count(*) > 0 from events where event = 'prefect.flow-run.Completed'") == [(1,)]


def test_a_killed_run_takes_its_server_with_it(tmp_path):
    program = (
        "import sys; from pathlib import Path; from flows import embedded\n"
        "with embedded.server(Path(sys.argv[1])) as server:\n"
        "    server.ready(); print('up', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, env=CLEAN, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "up\n"
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()

    process.send_signal(signal.SIGKILL)
    process.wait()

    assert gone(int(child))


def test_a_damaged_history_is_told_and_nothing_is_published(tmp_path):
    data = tmp_path / "data"
    (data / ".prefect").mkdir(parents=True)
    (data / ".prefect" / "prefect.db").write_bytes(b"this is no database, whatever its name says" * 100)

    ended = run(data)

    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "Prefect's server did not start" in ended.stderr and "fix   ->" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (data / "releases").exists()
    shutil.move(data / ".prefect" / "prefect.db", tmp_path)
    assert run(data).returncode == 0


def test_a_server_that_is_given_is_used_and_a_note_of_another_machine_is_not_believed(tmp_path, monkeypatch):
    from flows import embedded, prefect_home

    (tmp_path / prefect_home.SERVING).write_text('{"url": "http://127.0.0.1:1/api", "pid": 1, "host": "elsewhere"}')
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    assert embedded._is_given()
    assert not prefect_home.find_served(tmp_path)


def test_who_named_a_database_is_told_to_look_at_that_one_and_its_password_is_not_shown(tmp_path, monkeypatch):
    from flows.prefect_home import database_to_look_at

    assert "prefect.db" in database_to_look_at(tmp_path)
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql+asyncpg://site:pa55@127.0.0.1:1/prefect")
    told = database_to_look_at(tmp_path)
    assert "PREFECT_API_DATABASE_CONNECTION_URL names" in told and "pa55" not in told and "prefect.db" not in told
    monkeypatch.setenv("PREFECT_API_DATABASE_CONNECTION_URL", "postgresql://site:pa55@127.0.0.1:1/prefect")
    assert database_to_look_at(tmp_path) == "PREFECT_API_DATABASE_CONNECTION_URL begins with postgresql+asyncpg://"
