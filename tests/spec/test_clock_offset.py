"""Clock times whose offset is not that of the site's zone."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench

WORKED = "Sites"

_TIMES = "unit::INT | study | site | subject_id | row_id::BIGINT | timezone | record_key | "
_SESSION = _TIMES + "started_at_utc::TIMESTAMPTZ | started_at_local::TIMESTAMP | started_at_offset_s::INT\n"
_DOSE = _TIMES + "dosed_at_utc::TIMESTAMPTZ | dosed_at_local::TIMESTAMP | dosed_at_offset_s::INT\n"
_NEW_YORK = "0 | t01 | 01 | S1 | 1 | America/New_York | k | "


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ("2024-06-03 14:00:00+00 | 2024-06-03 10:00:00 | -14400", False),
        ("2024-06-03 15:00:00+00 | 2024-06-03 10:00:00 | -18000", True),  # the winter's offset in June
        ("2024-01-08 15:00:00+00 | 2024-01-08 10:00:00 | -18000", False),
        ("2024-06-03 14:00:00+00 | 2024-06-03 14:00:00 | 0", False),  # UTC
        (" | | ", False),
    ],
)
def test_an_offset_that_the_zone_does_not_have_that_day_is_asked_about(run_models: ModelBench, sent: str, asked: bool) -> None:
    found = [("clock_offset_unlike_zone", "", "k")] if asked else []
    for session, dose in ((_NEW_YORK + sent, ""), ("", _NEW_YORK + sent)):
        run_models.given("intake.session", _SESSION + session)
        run_models.given("intake.dose", _DOSE + dose)
        run_models.run("core.clock_offset")
        assert run_models.judge("core.clock_offset") == found
