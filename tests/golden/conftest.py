"""One Prefect server for all golden tests that run flows in this process, because it takes ten seconds to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def harness() -> Iterator[None]:
    """A temporary Prefect server, its recorder batched, the flows' heartbeat off."""
    with pytest.MonkeyPatch.context() as patch:
        from flows.prefect_home import SETTINGS

        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        patch.setenv("PREFECT_LOGGING_LEVEL", "CRITICAL")
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=60), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            yield
