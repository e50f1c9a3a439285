"""Ask rules in the order of their steps: what one has set aside or withheld, the next does not look at.

What belongs here: the answers of one table's rules, row by row. What does not: which rules judge a table and what is said of a
violation (judge.py), what happens to it (split.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from schemas.findings import Severity
from schemas.rules import Rule, Step


@dataclass(frozen=True)
class Task:
    """One rule on one field of a table; the severity is graver than the rule's own in a key field."""

    rule: Rule
    field: str
    check: pl.Expr
    severity: Severity

    @property
    def step(self) -> Step:
        """When it is asked."""
        return self.rule.step(self.severity)


def answers_of(frame: pl.DataFrame, tasks: Sequence[Task], keys: list[str]) -> pl.DataFrame:
    """`t0`, `t1` ... for each task, row by row: true, false, or null where it does not apply.

    Step after step: what one has set aside or withheld is null to the rules of the next, and a field that is withheld is asked
    nothing more.
    """
    answers: dict[int, pl.Series] = {}
    is_out: pl.Series | None = None
    held: dict[str, pl.Series] = {}
    for step in Step:
        mine = [(i, task) for i, task in enumerate(tasks) if task.step is step]
        if not mine:
            continue
        got = frame.select(task.check.cast(pl.Boolean).alias(f"t{i}") for i, task in mine)
        wrong: dict[str, tuple[pl.Series, bool]] = {}
        for i, task in mine:
            answer = got.get_column(f"t{i}")
            left_out = _either(is_out, held.get(task.field))
            if left_out is not None:
                answer = answer.zip_with(~left_out, pl.Series([None], dtype=pl.Boolean).new_from_index(0, frame.height))
            answers[i] = answer.alias(f"t{i}")
            if task.severity not in (Severity.REJECT, Severity.WITHHOLD) and not task.rule.drops:
                continue
            if not (~answer).any():
                continue
            violated = ~answer.fill_null(True)
            if task.severity is Severity.WITHHOLD:
                before, whole = wrong.get(task.field, (violated, False))
                wrong[task.field] = (before | violated, whole or not task.rule.keeps_date)
            else:
                wrong[""] = (wrong[""][0] | violated if "" in wrong else violated, True)
        if "" in wrong:
            is_out = _either(is_out, wrong.pop("")[0])
        for field, (violated, whole) in wrong.items():
            frame = _without(frame, field, violated, whole)
            if whole:
                held[field] = held[field] | violated if field in held else violated
    return frame.select("_at", *keys).hstack([answers[i] for i in range(len(tasks))])


def _either(one: pl.Series | None, other: pl.Series | None) -> pl.Series | None:
    """Rows marked in one of two; none are marked in what is not there."""
    return one | other if one is not None and other is not None else one if one is not None else other


def _without(frame: pl.DataFrame, field: str, held: pl.Series, whole: bool) -> pl.DataFrame:
    """The frame with a field's values null where they are withheld; the date of an instant stays unless the whole is."""
    columns = [c for c in (field, f"{field}_utc", f"{field}_local", f"{field}_on" if whole else "") if c in frame.columns]
    return frame.with_columns(pl.when(~held).then(pl.col(c)).alias(c) for c in columns)
