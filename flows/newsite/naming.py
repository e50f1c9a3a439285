"""How alike a column's name and a word are: letters without accents, in tokens; what is added to a name counts against it.

What belongs here: tokens, likeness. What does not: the words (lexicon.py), what a column holds (column.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from rapidfuzz import fuzz

Tokens = tuple[str, ...]

_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ł": "l", "Ł": "L", "đ": "d", "ð": "d", "œ": "oe"})
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa", "ø": "oe"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PIECE = re.compile(r"[a-z]+|\d+")

#: From here on a spelling is taken for the same word; rapidfuzz's ratio, 0-1.
SAME_SPELLING = 0.86


def unaccented(text: str) -> str:
    """Letters without accents."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in apart if not unicodedata.combining(c))


def plain(text: str) -> str:
    """Lower case without accents."""
    return unaccented(text).casefold()


def tokens(text: str) -> Tokens:
    """Words and numbers of a name: `ConsentDate`, `consent_date` and `Consent date` are the same."""
    return tuple(_PIECE.findall(_HUMP.sub(" ", unaccented(text)).casefold()))


def spellings(term: str) -> list[Tokens]:
    """A word without accents, and with its umlauts written out."""
    return list(dict.fromkeys([tokens(term), tokens(term.translate(_WRITTEN_OUT))]))


def likeness(name: Tokens, term: Tokens, neutral: Collection[str] = ()) -> float:
    """0 to 1. 1: the same; 0.95: the same but for parts that say nothing (`neutral`); less with each other part."""
    one, other = "".join(name), "".join(term)
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    if len(other) < 2:
        return 0.0
    if set(term) <= set(name):
        return _with_more(name, set(term), neutral)
    if len(term) == 1 and len(other) >= 4:
        for part in name:
            if part.startswith(other) or (len(part) >= 5 and other.startswith(part) and len(part) >= 0.6 * len(other)):
                return 0.85 * _with_more(name, {part}, neutral)
    ratio = fuzz.ratio(one, other) / 100
    return 0.85 * ratio if ratio >= SAME_SPELLING and min(len(one), len(other)) >= 5 else 0.0


def _with_more(name: Tokens, known: set[str], neutral: Collection[str]) -> float:
    odd = [part for part in name if part not in known and part not in neutral and not part.isdigit()]
    return 0.95 if not odd else max(0.0, 0.85 - 0.2 * len(odd))
