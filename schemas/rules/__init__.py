"""The checks. One file is one rule; its name is the rule's id, its docstring the catalogue entry. Found by folder, no list.

A rule module has: TABLE (a table or several; `*`: every staging table), FIELD (`""`: the row; `*`: every field with a fault
column), SEVERITY, CATEGORY, IMPACT, MESSAGE (no participant's value) and `check(field, evidence)`, a Polars expression that is
true where the row is in order, false where it is not and null where the rule does not apply. It may have
`suggest(field, evidence)` (a text expression), DROPS (a note that sends the row to quarantine: a repetition), KEEPS_DATE
(an instant is withheld but its date is known), COMPARES (it withholds a value for not agreeing with another one) and
PER_SUBJECT (one finding a participant and table).

Rules are asked in the order of `Step`: a later step looks only at rows that are kept so far and at values that stand, so that
nothing is said of a row that is set aside for a graver reason, or of a value beside one that is withheld.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

#: What a rule's docstring asks of the site, up to what it asks of somebody else.
_REQUEST = re.compile(r"Site: (.+?)(?= (?:Data manager|Reader):|$)")
#: Fields of a dose that say how much was given.
_AMOUNT = {("dose", "dose_mg"), ("dose_amount", "dose_mg"), ("dose_timing", "dose_mg")}

Check = Callable[[str, Evidence], pl.Expr]


class Step(IntEnum):
    """When a rule is asked."""

    DROP = 0  #: Does the row say anything that another one does not?
    REJECT = 1  #: Can the row be used?
    READ = 2  #: Can the text of a field be used, and how was it spelt?
    LIMIT = 3  #: Can the value be true, whatever stands beside it?
    COMPARE = 4  #: Can it be true beside the others?
    ASK = 5  #: Is it complete and likely?


@dataclass(frozen=True)
class Rule:
    """One check, as its file declares it."""

    id: str
    tables: tuple[str, ...]
    field: str
    severity: Severity
    category: Category
    impact: Impact
    message: str
    check: Check
    suggest: Check | None
    drops: bool
    keeps_date: bool
    compares: bool
    per_subject: bool
    sha: str
    doc: str

    @property
    def request(self) -> str:
        """What the site is asked to do, in its own words; empty where only the data manager can do something."""
        told = _REQUEST.search(" ".join(self.doc.split()))
        return told[1][0].upper() + told[1][1:] if told and not told[1].startswith("nothing") else ""

    def touches(self, table: str, field: str) -> Impact:
        """What a finding on a field can touch: what the rule says, and the amount given where it is about a dose's strength."""
        if self.impact is Impact.NONE and (table.rpartition(".")[2], field) in _AMOUNT:
            return Impact.AMOUNT
        return self.impact

    def judges(self, table: str) -> bool:
        """Whether the rule looks at a table; `*` means every staging table, named without its schema."""
        return table in self.tables or ("*" in self.tables and "." not in table)

    def step(self, severity: Severity) -> Step:
        """When the rule is asked, where this is what it does (a value that cannot be read is graver in a key field)."""
        if self.drops:
            return Step.DROP
        if severity is Severity.REJECT:
            return Step.REJECT
        if self.category is Category.CONFORMANCE:
            return Step.READ
        if severity is Severity.WITHHOLD:
            return Step.COMPARE if self.compares else Step.LIMIT
        return Step.ASK


@cache
def catalogue() -> tuple[Rule, ...]:
    """Every rule, by id. Raises AttributeError naming the attribute when a rule file is not complete."""
    rules = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem.startswith("_"):
            continue
        module = importlib.import_module(f"schemas.rules.{path.stem}")
        table = module.TABLE
        rules.append(
            Rule(
                id=path.stem,
                tables=(table,) if isinstance(table, str) else tuple(table),
                field=module.FIELD,
                severity=module.SEVERITY,
                category=module.CATEGORY,
                impact=module.IMPACT,
                message=module.MESSAGE,
                check=module.check,
                suggest=getattr(module, "suggest", None),
                drops=getattr(module, "DROPS", False),
                keeps_date=getattr(module, "KEEPS_DATE", False),
                compares=getattr(module, "COMPARES", False),
                per_subject=getattr(module, "PER_SUBJECT", False),
                sha=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
                doc=(module.__doc__ or "").strip(),
            )
        )
    return tuple(rules)
