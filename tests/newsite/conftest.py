"""An empty export."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.newsite.maker import Export


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)
