"""What golden tests share: one Prefect server for those that run flows in this process, because it takes ten seconds to start, and one
first night of an export of two sites.

Tests with the server come last, one after another: a server that idles costs a twentieth of a processor.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.golden.test_hold import Export

IDLE = ("CANCELLATION_CLEANUP", "FOREMAN", "LATE_RUNS", "SCHEDULER", "PAUSE_EXPIRATIONS", "REPOSSESSOR", "TRIGGERS")
"""Services of the server that only deployments and automations need; these tests call the flows themselves."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a module stay together."""
    served = {i.path for i in items if "harness" in getattr(i, "fixturenames", ())}
    items.sort(key=lambda i: i.path in served)


@pytest.fixture(scope="session")
def harness() -> Iterator[None]:
    """A temporary Prefect server, its recorder batched, the flows' heartbeat off."""
    with pytest.MonkeyPatch.context() as patch:
        from flows.prefect_home import SETTINGS

        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("PREFECT_LOGGING_LEVEL", "CRITICAL")
        for service in IDLE:
            patch.setenv(f"PREFECT_SERVER_SERVICES_{service}_ENABLED", "false")
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=60), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an export whose first night went well; to be copied, not used."""
    root = tmp_path_factory.mktemp("first")
    assert Export(root).night("2026-03-01") == {"01": ("fresh", "2026-03-01", 20), "02": ("fresh", "2026-03-01", 20)}
    return root


@pytest.fixture
def export(first_night: Path, tmp_path: Path) -> Export:
    """That export, and its data after the first night."""
    shutil.copytree(first_night, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Export(tmp_path)
