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
from flows.engine.coding.model import Dictionary, Drug
from flows.engine.coding.words import DOUBT

#: Jaro-Winkler likeness from which a name is shown as a suggestion. The true typo quitiapine/quetiapine has 0.87, the wrong
#: pair citalopram/escitalopram 0.94 (DOMAIN C4): no number tells them apart, so none ever codes.
SUGGEST_FROM = 0.85
#: A single word out of a longer text must be more alike to be shown.
SUGGEST_WORD_FROM = 0.92
_SHORTEST = 4

#: Names of so many words are looked for within a longer text.
_LONGEST = 4

_PARENTHESES = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]?")
_BREAK = re.compile(r"[\r\n\t|\u2028\u2029]+")
_TOGETHER = re.compile(
    r"\s*(?:\sw/|\+|\s&\s|/|;|,|\s(?:and|with|plus|as well as|mit|und|sowie|et|y|e|con|com|avec|en|met|og|och|samt|w)\s)\s*"
)
#: One drug after another: the dates of the row cannot be both drugs'.
_AFTER_ANOTHER = re.compile(r">|\u2192|\u21d2")
_ONLY_A_FORM = re.compile(r"tablets?|caps?(?:ules?)?|cream|lotion|gel|ointment|drops|spray|retard|[xsem]r")
_EITHER = re.compile(r"\s+(?:or|oder|ou|o|of|eller|oppure)\s+")
#: What fills a cell and says that there is nothing. Other signs stand for something: a ditto mark (") for the name above it.
_NOTHING = re.compile(r"[\s\-\u2010-\u2015./\\_:\u00b7\u00d8\u2205()\[\]]*")
#: A lone point, as SAS, SPSS and Stata show what is missing: a drug that nobody named, not none.
_NOT_SAID = re.compile(r"\s*\.\s*")
_DOUBTFUL = re.compile(rf"(?<!\S)(?:{DOUBT})(?!\S)")


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
        if "?" in verbatim:
            return self._doubted(verbatim)
        if _NOT_SAID.fullmatch(verbatim):
            return Coded(text, Status.UNCODED)
        if text in self.dictionary.not_a_drug or _NOTHING.fullmatch(verbatim):
            return Coded(text, Status.NOT_A_DRUG)
        if not re.search(r"\w", verbatim):
            return Coded(text, Status.UNCODED)
        whole = self._exact(verbatim)
        if whole is not None:
            return whole
        said = spoken(_BREAK.sub(" ; ", verbatim))
        found = self._reading(said)
        if found is None:
            return self._suggest(said)
        if len(found.drugs) > 1 and _AFTER_ANOTHER.search(verbatim):
            return _open(found.cleaned, [found.drugs])
        return found

    def _doubted(self, verbatim: str) -> Coded:
        """A name with a question mark: whoever wrote it was not sure, so it is not coded."""
        plain = verbatim.replace("?", " ")
        if not re.search(r"\w", plain):
            return Coded(folded(verbatim), Status.UNCODED)
        meant = self.code(plain)
        if meant.status is Status.NOT_A_DRUG:
            return Coded(meant.cleaned, Status.UNCODED)
        return _open(meant.cleaned, [meant.drugs]) if meant.drugs else meant

    def _reading(self, said: str) -> Coded | None:
        """A spoken text: a name, a choice, or a combination whose every part is a name; None when it is none of them."""
        exact = self._exact(said)
        if exact is not None:
            return exact
        if len(either := [p for p in _apart(_EITHER, said) if p.strip()]) > 1:
            return self._choice(either)
        parts = [p for p in _apart(_TOGETHER, without_strength(said)) if _says_something(p)]
        if len(parts) == 1 and "-" in parts[0] and ">" not in parts[0] and not _PARENTHESES.search(parts[0]):
            parts = [p for p in parts[0].split("-") if _says_something(p)]
        if len(parts) > 1:
            return self._combination(parts)
        return self._named(parts[0]) if parts else None

    def _named(self, part: str) -> Coded | None:
        """One name with what stands in parentheses beside it.

        What stands there may be the same drug under another name, or a remark. It must not name another drug, and not say
        that the drug is not taken: then it is not coded.
        """
        outside = " ".join(_PARENTHESES.sub(" ", part).split())
        remarks = [r for r in (m.strip() for m in _PARENTHESES.findall(part)) if r]
        outer = self._exact(outside) if outside else None
        if not remarks:
            return outer
        inner = [r for r in (self._reading(remark) for remark in remarks) if r is not None]
        readings = [r for r in (outer, *inner) if r is not None]
        sure = [r for r in readings if r.drugs]
        if any(r.status is Status.AMBIGUOUS for r in readings):
            return next(r for r in readings if r.status is Status.AMBIGUOUS)
        if not sure:
            return None
        meant = {frozenset(d.ingredient for d in r.drugs) for r in sure}
        hinted = set() if outer is not None else self._hinted(outside)
        stray = {i for remark in remarks for i in self._mentioned(remark)} | hinted
        doubtful = any(_DOUBTFUL.search(folded(remark)) for remark in (*remarks, *([] if outer else [outside])))
        if len(meant) > 1 or doubtful or not stray <= next(iter(meant)):
            return _open(sure[0].cleaned, [r.drugs for r in sure], stray)
        return sure[0]

    def _choice(self, parts: list[str]) -> Coded | None:
        found = [f for f in (self._reading(p) for p in parts) if f is not None and f.drugs]
        if len(found) < len(parts):
            return None
        told = list(dict.fromkeys(" + ".join(d.ingredient for d in f.drugs) for f in found))
        return found[0] if len(told) == 1 else Coded(" or ".join(f.cleaned for f in found), Status.AMBIGUOUS, (), " | ".join(told))

    def _combination(self, parts: list[str]) -> Coded | None:
        found = [self._named(p) for p in parts]
        unsure = next((f for f in found if f is not None and f.status is Status.AMBIGUOUS), None)
        sure = [f for f in found if f is not None and f.drugs]
        if len(sure) < len(parts):
            return unsure if unsure is not None and len(sure) == len(parts) - 1 else None
        drugs = tuple({d.ingredient: d for f in sure for d in f.drugs}.values())
        brand = any(f.status is Status.EXACT_BRAND for f in sure)
        if len(drugs) == 1:
            return sure[0]
        cleaned = " + ".join(f.cleaned for f in sure)
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

    def _suggest(self, said: str) -> Coded:
        """What a person may look at: the names that stand in the text, else the most alike name of the text or of a word."""
        cleaned = (candidates(" ".join(_PARENTHESES.sub(" ", said).split()) or said) or [folded(said)])[-1]
        best = self.suggestions(said, 1)
        if not best:
            return Coded(cleaned, Status.UNCODED)
        shown, score = best[0]
        return Coded(cleaned, Status.FUZZY_REVIEW, (), f"{shown} ({score:.2f})")

    def suggestions(self, verbatim: str, limit: int = 3) -> list[tuple[str, float]]:
        """Up to `limit` names with their likeness (0-1), best first: the drugs named within the text (1.00), then alike names."""
        said = spoken(verbatim)
        out: dict[str, tuple[str, float]] = {}
        if named := self._mentioned(said):
            out[" + ".join(named)] = (" + ".join(named), 1.0)
        bare = (candidates(" ".join(_PARENTHESES.sub(" ", said).split()) or said) or [folded(said)])[-1]
        words = [w for w in bare.split() if len(bare.split()) > 1]
        for forms, cutoff in (([bare], SUGGEST_FROM), (words, SUGGEST_WORD_FROM)):
            for key, score in self._alike(forms, cutoff):
                name = self.dictionary.names[key]
                shown = name.shown if name.is_ingredient else f"{name.shown} = {name.told()}"
                out.setdefault(name.told(), (shown, score))  # the likest of a drug's names stands for the drug
            if out:
                break
        return list(out.values())[:limit]

    def _mentioned(self, text: str) -> list[str]:
        """Ingredients whose names stand within a text, in their order; longer names before the names within them."""
        words = folded(text).split()
        out: dict[str, None] = {}
        at = 0
        while at < len(words):
            for n in range(min(_LONGEST, len(words) - at), 0, -1):
                name = self.dictionary.names.get(" ".join(words[at : at + n]))
                if name is not None and (n > 1 or len(words[at]) >= _SHORTEST):
                    out |= dict.fromkeys(d.ingredient for m in name.meanings for d in m)
                    at += n - 1
                    break
            at += 1
        return list(out)

    def _hinted(self, outside: str) -> set[str]:
        """Ingredients that a text which is no name itself mentions or is most like: likeness only ever holds back."""
        alike = self._alike([f for f in candidates(outside)[-1:] if f], SUGGEST_FROM)[:1]
        return {*self._mentioned(outside), *(d.ingredient for key, _ in alike for m in self.dictionary.names[key].meanings for d in m)}

    def _alike(self, forms: Iterable[str], cutoff: float) -> list[tuple[str, float]]:
        """Names (keys) at least so alike to one of the forms, best first."""
        found = {
            (-score, key)
            for form in forms
            if len(form) >= _SHORTEST
            for key, score, _ in extract(form, self._keys, scorer=JaroWinkler.similarity, score_cutoff=cutoff, limit=12)
        }
        return [(key, -score) for score, key in sorted(found)]


def _open(cleaned: str, meanings: Iterable[tuple[Drug, ...]], more: Iterable[str] = ()) -> Coded:
    """Left to a person: what the text may mean, meanings apart."""
    told = dict.fromkeys(" + ".join(d.ingredient for d in m) for m in meanings if m)
    told |= dict.fromkeys(i for i in sorted(more) if i not in told)
    return Coded(cleaned, Status.AMBIGUOUS, (), " | ".join(told))


def _apart(separator: re.Pattern[str], said: str) -> list[str]:
    """A text split where the separator stands outside parentheses."""
    cut = _PARENTHESES.sub(lambda m: "x" * len(m[0]), said)  # the same length, nothing to split at inside
    out, at = [], 0
    for m in separator.finditer(cut):
        out.append(said[at : m.start()])
        at = m.end()
    return [*out, said[at:]]


def _says_something(part: str) -> bool:
    """Whether a part of a combination is more than a form, a route or a number ("hydrocortisone, topical")."""
    bare = folded(without_strength(part.strip()))
    return bool(re.search(r"[^\W\d_]", bare)) and not _ONLY_A_FORM.fullmatch(bare)
