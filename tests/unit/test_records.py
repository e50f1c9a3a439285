"""Comparing the records of two deliveries."""

from __future__ import annotations

import polars as pl

from flows.engine import records


def delivery(*told: tuple[str, str, bool]) -> pl.DataFrame:
    """Records of site 01: table, subject, whether it asks for removal."""
    rows = [
        {"site": "01", "table": table, "key": subject, "slot": subject, "record_key": subject, "subject": subject, "removed": removed}
        for table, subject, removed in told
    ]
    return pl.DataFrame(rows)


def test_a_participant_whose_removal_was_asked_for_is_neither_lost_nor_added_nor_changed():
    before = delivery(("subject", "A", False), ("subject", "B", False), ("disposition", "B", True))
    after = delivery(("subject", "A", False), ("subject", "C", False), ("subject", "B", False), ("disposition", "B", True))

    found = records.compare(before, after)

    assert found.pairs["subject"].to_list() == ["A"]
    assert found.lost["subject"].to_list() == []
    assert found.added["subject"].to_list() == ["C"]
