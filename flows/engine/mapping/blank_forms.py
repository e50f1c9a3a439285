"""Rows of a questionnaire's file that have a date and nothing else: a form that was not filled in, or whose answers were lost.

What belongs here: whether such a row can mean nothing but a questionnaire. What does not: the forms (assessment.py), what is asked
about an empty one (schemas/rules/assessment_empty.py).

A row of a flat export holds what many tables read (REDCap's events, a visit beside its questionnaires): that it has none of one is no
news, so nobody is asked. Only where every mapping of the file reads a questionnaire, and the row is blank for all of them, it is a form
without an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.engine.mapping.fields import Typed
from flows.engine.mapping.rows import Rows
from flows.engine.mapping.sqltext import is_filled
from flows.engine.mapping.tables import Job
from flows.engine.mapping.wide import Slots
from schemas.site import IntakeTable


def is_one(job: Job, rows: Rows, beside: Sequence[Job], dated: Typed | None) -> str | None:
    """SQL: the row says when a questionnaire was given and holds none; None where a row of the file may mean something else."""
    if dated is None or (rows.slots is not None and rows.slots.melts) or job.joins:
        return None
    files = {s.file_no for s in job.sheets}
    there = [other for other in beside if files & {s.file_no for s in other.sheets}]
    joined = {n for other in beside for j in other.joins for _, _, numbers in j.reads for n in numbers}
    if joined & files or any(other.table != IntakeTable.ASSESSMENT for other in there):
        return None
    places = sorted({place for other in there for place in _cells(other, rows.header)})
    blank = f"not {is_filled([rows.cell_column(p) for p in places])}" if places else "true"
    return f"({dated.value} is not null or {dated.fault} is not null) and {blank}"


def _cells(job: Job, header: Sequence[str]) -> Iterator[int]:
    """Places of the cells in which a mapping finds answers and totals."""
    if job.spec.wide is not None:
        yield from Slots.of(job.label, tuple(header), job.spec.wide).places()
    value = [job.spec.fields["value"]] if "value" in job.spec.fields else []
    for spec in (*job.spec.totals.values(), *value):
        yield from (header.index(name) for name in spec.from_ if name in header)
