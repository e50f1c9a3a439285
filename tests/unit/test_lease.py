"""Who may write into a data folder that several machines share: one at a time, whatever their clocks say and however one of them dies.

A process whose `kernel()` is another name stands for another machine: the lock of the operating system is not asked.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from flows.engine import lease
from tests.conftest import ROOT

HOLD = """
    import sys, time
    from pathlib import Path
    from flows.engine import lease, ledger, lock
    folder, machine, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    lease.LEASE_S, lease.kernel = seconds, lambda: machine
"""


def elsewhere(folder: Path, code: str, machine: str = "another", seconds: float = 0.6) -> subprocess.Popen[str]:
    """Run code on another machine."""
    program = textwrap.dedent(HOLD) + textwrap.dedent(code)
    command = [sys.executable, "-c", program, str(folder), machine, str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str], line: str) -> bool:
    assert process.stdout
    return process.stdout.readline().strip() == line


TAKE = "held = lease.take(folder, alone_here=True); print('held', flush=True); sys.stdin.readline()"


def test_a_living_holder_on_another_machine_is_seen_by_its_beat_and_refused_before_its_lease_runs_out(tmp_path):
    other = elsewhere(tmp_path, TAKE, seconds=6)
    assert said(other, "held")
    began = time.monotonic()

    with pytest.raises(lease.LeasedError) as refused:
        lease.take(tmp_path, alone_here=True)

    assert time.monotonic() - began < 6
    assert refused.value.holder["pid"] == str(other.pid)
    other.communicate("\n")


def test_a_holder_on_another_machine_that_was_killed_gives_way_when_its_lease_has_run_out(tmp_path):
    other = elsewhere(tmp_path, TAKE)
    assert said(other, "held")
    other.kill()
    other.communicate()
    began = time.monotonic()

    taken, left = lease.take(tmp_path, alone_here=True)

    assert time.monotonic() - began >= 0.6
    assert left is not None and left["kernel"] == "another"
    assert taken.is_held()
    taken.give_back()


@pytest.mark.parametrize("since", ["1970-01-01T00:00:00+00:00", "2099-12-31T23:59:59+00:00"])
def test_a_clock_that_is_wrong_neither_prolongs_a_dead_lease_nor_ends_a_living_one(tmp_path, since):
    told = {"token": "t", "pid": "1", "host": "h", "kernel": "another", "since": since, "lease_s": 0.4, "beat": 3, "released": False}
    (tmp_path / "00000007.json").write_text(json.dumps(told))

    taken, left = lease.take(tmp_path, alone_here=True)

    assert left == told and taken.path.name == "00000008.json"
    taken.give_back()


def test_of_two_that_see_a_dead_holder_at_once_only_one_takes_over(tmp_path):
    told = {"kernel": "dead", "lease_s": 0.6, "released": False}
    (tmp_path / "00000001.json").write_text(json.dumps(told))
    code = """
        try:
            held, left = lease.take(folder, alone_here=True)
        except lease.LeasedError:
            print("refused", flush=True)
        else:
            print("held", flush=True)
            sys.stdin.readline()
    """
    both = [elsewhere(tmp_path, code, machine) for machine in ("one", "two")]
    told = [p.stdout.readline().strip() for p in both]
    for process in both:
        process.communicate("\n")
    assert sorted(told) == ["held", "refused"]


def test_a_lease_that_was_given_back_is_taken_at_once_and_old_numbers_are_cleared_away(tmp_path):
    for _ in range(3):
        lease.take(tmp_path, alone_here=False)[0].give_back()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["00000002.json", "00000003.json"]


@pytest.mark.parametrize(
    ("writes", "file"),
    [('ledger.append(folder, "should_not_be_there")', "ledger.jsonl"), ("export.receive()", "landing/sad01/07/deliveries.jsonl")],
)
def test_a_holder_that_was_asleep_past_its_lease_writes_no_more(tmp_path, writes, file):
    data = tmp_path / "data"
    code = f"""
        from tests.unit.test_landing import Export
        export = Export(folder.parent)
        export.write("dose_01.csv", "1,25")
        export.write("subject.csv", "1")
        try:
            with lock.writing(folder):
                print("held", flush=True)
                sys.stdin.readline()
                {writes}
        except lock.LockedError as error:
            print("taken over" if "taken over" in str(error) else error, flush=True)
    """
    other = elsewhere(data, code)
    assert said(other, "held")
    other.send_signal(signal.SIGSTOP)

    taken, _ = lease.take(data / lease.FOLDER, alone_here=True)
    other.send_signal(signal.SIGCONT)
    out, err = other.communicate("\n")

    assert out.strip() == "taken over", err
    assert not (data / file).exists()
    assert taken.is_held()
    taken.give_back()


def test_a_folder_held_by_a_dead_process_of_this_machine_is_free_at_once(tmp_path):
    code = "held = lock.writing(folder); held.__enter__(); import os; os._exit(9)"
    elsewhere(tmp_path, code, machine=lease.kernel(), seconds=600).wait()
    from flows.engine import lock

    with lock.writing(tmp_path) as leftover:
        assert leftover and leftover["lease_s"] == 600


def test_a_folder_that_is_held_is_waited_for_as_long_as_asked_and_refused_then(tmp_path, monkeypatch):
    from flows.engine import lock

    monkeypatch.setattr(lock, "PAUSE_S", (0.02, 0.05))
    code = "held = lock.writing(folder); held.__enter__(); print('held', flush=True); sys.stdin.readline(); held.__exit__(None, None, None)"
    other = elsewhere(tmp_path, code, machine=lease.kernel(), seconds=600)
    assert said(other, "held")

    with pytest.raises(lock.LockedError, match="is being written by process"), lock.writing(tmp_path, wait_s=0.2):
        pass
    assert other.stdin
    other.stdin.write("\n")
    other.stdin.flush()
    with lock.writing(tmp_path, wait_s=60) as leftover:
        assert leftover is None
    other.communicate()


def test_a_holder_on_the_same_machine_that_sees_the_folder_by_another_mount_is_no_dead_one(tmp_path, monkeypatch):
    other = elsewhere(tmp_path, TAKE, machine=lease.kernel(), seconds=3)
    assert said(other, "held")
    monkeypatch.setattr(lease, "_here", lambda folder: {"kernel": lease.kernel(), "mount": -1})

    with pytest.raises(lease.LeasedError):
        lease.take(tmp_path, alone_here=True)  # the lock of this mount is free: it knows nothing of the other's
    other.communicate("\n")


def test_a_claim_whose_answer_was_lost_on_the_way_is_ours_when_the_share_says_the_name_is_taken(tmp_path, monkeypatch):
    link = lease._link

    def answered_late(temporary, path):
        link(temporary, path)
        raise FileExistsError

    monkeypatch.setattr(lease, "_link", answered_late)

    taken, left = lease.take(tmp_path, alone_here=False)

    assert left is None and taken.path.name == "00000001.json" and taken.is_held()
    taken.give_back()


STOPPED_BEFORE_THE_STEP = """
    import os, signal
    from flows.engine import releases
    asked = lock.demand

    def asked_then_asleep(data):
        asked(data)
        lock.demand = asked
        print("asked", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)

    release = releases.Release("20260301T000000Z-a-00000000", folder, {"as_of": "2026-03-01T00:00:00+00:00"})
    try:
        with lock.writing(folder):
            lock.demand = asked_then_asleep
            releases.switch_latest(folder, release)
            print("switched", flush=True)
    except lock.LockedError as error:
        print("taken over" if "taken over" in str(error) else error, flush=True)
