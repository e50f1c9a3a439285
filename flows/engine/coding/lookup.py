"""Decide what one drug's name means: exact names only; likeness is a suggestion.

What belongs here: the order of looking up, combinations, the words in parentheses, suggestions.
What does not: the names (dictionary.py), taking away what is around a name (clean.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import extract

from flows.engine.coding.clean import candidates, folded, spoken, without_strength
from flows.engine.coding.dictionary import Dictionary, Drug, Name

#: Jaro-Winkler likeness from which a name is shown as a suggestion. The true typo quitiapine/quetiapine has 0.87, the wrong
#: pair citalopram/escitalopram 0.94 (DOMAIN C4): no number tells them apart, so none ever codes.
SUGGEST_FROM = 0.85
#: A single word out of a longer text must be more alike to be shown.
SUGGEST_WORD_FROM = 0.92
_SHORTEST = 4

_PARENTHESES = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]?")
_TOGETHER = re.compile(r"\s*(?:\sw/|\+|\s&\s|/|;|,|\s(?:and|with|plus|mit|und|et|y|con|avec|w)\s)\s*")
_ONLY_A_FORM = re.compile(r"tablets?|caps?(?:ules?)?|cream|lotion|gel|ointment|drops|spray|retard|[xsem]r")
_EITHER = re.compile(r"\s+or\s+|\s+oder\s+|\s+ou\s+")


class Status(StrEnum):
    """Coding status, as ADCM.CODESTAT publishes it."""

    EXACT_INGREDIENT = "EXACT_INGREDIENT"
    EXACT_BRAND = "EXACT_BRAND"
    OVERRIDE = "OVERRIDE"
    FUZZY_REVIEW = "FUZZY_REVIEW"
    AMBIGUOUS = "AMBIGUOUS"
    UNCODED = "UNCODED"
    NOT_A_DRUG = "NOT_A_DRUG"


@dataclass(frozen=True)
class Coded:
    """The decision on one text: the text that was looked up, the status, the drugs (when coded), a suggestion (when not)."""

    cleaned: str
    status: Status
    drugs: tuple[Drug, ...] = ()
    suggestion: str | None = None


class Coder:
    """Decides on texts with one dictionary, each text once."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self._keys = sorted(dictionary.names)
        self._done: dict[str, Coded] = {}

    def code(self, verbatim: str) -> Coded:
        """What a text means by the dictionary alone."""
        if verbatim not in self._done:
            self._done[verbatim] = self._code(verbatim)
        return self._done[verbatim]

    def decided(self, verbatim: str, ingredients: Iterable[str]) -> Coded:
        """What a person decided; no ingredient at all means that it is not a drug."""
        drugs = tuple(d for i in ingredients for d in (self.dictionary.ingredient(i) or ()))
        return Coded(folded(verbatim), Status.OVERRIDE if drugs else Status.NOT_A_DRUG, drugs)

    def _code(self, verbatim: str) -> Coded:
        text = folded(verbatim)
        if text in self.dictionary.not_a_drug or not re.search(r"\w", verbatim):
            return Coded(text, Status.NOT_A_DRUG)
        if "?" in verbatim:
            return self._doubted(verbatim)
        whole = self._exact(verbatim)
        if whole is not None:
            return whole
        said = spoken(verbatim)
        outside = " ".join(_PARENTHESES.sub(" ", said).split())
        inside = [p for p in (m.strip() for m in _PARENTHESES.findall(said)) if p]
        readings = [r for r in (self._reading(t) for t in [outside, *inside] if t) if r is not None]
        coded = [r for r in readings if r.drugs or r.status is Status.AMBIGUOUS]
        meant = {frozenset(d.ingredient for d in r.drugs) for r in coded if r.drugs}
        if len(meant) > 1:
            told = dict.fromkeys(" + ".join(d.ingredient for d in r.drugs) for r in coded if r.drugs)
            return Coded(folded(outside) or text, Status.AMBIGUOUS, (), " | ".join(told))
        sure = [r for r in coded if r.drugs]
        if sure:
            return sure[0]
        if coded:
            return coded[0]
        return self._suggest(candidates(outside or said)[-1:] or [text])

    def _doubted(self, verbatim: str) -> Coded:
        """A name with a question mark: whoever wrote it was not sure, so it is not coded."""
        meant = self.code(verbatim.replace("?", " "))
        if not meant.drugs:
            return meant
        return Coded(meant.cleaned, Status.AMBIGUOUS, (), " + ".join(d.ingredient for d in meant.drugs))

    def _reading(self, text: str) -> Coded | None:
        """One part of the text: an exact name, a choice, or a combination whose every part is an exact name."""
        exact = self._exact(text)
        if exact is not None:
            return exact
        either = [p for p in _EITHER.split(text) if p.strip()]
        if len(either) > 1:
            return self._choice(either)
        parts = [p for p in _TOGETHER.split(without_strength(text)) if _says_something(p)]
        if len(parts) == 1 and "-" in parts[0]:
            parts = [p for p in parts[0].split("-") if _says_something(p)]
        return self._combination(parts) if len(parts) > 1 else (self._exact(parts[0]) if parts else None)

    def _choice(self, parts: list[str]) -> Coded | None:
        found = [f for f in (self._reading(p) for p in parts) if f is not None and f.drugs]
        if len(found) < len(parts):
            return None
        told = list(dict.fromkeys(" + ".join(d.ingredient for d in f.drugs) for f in found))
        return found[0] if len(told) == 1 else Coded(" or ".join(f.cleaned for f in found), Status.AMBIGUOUS, (), " | ".join(told))

    def _combination(self, parts: list[str]) -> Coded | None:
        found = [self._exact(p) for p in parts]
        cleaned = " + ".join(f.cleaned if f else candidates(p)[-1] for f, p in zip(found, parts, strict=True) if f or candidates(p))
        sure = [f for f in found if f is not None and f.drugs]
        if len(sure) < len(parts):
            return None
        drugs = tuple({d.ingredient: d for f in sure for d in f.drugs}.values())
        brand = any(f.status is Status.EXACT_BRAND for f in sure)
        if len(drugs) == 1:
            return sure[0]
        return Coded(cleaned, Status.EXACT_BRAND if brand else Status.EXACT_INGREDIENT, drugs)

    def _exact(self, text: str) -> Coded | None:
        """The first of the text's forms that is a name in the dictionary."""
        for form in candidates(text):
            name = self.dictionary.names.get(form)
            if name is None:
                continue
            if name.ambiguous:
                return Coded(form, Status.AMBIGUOUS, (), name.told())
            return Coded(form, Status.EXACT_INGREDIENT if name.is_ingredient else Status.EXACT_BRAND, name.drugs)
        return None

    def _suggest(self, forms: list[str]) -> Coded:
        """The most alike name, for a person to look at: of the whole text, else of one of its words."""
        best = self._likest(forms, SUGGEST_FROM)
        if best is None:
            best = self._likest([w for f in forms for w in f.split() if len(f.split()) > 1], SUGGEST_WORD_FROM)
        if best is None:
            return Coded(forms[0], Status.UNCODED)
        name, score = best
        shown = name.shown if name.is_ingredient else f"{name.shown} = {name.told()}"
        return Coded(forms[0], Status.FUZZY_REVIEW, (), f"{shown} ({score:.2f})")

    def _likest(self, forms: list[str], cutoff: float) -> tuple[Name, float] | None:
        found = [
            (-score, key)
            for form in forms
            if len(form) >= _SHORTEST
            for key, score, _ in extract(form, self._keys, scorer=JaroWinkler.similarity, score_cutoff=cutoff, limit=3)
        ]
        if not found:
            return None
        score, key = min(found)
        return self.dictionary.names[key], -score


def _says_something(part: str) -> bool:
    """Whether a part of a combination is more than a form, a route or a number ("hydrocortisone, topical")."""
    bare = folded(without_strength(part.strip()))
    return bool(re.search(r"[a-z]{2}", bare)) and not _ONLY_A_FORM.fullmatch(bare)
