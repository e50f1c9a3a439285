"""Batches on a Dask cluster: the same files as on one machine, and a worker that may not work says so. Both ends are real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.engine import cluster, landing, night, session, settling
from flows.engine.batch import Staged
from flows.engine.night import Attempt, Night, Sealed
from schemas.findings import TrialweaveError
from tests.conftest import ROOT
from tests.served.cluster import started

TINY = ROOT / "tests" / "golden" / "tiny"


def attempts(opened: session.Session) -> list[Attempt]:
    for key in opened.to_pull():
        landing.receive(opened.night.data, opened.night.programme.units[key], TINY, opened.night.as_of)
    return list(settling.enter(opened.night, {}).pending.values())


def files(done: list[Staged | night.Failure]) -> dict[str, bytes]:
    out = {}
    for one in done:
        assert isinstance(one, Staged), one
        found = [p for p in one.folder.rglob("*") if p.is_file() and p.name != "staged.json"]  # which holds when the delivery came
        out |= {f"{one.unit_key}/{p.relative_to(one.folder)}": p.read_bytes() for p in found}
    return out


def test_a_worker_leaves_the_same_bytes_as_this_machine_and_one_that_sees_another_folder_is_told(tmp_path: Path):
    with session.opened(TINY, tmp_path / "here") as here:
        expected = files(night.work(here.night, attempts(here)))
    with started(tmp_path / "dask", workers=1) as dask, session.opened(TINY, tmp_path / "there") as there:
        asked = attempts(there)
        with cluster.joined(dask.address) as machines:
            assert machines and machines.slots == 1
            found = files(machines.work(there.night, asked))
            dask.kill(0)
            cluster.WORKERLESS_S, before = 0.1, cluster.WORKERLESS_S
            with pytest.raises(TrialweaveError, match=r"no worker for 0 s[^$]*the last release stands"):
                machines.work(there.night, asked)
            cluster.WORKERLESS_S = before
        elsewhere = Night(there.night.programme, tmp_path / "elsewhere", there.night.as_of)
        with pytest.raises(TrialweaveError, match=r"worker \d+ on .* is not the data folder of the run that asks"):
            cluster._work_there(Sealed(("another", cluster._identity(elsewhere), elsewhere, asked)))
        with pytest.raises(TrialweaveError, match="are not those of the run that asks"):
            token = cluster._record(there.night.data)["token"]
            cluster._work_there(Sealed((token, "other code", there.night, asked)))
    assert len(expected) > 20
    assert found == expected


def test_a_scheduler_that_is_not_there_is_told_before_anything_begins(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    with pytest.raises(TrialweaveError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"), cluster.joined("tcp://127.0.0.1:9"):
        pass