"""


def test_a_holder_that_falls_asleep_between_asking_and_the_step_does_not_turn_latest_back(tmp_path):
    from flows.engine import releases

    (tmp_path / "releases").mkdir()
    other = elsewhere(tmp_path, STOPPED_BEFORE_THE_STEP)
    assert said(other, "asked")

    taken, _ = lease.take(tmp_path / lease.FOLDER, alone_here=True)
    releases.clear_leftovers(tmp_path)
    (tmp_path / "releases" / "latest").symlink_to("20260302T000000Z-b-11111111")
    other.send_signal(signal.SIGCONT)
    out, err = other.communicate()
    taken.give_back()

    assert out.strip() == "taken over", err
    assert (tmp_path / "releases" / "latest").readlink().name == "20260302T000000Z-b-11111111"


def test_a_folder_that_another_machine_gave_back_is_looked_at_afresh_before_anything_is_read(tmp_path, monkeypatch):
    from flows.engine import lock, share

    listed: list[str] = []
    monkeypatch.setattr(share, "look_afresh", lambda data: listed.append(data.name))
    with lock.writing(tmp_path):  # the first one: there is nothing to remember
        pass
    with lock.writing(tmp_path):  # this machine itself held it before
        pass
    assert listed == []

    other = elsewhere(tmp_path, "held = lock.writing(folder); held.__enter__(); held.__exit__(None, None, None)")
    other.communicate()
    with lock.writing(tmp_path):
        assert listed == [tmp_path.name]


def test_looking_afresh_opens_every_folder_whose_names_decide_what_a_run_does_and_none_of_a_release(tmp_path, monkeypatch):
    from flows.engine import share

    for name in ("landing/t/01/abc", "staged/t/01/f00", "releases/r1/adsl", "staged/.tmp-x", "findings"):
        (tmp_path / name).mkdir(parents=True)
    opened = []
    scandir = share.os.scandir
    monkeypatch.setattr(share.os, "scandir", lambda path: opened.append(Path(path).relative_to(tmp_path).as_posix()) or scandir(path))

    share.look_afresh(tmp_path)

    assert sorted(opened) == [".", "findings", "landing", "landing/t", "landing/t/01", "releases", "staged", "staged/t", "staged/t/01"]
