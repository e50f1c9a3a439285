"""A column of a wide questionnaire is one item: two mappings that make different items of it are refused.

What belongs here: that one question, which only all mappings of a file can answer. What does not: a pattern by itself (wide.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.engine.mapping.tables import Job
from schemas.findings import ConfigurationError


def refuse(jobs: Sequence[Job]) -> None:
    """Raise ConfigurationError where a column is read as two items of one instrument, such as fear copied into avoidance."""
    seen: dict[tuple[int, str, str, str], tuple[str, str]] = {}
    for job in jobs:
        slots = job.rows.slots if job.rows is not None else None
        rows = repr(sorted(job.spec.where.items()))  # other rows may be another version of the form
        if slots is None or not slots.is_items or job.rows is None:
            continue
        for texts, cells in slots.rows:
            for item, place in cells.items():
                column, code = job.rows.header[place], "|".join((*texts, item.upper()))
                for sheet in job.sheets:
                    first = seen.setdefault((sheet.file_no, str(job.instrument), rows, column), (code, job.label))
                    if first[0] != code:
                        raise ConfigurationError(
                            f"{job.label}: {sheet.name}: column {column!r} is read as item {item!r} and as {first[0]!r}\n"
                            f"  fix   -> correct `wide` of one of the two mappings"
                        )
