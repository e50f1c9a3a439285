"""Rows that another column of their file takes back, where no mapping reads that column: deleted, void, a test, did not occur.

What belongs here: which unread column says so by its name, and which of its cells do. What does not: the records such rows became
(marks.py), what follows (schemas/rules/row_annulled.py), exports whose format says what such a column means (flows/readers/rave.py).

A column is known by all words of its name, so that `test` alone, `dose removed from bottle` or `status` of a medication say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import duckdb

from flows.engine.mapping.files import Shelf
from flows.engine.mapping.sqltext import lit
from flows.engine.mapping.tables import Job
from flows.readers import LABEL

Marked = tuple[int, int, str, str, str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that say a row counts no more, in their languages.
_OUT = _words("""
    deleted deletion void voided removed removal erased archived invalid invalidated obsolete superseded discarded excluded
    exclude inactivated gelöscht geloescht storniert ungültig ungueltig archiviert supprimé supprime supprimée annulé annule
    annulée archivé eliminado borrado anulado archivado cancellato annullato eliminato excluído apagado verwijderd vervallen
    gearchiveerd raderad borttagen slettet fjernet poistettu usunięty usunięto
""")
#: Words beside these that change nothing.
_BESIDE = _words("""
    is was record row entry form flag yn ind indicator instance line log page ae cm ex ec sv qs dose session visit event medication med
    subject participant patient ist datensatz est registro from analysis
""")
#: Words that make it a column about the taking back: any text in it says so.
_ABOUT = _words("at on by date time datetime user reason why when am um von grund par le motif el por fecha op door reden")
_STATUS = _words("status state statut estado stato zustand")
_TRIAL_RUN = _words("test dummy sandbox")
_OF_TRIAL_RUN = _words("is record row entry flag subject participant patient data")
_KEPT = _words("active valid gültig valide")
_OF_KEPT = _words("record row entry form line")
#: Names that are written in one.
_IN_ONE = {"recordactive": ("record", "active"), "isdeleted": ("is", "deleted"), "istest": ("is", "test"), "isvoid": ("is", "void")}
#: SDTM, after the domain's two letters: whether it occurred, and whether it was only planned.
_SDTM = {"occur": ("n",), "mood": ("scheduled",)}
_NO = ("", "0", "0.0", "false", "f", "no", "n", "nein", "non", "nee", "nej", "nei", "não", "nao", "nie", "ei", "falsch", "faux", "falso",
       "unchecked", "none", "null", "-", "na", "n/a", "active", "not deleted")  # fmt: skip
_YES = ("1", "1.0", "true", "t", "yes", "y", "ja", "j", "oui", "si", "sí", "sì", "sim", "tak", "x", "checked", "wahr", "vrai", *_TRIAL_RUN)
_ERROR = ("entered in error", "entered-in-error", *sorted(_TRIAL_RUN))


def marks(con: duckdb.DuckDBPyConnection, shelf: Shelf, jobs: Sequence[Job], used: Mapping[int, set[str]]) -> Iterator[Marked]:
    """(file, row, "annulled", column, "") of each row that an unread column takes back. `used`: file -> columns read or ignored."""
    read = {s.file_no for job in jobs for s in job.sheets}
    for sheet in sorted((s for s in shelf.sheets.values() if s.file_no in read), key=lambda s: s.file_no):
        for at, name in enumerate(sheet.header):
            says = says_so(name, f"lower(trim(r.c{at}))") if name not in used[sheet.file_no] and not name.endswith(LABEL) else None
            if says is not None:
                found = con.execute(f"select r.source_row from {sheet.raw} r where r.file_no = {sheet.file_no} and {says} order by 1")
                yield from ((sheet.file_no, row, "annulled", name, "") for (row,) in found.fetchall())


def says_so(name: str, cell: str) -> str | None:
    """SQL that is true where the column's cell takes its row back; None for a column of another name."""
    sdtm = re.fullmatch(r"[a-z]{2}(occur|mood)", name.strip().lower())
    if sdtm:
        return _among(cell, _SDTM[sdtm[1]])
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = {w for w in re.split(r"[\W_]+", apart.lower()) if w}
    words = {part for w in words for part in _IN_ONE.get(w, (w,))}
    if words & _OUT and words <= _OUT | _BESIDE | _ABOUT:
        return f"{cell} not in ({', '.join(map(lit, _NO))})"
    if words & _STATUS and words <= _STATUS | _BESIDE:
        return _among(cell, (*sorted(_OUT), *_ERROR))
    if words & _TRIAL_RUN and words & _OF_TRIAL_RUN and words <= _TRIAL_RUN | _OF_TRIAL_RUN:
        return _among(cell, _YES)
    if words & _KEPT and words & _OF_KEPT and words <= _KEPT | _OF_KEPT | {"is", "flag"}:
        return f"{_among(cell, _NO)} and {cell} <> '' and {cell} <> 'active'"
    return None


def _among(cell: str, texts: Sequence[str]) -> str:
    return f"{cell} in ({', '.join(map(lit, texts))})"
