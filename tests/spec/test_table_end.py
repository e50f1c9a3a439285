"""Files that were cut at the end of a row: nobody behind the cut has a record."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench

WORKED = "Sites"


def told(bench: ModelBench, table: str, who: list[int], n_sessions: int = 12, n: int = 24) -> list[tuple[str, str]]:
    """What is asked where participants S01 to S24 have so many sessions, and these have a record each, in this order."""
    people = range(1, n + 1)
    bench.given("mapped.subject", "subject_id\n" + "\n".join(f"S{i:02d}" for i in people))
    held = [f"S{i:02d} | {k} | true" for i in people for k in range(1, n_sessions + 1)]
    bench.given("mapped.session", "subject_id | session_no | attended\n" + "\n".join(held))
    for name in ("medication", "adverse_event"):
        rows = [f"S{i:02d} | word {i}" for i in who] if name == table else []
        bench.given(f"mapped.{name}", "\n".join(["subject_id | verbatim", *rows]))
    bench.run("core.table_end")
    return [(rule, key) for rule, _, key in bench.judge("core.table_end")]


@pytest.mark.parametrize("table", ["medication", "adverse_event"])
@pytest.mark.parametrize(
    ("who", "found"),
    [
        ([1, 2, 3, 5, 6, 8, 9, 12], True),  # 8 of 24, none of the last 12: 495 of 735,471 ways
        ([1, 2, 3, 5, 6, 8, 12], False),  # 7 of 24: 792 of 346,104 ways
        ([1, 2, 3, 5, 6, 8, 9, 20], False),
        ([1, 2, 3, 5, 6, 9, 8, 12], False),  # not in the order of participants
    ],
)
def test_records_that_stop_in_the_middle_of_the_participants_are_asked_about(
    run_models: ModelBench, table: str, who: list[int], found: bool
) -> None:
    assert told(run_models, table, who) == ([("table_ends_early", table)] if found else [])


def test_participants_who_have_hardly_begun_need_no_record_yet(run_models: ModelBench) -> None:
    assert told(run_models, "medication", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], n_sessions=1) == []
