"""No letter of a name or term was lost on its way.

Why: text written in one encoding and read in another shows two signs for a letter, or a mark for a lost one. The file as a whole may be
read rightly: the text was broken before, in a spreadsheet or another system. What is coded by it may stay uncoded, and a search misses it.
Site: send the word as it was written. Data manager: where many are so, the export is to be mended.
"""

from __future__ import annotations

import polars as pl

from schemas.evidence import Evidence
from schemas.findings import Category, Impact, Severity

TABLE = ("medication", "adverse_event")
FIELD = "verbatim"
SEVERITY = Severity.QUERY
CATEGORY = Category.CONFORMANCE
IMPACT = Impact.NONE
MESSAGE = "The text has signs of letters that were lost or read in the wrong encoding."

#: UTF-8 read as a Western code page (Ã¼, â€™) or Macintosh text (√º), a lost letter (U+FFFD, or a question mark inside a word).
_BROKEN = (
    r"[ÂÃÅÄ][\x80-\xBF\u0152\u0153\u0160\u0161\u0178\u017D\u017E\u0192\u02C6\u02DC\u2013-\u203A\u20AC\u2122]"
    r"|â€|ï»¿|√\S|\x{FFFD}|\pL\?\pL"
)


def check(field: str, evidence: Evidence) -> pl.Expr:
    """True: in order; false: violated; null: no text."""
    return ~pl.col("verbatim").str.contains(_BROKEN)
