"""Fixtures every test may use: run SQL models on small text tables."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench


@pytest.fixture
def run_models() -> ModelBench:
    """A fresh database with every table of the route empty; see tests/harness.py."""
    return ModelBench()
