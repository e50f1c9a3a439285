"""Clean the text of a drug's name: what is around the name goes, the name itself is never touched.

What belongs here: folding (case, accents, punctuation) and taking away strengths, counts, forms, salts, release suffixes,
frequencies and routes. What does not: what a name means (lookup.py). Likeness plays no part here: a letter is never changed.

Words are taken away step by step, and each step is looked up, so that a name in the list (vitamin B12, Tylenol 3, Paxil CR)
is met before any of its words is taken away.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_UNIT = (
    r"(?:mg|milligrams?|mcg|micrograms?|ug|\u00b5g|\u03bcg|g|grams?|gr|kg|ml|cc|l|%|percent|iu|i\.u\.|ie|ui|units?|u|meq|mmol|mm)"
)
_PER = (
    r"(?:\s*(?:/|per)\s*(?:\d+(?:[.,]\d+)?\s*)?"
    r"(?:ml|l|hour|hr|h|day|d|dose|puff|actuation|spray|tab|tablet|cap|capsule|kg|g|week|wk)(?![a-z]))"
)
_NUMBER = r"\d+(?:[.,]\d+)?"
_STRENGTH = re.compile(rf"{_NUMBER}(?:\s*(?:/|-|x|to)\s*{_NUMBER}(?:\s*{_UNIT})?)*\s*{_UNIT}(?![a-z]){_PER}?")

_FORM = (
    r"(?:film[ -]?coated\s+)?(?:tab(?:let)?s?|tbl|caps?|capsules?|caplets?|gelcaps?|pills?|patch(?:es)?|drops?|gtt|sol(?:utio)?n|"
    r"syrup|susp(?:ension)?|elixir|cream|creme|creams|ointment|oint|gel|lotion|spray|inhaler|inhalation|inh|hfa|nebs?|puffs?|injections?|inj|"
    r"suppository|suppositories|lozenges?|powder|sachets?|ampoules?|amps?|vials?|liquid|filmtabletten?|tabletten?|kapseln?|"
    r"tropfen|retardtabletten|comprim(?:es?|idos?)|gelules?|oral(?:ly)?|topical(?:ly)?)"
)
_COUNT = re.compile(
    rf"(?<![a-z0-9])(?:{_NUMBER}|1/2|one|two|half|an?)\s*(?:x\s*)?{_FORM}(?![a-z])|(?<![a-z0-9])\d+\s*x(?![a-z0-9])|"
    r"(?<![a-z0-9])x\s*\d+(?![a-z0-9])"
)
_FREQUENCY = re.compile(
    r"(?<![a-z])(?:(?:once|twice|one time|two times|three times|\d+\s*(?:x|times))\s*(?:a|per|/|each)?\s*(?:day|daily|week|weekly|night)"
    r"|every\s+(?:day|night|morning|evening|other day|\d+\s*(?:h|hours?|hrs?))"
    r"|q\.?\s*(?:d|od|hs|am|pm|ds|day|week|wk|\d+\s*h(?:ours?|rs?)?)"
    r"|b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|q\.?h\.?s|q\.?d|q\.?o\.?d|o\.?d|b\.?d|t\.?d\.?s|q\.?a\.?m|q\.?p\.?m|h\.?s|p\.?r\.?n|stat"
    r"|as needed|as required|as directed|if needed|nocte|mane|daily|weekly|monthly|nightly|at night|at bedtime|in the (?:morning|evening)"
    r"|once|twice|taglich|bei bedarf|\d\s*-\s*\d\s*-\s*\d(?:\s*-\s*\d)?)\.?(?![a-z])"
)
_ROUTE = re.compile(r"(?<![a-z])(?:p\.?o|i\.?v|i\.?m|s\.?c|s\.?l|p\.?r|by mouth|per os|sublingual(?:ly)?|subcutaneous|intramuscular|intravenous|transdermal|topical|oral|vaginal|nasal|ophthalmic)\.?(?![a-z])")  # noqa: E501
_RELEASE = (
    r"xr|er|sr|cr|xl|la|cd|pr|mr|ir|dr|ec|retard|depot|odt|ret|(?:extended|sustained|controlled|modified|immediate|delayed|prolonged|slow)"
    r"(?: |-)?release|long acting|enteric coated|e c|extra strength|regular strength|generic"
)
_SALT = (
    r"hydrochloride|hydrochlorid|hcl|hydrobromide|hbr|maleate|mesylate|mesilate|oxalate|besylate|besilate|bitartrate|tartrate|"
    r"succinate|hydrogen|fumarate|phosphate|sulfate|sulphate|acetate|citrate|valerate|dipropionate|propionate|furoate|cypionate|"
    r"enanthate|decanoate|palmitate|pamoate|embonate|esylate|medoxomil|cilexetil|axetil|bromide|xinafoate|gluconate|lactate|malate|"
    r"dimesylate|erbumine|tosylate|trihydrate|monohydrate|dihydrate|hemihydrate|anhydrous|micronized"
)
_METAL = r"sodium|potassium|calcium|magnesium"
_TAIL = re.compile(rf"(?<=\S)\s+(?:{_RELEASE}|{_SALT}|{_FORM})$")
_METAL_TAIL = re.compile(rf"^(\S+)\s+(?:{_METAL})$")
_HEAD = re.compile(rf"^(?:{_FORM}|generic)\s+(?=\S)")
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
    for pattern in (_STRENGTH, _COUNT, _FREQUENCY, _ROUTE):
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
