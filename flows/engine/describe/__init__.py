"""What explains a release's variables to its readers: one list of facts, shown as dictionary.csv, dictionary.html and define.xml.

What belongs here: putting the facts of a variable together. What does not: the facts themselves (schemas/columns.csv, schemas/codes.csv,
the headers of sql/, docs/lineage.csv), and how each file shows them (the modules beside this one).

    facts() -> Fact(column, code list, origin, model, the tables it reads, the site's fields and the configuration it rests on)
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from flows.engine import models
from flows.engine.models import Model
from schemas.codes import CodeList, code_list
from schemas.columns import RESTRICTED, Column, columns
from schemas.findings import PublicationError

#: Made by `make docs` from sql/.
LINEAGE = models.SQL.parent / "docs" / "lineage.csv"


@dataclass(frozen=True)
class Fact:
    """All that is known of one published variable. `origin`: Collected, Assigned or Derived, as docs/lineage.csv explains."""

    column: Column
    codes: CodeList | None
    origin: str
    model: Model
    reads: tuple[str, ...]
    fields: tuple[str, ...]
    configuration: tuple[str, ...]

    @property
    def file(self) -> str:
        """The SQL file that gives the variable its name."""
        return self.model.path.relative_to(models.SQL.parent).as_posix()


@cache
def facts() -> dict[str, tuple[Fact, ...]]:
    """Set -> its variables in order. Raises PublicationError when docs/lineage.csv is missing or does not know a variable."""
    try:
        with LINEAGE.open(encoding="utf-8", newline="") as lines:
            told = {(r["dataset"], r["variable"]): r for r in csv.DictReader(lines)}
        return {dataset: tuple(_fact(c, told[dataset, c.name]) for c in found) for dataset, found in columns().items()}
    except (OSError, KeyError) as error:
        raise PublicationError(f"docs/lineage.csv cannot be used ({type(error).__name__})\n  fix   -> make docs") from None


def _fact(column: Column, told: dict[str, str]) -> Fact:
    reads, fields, given = (tuple(told[n].split()) for n in ("reads", "fields", "configuration"))
    return Fact(column, code_list(column.codes), told["origin"], models.catalogue()[told["model"]], reads, fields, given)


def published() -> dict[str, tuple[Fact, ...]]:
    """The sets of a release, without those that lie in restricted/."""
    return {dataset: found for dataset, found in facts().items() if dataset not in RESTRICTED}


def file_of(table: str) -> str:
    """The SQL file that makes a table; empty for one that no file makes (the configuration, the staged rows of a trial's sites)."""
    name = table.replace("intake.", "staging.", 1).replace("staged.", "core.", 1)
    model = models.catalogue().get(name)
    return model.path.relative_to(models.SQL.parent).as_posix() if model else ""


def meaning(fact: Fact) -> str:
    """What a variable means, as a sentence; empty where that is only its codes and it is derived."""
    text = fact.column.meaning
    if fact.origin == "Derived" and tuple(text.split()) == fact.column.codes:
        return ""
    first = text.split()[0]
    if not any(c in first.rstrip(",;:") for c in "._/"):  # the name of a file or column stays as it is
        text = text[:1].upper() + text[1:]
    return text + ("" if text.endswith(".") else ".")


def derivation(fact: Fact) -> str:
    """How a variable comes about, as a sentence or two for a person."""
    computed = f"Computed by {fact.file}" + (f" from {', '.join(fact.reads)}." if fact.reads else ".")
    return f"{meaning(fact)} {computed}".strip() if fact.origin == "Derived" else meaning(fact)
