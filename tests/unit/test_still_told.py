"""Which findings about edits stand, and when an edit that undoes one is told itself."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from flows.engine import delivery_findings, still_told

M0, M1, M2, S0, S1 = "m0", "m1", "m2", "s0", "s1"


def known(*edits: tuple[str, str, str, str]) -> Any:
    """What earlier nights told: part, before, after, status."""
    rows = [
        {"study": "t", "site": "01", "record_key": f"{part} {after}", "status": status, "n_rows": 1,
         "raw_value": json.dumps({"part": part, "before": before, "after": after})}
        for part, before, after, status in edits
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema={**delivery_findings.FOUND, "status": pl.String})
    return SimpleNamespace(edited={("t", "01"): frame})


def made(mapping: str, shared: str = S0) -> Any:
    return SimpleNamespace(unit_key="t/01", receipt={"made_of": {"mapping": mapping, "shared": shared}})


@pytest.mark.parametrize(
    ("edits", "now", "standing"),
    [
        ([("mapping", M0, M1, "OPEN")], made(M1), ["mapping m1"]),
        ([("mapping", M0, M1, "OPEN")], made(M0), []),
        ([("mapping", M0, M1, "OPEN"), ("mapping", M1, M2, "OPEN")], made(M2), ["mapping m1", "mapping m2"]),
        ([("mapping", M0, M1, "OPEN"), ("mapping", M1, M2, "OPEN")], made(M1), ["mapping m1"]),
        ([("mapping", M0, M1, "OPEN"), ("mapping", M1, M2, "OPEN")], made(M0), []),  # the second was made upon the first
        ([("mapping", M0, M1, "OPEN"), ("shared", S0, S1, "OPEN")], made(M0, S1), ["shared s1"]),
    ],
)
def test_a_finding_about_an_edit_stands_until_it_or_one_before_it_is_taken_back(edits: list[Any], now: Any, standing: list[str]) -> None:
    assert still_told.still_edited(known(*edits), now, "01").get_column("record_key").to_list() == standing


@pytest.mark.parametrize(
    ("edits", "published", "now", "is_over"),
    [
        ([("mapping", M0, M1, "OPEN")], made(M1), made(M0), True),
        ([("mapping", M0, M1, "WAIVED")], made(M1), made(M0), False),  # it was right: to undo it changes the values again
        ([("mapping", M0, M1, "OPEN")], made(M1), made(M2), False),
        ([("shared", S0, S1, "OPEN")], made(M0, S1), made(M1, S0), False),  # taken back, and another edit with it
        ([("mapping", M0, M1, "OPEN"), ("shared", S0, S1, "OPEN")], made(M1, S1), made(M0, S0), True),
        ([], made(M1), made(M0), False),
    ],
)
def test_an_edit_that_only_takes_back_what_nobody_has_looked_at_is_not_told_itself(
    edits: list[Any], published: Any, now: Any, *, is_over: bool
) -> None:
    assert still_told.takes_back(known(*edits), now, "01", published.receipt) is is_over
