"""Words of many languages, as data: what columns, sheets and codes of trial sites are called.

What belongs here: reading config/lexicon/*.csv. What does not: comparing a name with a word (naming.py).

    fields.csv       table, field, language, terms (a leading ~ marks a weak one: it counts only where nothing else fits)
    tables.csv       table, language, terms
    words.csv        list, value, language, texts
    instruments.csv  instrument, part (start of its item codes, where it has several), terms
    sdtm.csv         domain, variable, table, field
    keys.csv         role, columns that a system adds to every form, by their whole names
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from flows.engine.config import PROJECT
from flows.newsite.naming import Tokens, plain, spellings

FOLDER = PROJECT / "lexicon"


@dataclass(frozen=True)
class Term:
    """One word or phrase, in one of its spellings."""

    tokens: Tokens
    language: str
    is_weak: bool


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _terms(text: str, language: str) -> Iterator[Term]:
    for term in text.split("|"):
        for one in spellings(term.removeprefix("~")):
            if one:
                yield Term(one, language, term.startswith("~"))


@cache
def fields() -> dict[tuple[str, str], tuple[Term, ...]]:
    """(table or *, field) -> its words."""
    out: dict[tuple[str, str], list[Term]] = {}
    for row in _rows("fields.csv"):
        out.setdefault((row["table"], row["field"]), []).extend(_terms(row["terms"], row["language"]))
    for table in ("dose", "rating"):
        out[(table, "session_no")] = out[("session", "session_no")]
    return {key: tuple(found) for key, found in out.items()}


@cache
def tables() -> dict[str, tuple[Term, ...]]:
    """Table -> words its files, sheets and forms are called by."""
    out: dict[str, list[Term]] = {}
    for row in _rows("tables.csv"):
        out.setdefault(row["table"], []).extend(_terms(row["terms"], row["language"]))
    return {key: tuple(found) for key, found in out.items()}


@cache
def words(name: str) -> dict[str, str]:
    """A list's texts -> value, texts in one spelling without accents; of a text with two values nothing is known."""
    found: dict[str, set[str]] = {}
    for row in _rows("words.csv"):
        if row["list"] == name:
            for text in row["texts"].split("|"):
                found.setdefault(folded(text), set()).add(row["value"])
    return {text: next(iter(values)) for text, values in found.items() if len(values) == 1}


def counterparts(name: str, texts: Sequence[str]) -> dict[str, str]:
    """The other words of the languages that have all these words: `nein` goes with `ja`, also where the export has none yet."""
    by_language: dict[str, dict[str, list[str]]] = {}
    for row in _rows("words.csv"):
        if row["list"] == name:
            by_language.setdefault(row["language"], {})[row["value"]] = row["texts"].split("|")
    met = {folded(t) for t in texts}
    fitting = [of for of in by_language.values() if met <= {folded(t) for texts_ in of.values() for t in texts_}]
    out: dict[str, str] = {}
    for of in fitting:
        for value, known in of.items():
            if not any(folded(t) in met for t in known):
                out[next((t for t in known if len(t) > 1), known[0])] = value
    return {text: value for text, value in out.items() if words(name).get(folded(text)) == value}


@cache
def instruments() -> dict[tuple[str, str], tuple[Term, ...]]:
    """(instrument, part) -> words; part empty: of the whole instrument."""
    return {(row["instrument"], row["part"]): tuple(_terms(row["terms"], "")) for row in _rows("instruments.csv")}


@cache
def sdtm() -> dict[tuple[str, str], tuple[str, str]]:
    """(domain, variable) -> (table, field)."""
    return {(row["domain"], row["variable"]): (row["table"], row["field"]) for row in _rows("sdtm.csv")}


@cache
def keys(role: str) -> tuple[str, ...]:
    """Columns that systems add to every form, which may be the field `role` where no other column is called so."""
    return next((tuple(row["columns"].split("|")) for row in _rows("keys.csv") if row["role"] == role), ())


@cache
def fillers() -> frozenset[str]:
    """Parts of a name that say nothing about what it is."""
    return frozenset(words("filler"))


def folded(text: str) -> str:
    """A coded word for comparison: without accents, case and outer blanks; signs count."""
    return " ".join(plain(text).split())
