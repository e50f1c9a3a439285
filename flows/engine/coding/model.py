"""What a drug dictionary is made of: drugs, names that lead to them, the dictionary itself.

What belongs here: the types. What does not: reading lists into them (dictionary.py, supplied.py), looking up (lookup.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from flows.engine.coding.clean import folded

#: Groups a trial may prohibit beside classes and beginnings of ATC codes (sql/2_core/medication.sql).
GROUPS = ("ANTIDEPRESSANT", "ANTIPSYCHOTIC", "BENZODIAZEPINE", "PSYCHOTROPIC", "INTERACTING")
ATC = re.compile(r"[A-Z][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?")


@dataclass(frozen=True)
class Drug:
    """One ingredient as a site's name for it implies: its class and code."""

    ingredient: str
    drug_class: str
    atc: str | None
    psychotropic: bool = False
    antidepressant: bool = False
    interacting: bool = False
    also: tuple[str, ...] = ()
    review_to_mg: float | None = None
    by_use: bool = False

    @property
    def ssri(self) -> bool:
        """A selective serotonin reuptake inhibitor."""
        return self.drug_class == "SSRI"

    @property
    def benzodiazepine(self) -> bool:
        """A benzodiazepine, hypnotics and clonazepam (an antiepileptic by ATC) included."""
        return self.drug_class in ("BENZODIAZEPINE", "BENZODIAZEPINE_HYPNOTIC")

    def meets(self, prohibited: str) -> bool:
        """Whether a class, group or beginning of an ATC code that a trial prohibits is this drug's (as sql/2_core/medication.sql says)."""
        groups = {
            "ANTIDEPRESSANT": self.antidepressant, "ANTIPSYCHOTIC": self.drug_class.startswith("ANTIPSYCHOTIC"),
            "BENZODIAZEPINE": self.benzodiazepine, "PSYCHOTROPIC": self.psychotropic, "INTERACTING": self.interacting,
        }  # fmt: skip
        of_code = ATC.fullmatch(prohibited) is not None and (self.atc or "").startswith(prohibited)
        return prohibited in (self.drug_class, *self.also) or groups.get(prohibited, False) or of_code


@dataclass(frozen=True)
class Name:
    """What one name leads to: the drugs of each meaning (several drugs: a combination; several meanings: ambiguous)."""

    shown: str
    is_ingredient: bool
    meanings: tuple[tuple[Drug, ...], ...]
    ambiguous: bool

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """The drugs it means for certain; none when it is ambiguous."""
        return () if self.ambiguous else self.meanings[0]

    def told(self) -> str:
        """Its ingredients in words, meanings apart."""
        return " | ".join(dict.fromkeys(" + ".join(d.ingredient for d in m) for m in self.meanings))


@dataclass
class Dictionary:
    """Names (folded) -> what they lead to, names that are no drug at all, and where supplied dictionaries contradict (`told`)."""

    names: dict[str, Name] = field(default_factory=dict)
    not_a_drug: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def classes(self) -> set[str]:
        """Every class a trial may name: of its drugs, their further ones, and the groups."""
        drugs = {d for name in self.names.values() for meaning in name.meanings for d in meaning}
        return {*GROUPS, *(d.drug_class for d in drugs), *(c for d in drugs for c in d.also)}

    def ingredient(self, name: str) -> tuple[Drug, ...] | None:
        """The drugs of an ingredient named as the dictionary names it (a combination gives its components)."""
        found = self.names.get(folded(name))
        return found.drugs if found is not None and found.is_ingredient else None
