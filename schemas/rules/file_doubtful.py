"""A file is what it seems: its encoding is declared and fits, its columns are named once, its last line is whole.

Why: a file cut inside its last number still reads as a number, text in the wrong encoding still reads as text, and of two columns
of one name only the first is read. A file's own words may contradict the mapping, too: labels that are other numbers than the codes, a
unit, a code declared missing that is a value; or a program may have spoilt a column: dates turned round or moved to another zone, clock
times in single precision. Data manager: look at the file; declare the encoding, ask for a new export, or correct the mapping.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = "file_note"
FIELD = ""
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.BOTH
MESSAGE = "Something about the file as a whole is doubtful; the suggestion says what."


def check(field: str, evidence: Evidence) -> pl.Expr:
    """Every doubt of the table is one; remarks have their own rule."""
    return pl.when(pl.col("is_doubt")).then(pl.col("note").is_null())


def suggest(field: str, evidence: Evidence) -> pl.Expr:
    """What the reader noted; it names columns and encodings, never a cell."""
    return pl.col("note")
