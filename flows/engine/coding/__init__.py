"""Code reported words: drug names -> ingredients, adverse events -> terms, or a finding that a person must look at.

What belongs here: filling ref.coding, ref.coding_part and ref.adverse_event_coding from the distinct texts of intake.
What does not: the word lists (config/codelists/), cleaning of a text (clean.py), deciding on one text (lookup.py), what is
derived from a coded drug (sql/2_core/medication.sql).

Only EXACT_INGREDIENT, EXACT_BRAND and OVERRIDE are coded. Likeness never codes: citalopram and escitalopram are more alike
than the true typo quitiapine and its drug, so a likeness is only ever a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
from rapidfuzz.distance import OSA

from flows.engine.coding.clean import spoken
from flows.engine.coding.dictionary import load_dictionary
from flows.engine.coding.lookup import Coded, Coder, Status
from flows.engine.coding.model import ATC, Dictionary, Drug
from flows.engine.config import MedicationOverride, Programme
from schemas.findings import ConfigurationError

__all__ = ["Coded", "Coder", "Dictionary", "Drug", "Status", "code", "load_dictionary", "override_problems", "problems"]

_CODING = pa.schema([
    ("unit", pa.int32()), ("verbatim", pa.string()), ("cmmodify", pa.string()), ("codestat", pa.string()), ("cmsugg", pa.string()),
])  # fmt: skip
_PART = pa.schema([
    ("unit", pa.int32()), ("verbatim", pa.string()), ("part_no", pa.int32()), ("ingredient", pa.string()), ("class", pa.string()),
    ("atc", pa.string()), ("psychotropic", pa.bool_()), ("antidepressant", pa.bool_()), ("ssri", pa.bool_()),
    ("benzodiazepine", pa.bool_()), ("interacting", pa.bool_()), ("also", pa.list_(pa.string())), ("review_to_mg", pa.float64()),
    ("by_use", pa.bool_()),
])  # fmt: skip
_TERM = pa.schema([("verbatim", pa.string()), ("term_no", pa.int32()), ("n_terms", pa.int32())])
_NEAR = pa.schema([("verbatim", pa.string()), ("term_no", pa.int32())])
#: What stands between two events that are written as one, in the languages of the word list; and what makes one of them none.
_BETWEEN = re.compile(r"[,;/+&]| (?:and|und|et|y|e|en|och|og) ")
_NOT = re.compile(r"^(?:no|not|without|denies|ohne|kein[a-z]*|sans|sin|senza|sem|zonder|utan|uden|uten)\b")
#: Shorter words are a letter away from too many others.
_LONG_ENOUGH = 6


def code(
    con: duckdb.DuckDBPyConnection,
    dictionary: Dictionary | Sequence[Path],
    overrides: Mapping[int, Sequence[MedicationOverride]],
) -> None:
    """Create ref.coding (one row a unit and verbatim), ref.coding_part (one row an ingredient of a coded one),
    ref.adverse_event_coding (the term of each adverse event's text that has one) and ref.adverse_event_near (the term that a text
    without one is a letter away from).

    `dictionary` is a loaded one, or the codelist folders it is read from; `overrides` are a person's decisions by unit number.
    Raises ConfigurationError when a decision names an ingredient that the dictionary does not have.
    """
    known = dictionary if isinstance(dictionary, Dictionary) else load_dictionary(dictionary)
    if wrong := sorted({p for decisions in overrides.values() for p in override_problems(known, decisions)}):
        raise ConfigurationError("\n".join(wrong))
    coder = Coder(known)
    decided = {unit: {spoken(d.verbatim): d.ingredients for d in reversed(of)} for unit, of in overrides.items()}
    asked = con.execute(
        "select distinct unit, verbatim from intake.medication where verbatim is not null order by unit, verbatim"
    ).fetchall()
    rows: list[tuple[int, str, Coded]] = []
    for unit, verbatim in asked:
        decision = decided.get(unit, {}).get(spoken(verbatim))
        rows.append((unit, verbatim, coder.code(verbatim) if decision is None else coder.decided(verbatim, decision)))
    _create(con, "coding", _CODING, ((u, v, c.cleaned, str(c.status), c.suggestion) for u, v, c in rows))
    _create(con, "coding_part", _PART, (
        (u, v, n, d.ingredient, d.drug_class, d.atc, d.psychotropic, d.antidepressant, d.ssri, d.benzodiazepine, d.interacting,
         list(d.also), d.review_to_mg, d.by_use)
        for u, v, c in rows for n, d in enumerate(c.drugs, start=1)
    ))  # fmt: skip
    _create(con, "adverse_event_coding", _TERM, _terms(con))
    _create(con, "adverse_event_near", _NEAR, _near(con))


def override_problems(dictionary: Dictionary, overrides: Iterable[MedicationOverride]) -> list[str]:
    """What is wrong with a person's decisions: ingredients that the dictionary does not have (names of drugs only)."""
    named = {i for o in overrides for i in o.ingredients}
    return [
        f"medications.csv: {i!r} is no ingredient of the dictionary; add it to codelists/medications.csv of your configuration"
        for i in sorted(named)
        if dictionary.ingredient(i) is None
    ]


