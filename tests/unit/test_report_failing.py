"""A report that cannot be written takes nothing back: the release stands, and a warning says what to do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows import publish


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyError("S1 was here")])
def test_a_night_whose_report_fails_is_a_night_and_tells_no_value(monkeypatch: pytest.MonkeyPatch, error: Exception):
    said: list[str] = []

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(publish.writing, "into_release", fail)
    monkeypatch.setattr(publish, "get_run_logger", lambda: SimpleNamespace(warning=lambda text, e: said.append(text % e)))
    roster = SimpleNamespace(night=SimpleNamespace(data=None, programme=None))
    publish._report(SimpleNamespace(published=True, release=None), roster)
    assert len(said) == 1 and "trialweave report" in said[0] and "S1" not in said[0]
    publish._report(SimpleNamespace(published=False, release=None), roster)
    assert len(said) == 1
