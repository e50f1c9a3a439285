"""How alike a column's or a sheet's name is to the words for a field or a table, and from where on it is one.

What belongs here: the score and its thresholds. What does not: likeness of two words (naming.py), choosing by it (tables.py).
"""

from __future__ import annotations

from functools import cache

from flows.newsite import lexicon
from flows.newsite.naming import Tokens, likeness, tokens
from flows.newsite.opening import Sheet

#: What a column's name must reach to be a field; what is surely one; a sheet's name that is surely a table's.
NEEDED, SURE, TITLE = 0.6, 0.85, 0.85
#: Beginnings of names that say which table a column is of, not what it is.
PREFIXES = {
    "subject": {"dm", "demo", "bl", "baseline", "subj"}, "session": {"sess", "session", "sv", "visit", "sitzung"},
    "dose": {"dose", "dosing", "cap", "capsule", "pill", "med", "drug"},
    "rating": {"suds", "sud", "ex", "exp", "exposure", "exercise", "usa", "usas"},
    "medication": {"cm", "conmed", "med", "meds", "medication"}, "adverse_event": {"ae", "event"},
    "disposition": {"wd", "ds", "withdraw", "withdrawal", "dropout"}, "randomization": {"rand", "random"}, "assessment": {"qs", "rs"},
}  # fmt: skip


def title_score(title: str, table: str) -> float:
    """How alike a sheet's name and the names of a table are."""
    told = tokens(title)
    return max((likeness(told, t.tokens, lexicon.fillers()) for t in lexicon.tables()[table]), default=0.0)


def neutral_for(sheet: Sheet, table: str) -> frozenset[str]:
    """Parts of a column's name that say nothing on this sheet: the sheet's own name, the table's, and what most columns begin with."""
    firsts = [t[0] for n in sheet.columns if len(t := tokens(n)) > 1]
    common = {f for f in firsts if firsts.count(f) >= max(3, 0.6 * len(sheet.columns))}
    title = tokens(sheet.title)
    short = {f for f in firsts if len(f) >= 2 and any(t.startswith(f) for t in title)}
    return frozenset({*lexicon.fillers(), *title, *common, *short, *PREFIXES[table]})


@cache
def name_score(name: Tokens, table: str, wanted: str, neutral: frozenset[str]) -> float:
    """How alike a column's name and the words for a field are; a weak word counts for three quarters."""
    terms = lexicon.fields().get((table, wanted), ())
    return max((likeness(name, t.tokens, neutral) * (0.75 if t.is_weak else 1.0) for t in terms), default=0.0)


@cache
def label_score(label: Tokens, table: str, wanted: str, neutral: frozenset[str]) -> float:
    """As for a name; a label is a sentence, so a word in it must be a good part of it."""
    return 0.98 * name_score(label, table, wanted, neutral) if label else 0.0
