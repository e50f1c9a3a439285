"""Columns of which many codes are not in the mapping."""

from __future__ import annotations

import pytest

from tests.harness import ModelBench

WORKED = "Sites"


def asked(bench: ModelBench, n_unknown: int, n_known: int) -> list[tuple[str, str, str]]:
    """What is asked of a site with so many codes of sex."""
    rows = [
        f"S{k} | {'' if k < n_unknown else 'M'} | 0 | {'unknown_code' if k < n_unknown else ''} | {k}" for k in range(n_unknown + n_known)
    ]
    bench.given("intake.subject", "\n".join(["subject_id | sex | sex_raw | sex_fault | source_row::BIGINT", *rows, "B | | | | 999"]))
    for table in ("session", "dose", "medication", "adverse_event"):
        bench.given(f"intake.{table}", "subject_id\n")
    bench.run("core.code_share")
    return bench.judge("core.code_share")


@pytest.mark.parametrize(
    ("n_unknown", "n_known", "told"),
    [(5, 7, True), (3, 12, True), (3, 13, False), (2, 4, False), (12, 0, False)],
)
def test_a_fifth_of_unknown_codes_leaves_the_others_in_doubt(run_models: ModelBench, n_unknown: int, n_known: int, told: bool) -> None:
    found = [("codes_partly_unknown_site", "", "01|subject|sex")] if told else []
    assert asked(run_models, n_unknown, n_known) == found
