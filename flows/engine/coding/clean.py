"""Clean the text of a drug's name: what is around the name goes, the name itself is never touched.

What belongs here: folding (case, accents, punctuation) and taking away strengths, counts, forms, salts, release suffixes,
frequencies, routes, purposes and makers. What does not: the words themselves (words.py), what a name means (lookup.py). Likeness
plays no part here: a letter is never changed.

Words are taken away step by step, and each step is looked up, so that a name in the list (vitamin B12, Tylenol 3, Paxil CR)
is met before any of its words is taken away.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from flows.engine.coding.words import FORM, FREQUENCY, MAKER, METAL, PER, PURPOSE, RELEASE, ROUTE, SALT, SALT_HEAD, UNIT

_NUMBER = r"\d+(?:[.,]\d+)?"
_STRENGTH = re.compile(rf"{_NUMBER}(?:\s*(?:/|-|x|to)\s*{_NUMBER}(?:\s*{UNIT})?)*\s*{UNIT}(?![a-z]){PER}?")
_COUNT = re.compile(
    rf"(?<![a-z0-9])(?:{_NUMBER}|1/2|one|two|half|an?)\s*(?:x\s*)?{FORM}(?![a-z])|(?<![a-z0-9])\d+\s*x(?![a-z0-9])|"
    r"(?<![a-z0-9])x\s*\d+(?![a-z0-9])"
)
_FREQUENCY = re.compile(rf"(?<![a-z])(?:{FREQUENCY})\.?(?![a-z])")
_ROUTE = re.compile(rf"(?<![a-z])(?:{ROUTE})\.?(?![a-z])")
_PURPOSE = re.compile(rf"(?<![a-z])(?:{PURPOSE})(?![a-z])")
_TAIL = re.compile(rf"(?<=\S)\s+(?:{RELEASE}|{SALT}|{FORM}|{MAKER})$")
_METAL_TAIL = re.compile(rf"^(\S+)\s+(?:{METAL})$")
_HEAD = re.compile(rf"^(?:(?:{FORM}|generic|(?:low|high) dose)\s+|{SALT_HEAD})(?=\S)")
#: A number on its own; not after a single letter, where it belongs to the name (vitamin B 6).
_BARE_NUMBER = re.compile(rf"^{_NUMBER}(?=\s)|(?<!\s[a-z]\s)(?<=\s){_NUMBER}(?=\s|$)|(?<=\s)(?:no|nr)\s+\d+(?=\s|$)")


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """A text as it is compared: NFKC, no case, no accents, punctuation as one space (apostrophes and points vanish)."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("\u2044", "/")
    plain = re.sub(r"(?<=\d)[.,](?=\d)", "\u00b7", plain)
    plain = re.sub(r"['\u2019`\u00b4.\u00ae\u2122\u00a9]", "", plain)
    return " ".join(re.sub(r"[^\w+%\u00b7]|_", " ", plain).replace("\u00b7", ".").split())


def spoken(text: str) -> str:
    """A text before its words are taken away: no case, no accents, no trademark signs, but with its punctuation."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", re.sub("[\u00ae\u2122\u00a9]", "", text)).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).replace("\u2044", "/").split())


def without_strength(text: str) -> str:
    """A spoken text without strengths, counts, frequencies and routes; separators between drugs are kept."""
    for pattern in (_STRENGTH, _COUNT, _FREQUENCY, _ROUTE, _PURPOSE):
        text = pattern.sub(" ", text)
    return " ".join(text.split()).strip(" ,;:-/+&")


def candidates(text: str) -> list[str]:
    """Folded forms of one drug's name, from the text as it stands to the barest; each is to be looked up in turn."""
    found = [folded(text)]
    bare, before = folded(without_strength(spoken(text))), ""
    while bare and bare != before:
        found.append(bare)
        before, bare = bare, _shorter(bare)
    return list(dict.fromkeys(f for f in found if f))


def _shorter(bare: str) -> str:
    """One step barer: without a form at its head or a form, salt or release suffix at its tail, then without a bare number."""
    for shorter in (_TAIL.sub("", _HEAD.sub("", bare)), _METAL_TAIL.sub(r"\1", bare), _BARE_NUMBER.sub(" ", bare)):
        if (shorter := " ".join(shorter.split())) and shorter != bare:
            return shorter
    return bare
