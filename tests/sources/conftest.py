"""Servers for the tests of sources, started once; and the table of what was tried (`make test-sources`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import servers

PASSWORD = "k7#pQ/w:e@3 z%"


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Sshd]:
    if servers.sshd_binary() is None:
        pytest.skip("OpenSSH's server is not here: make sources-packages")
    with servers.sshd(tmp_path_factory.mktemp("ssh") / "server") as running:
        yield running


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The authority's certificate, and the server's with its key."""
    return servers.certificate(tmp_path_factory.mktemp("tls"))
