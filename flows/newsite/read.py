"""What looking at a column as a field gives: the keys of its mapping, what its cells show, how well they fit.

What belongs here: the words that all kinds of fields share. What does not: the kinds (fields.py, days.py, words.py, amounts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flows.engine.mapping.codelists import Codelists
from flows.newsite.column import Column

Spec = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What all fields of a sheet share. `decimal`: of its defaults; `lists`: the mapping's code lists; `day`: the column of its dates, for
    clock times that stand alone."""

    decimal: str
    lists: Codelists
    day: Column | None = None


@dataclass(frozen=True)
class Read:
    """How a column would be read as a field: keys of its mapping besides `from`, what its cells show, how well they fit (0-1)."""

    spec: Spec
    shows: str
    fits: float