def problems(dictionary: Dictionary, programme: Programme) -> list[str]:
    """What a configuration says about drugs that the dictionary cannot follow: a class or a decision that would do nothing."""
    known = dictionary.classes()
    out = [
        f"trials/{trial.study}.yaml: prohibited_classes: {c!r} is no class, group or beginning of an ATC code; there are {sorted(known)}"
        for trial in programme.trials.values()
        for c in trial.prohibited_classes
        if c not in known and not ATC.fullmatch(c)
    ]
    for unit in programme.units.values():
        out += [f"{unit.key}: {told}" for told in override_problems(dictionary, unit.overrides)]
    return out


def _terms(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int, int]]:
    """The first pattern of ref.adverse_event_term that fits each reported event, and how many terms its parts have; here, because
    the database would compile each pattern anew for each text."""
    try:
        listed = con.execute("select term_no, term, pattern from ref.adverse_event_term order by term_no").fetchall()
        patterns = [(number, term, re.compile(pattern)) for number, term, pattern in listed]
    except re.error as error:
        raise ConfigurationError(f"adverse_events.csv: {error.pattern!r} is not a regular expression: {error.msg}") from None
    said = con.execute("select distinct verbatim from intake.adverse_event where verbatim is not null order by 1").fetchall()

    def fit(text: str) -> tuple[int, str] | None:
        return next(((number, term) for number, term, pattern in patterns if pattern.search(text)), None)

    out = []
    for (verbatim,) in said:
        text = spoken(verbatim)
        whole = fit(text)
        if whole is not None:
            parts = [fit(part) for part in map(str.strip, _BETWEEN.split(text)) if part and not _NOT.match(part)]
            out.append((verbatim, whole[0], max(1, len({part[1] for part in parts if part is not None}))))
    return out


def _near(con: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Reported events that have no term, and the term with a word that is one letter (or two letters exchanged) away from one of theirs.

    Nothing is coded so; a person is asked.
    """
    words = [
        (word, number)
        for number, words in con.execute("select term_no, near from ref.adverse_event_term order by term_no").fetchall()
        for word in words
    ]
    said = con.execute(
        "select distinct verbatim from intake.adverse_event a anti join ref.adverse_event_coding c using (verbatim)"
        " where verbatim is not null order by 1"
    ).fetchall()
    found = []
    for (verbatim,) in said:
        tokens = [t for t in re.findall(r"\w+", spoken(verbatim)) if len(t) >= _LONG_ENOUGH]
        number = next((n for word, n in words if any(OSA.distance(t, word, score_cutoff=1) <= 1 for t in tokens)), None)
        if number is not None:
            found.append((verbatim, number))
    return found


def _create(con: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, rows: Iterable[tuple[object, ...]]) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    table = pa.table([pa.array(list(c), type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    con.register("coded_rows", table)
    con.execute(f"create or replace table ref.{name} as select * from coded_rows")
    con.unregister("coded_rows")
