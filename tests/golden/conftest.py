"""One Prefect server for each module of golden tests that runs flows in this process, because it takes ten seconds to start.

It is stopped with its module: a server that idles costs a twentieth of a processor.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

IDLE = ("CANCELLATION_CLEANUP", "FOREMAN", "LATE_RUNS", "SCHEDULER", "PAUSE_EXPIRATIONS", "REPOSSESSOR", "TRIGGERS")
"""Services of the server that only deployments and automations need; these tests call the flows themselves."""


@pytest.fixture(scope="module")
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
