"""The drug dictionary: codelists as names that lead to drugs.

What belongs here: reading medications.csv, medication_names.csv and not_a_drug.csv of one or several folders.
What does not: cleaning a site's text (clean.py), deciding what it means (lookup.py).

medications.csv       ingredient,brands,atc,class,psychotropic,antidepressant,interacting,components,also,review_to_mg,by_use,note
                      `brands` are other names (brands, other spellings), `|` between them. A second row of the same ingredient
                      gives brands whose ATC code or class is another (a nasal spray). `components` make a combination: it is
                      never published itself, its components are, each with its own code. `also` are further classes a trial may
                      prohibit it by. `review_to_mg`: up to this daily dose it is mostly given for sleep or pain. `by_use` Y: a
                      somatic drug counted as psychotropic, whose indication decides.
medication_names.csv  name,ingredient,ambiguous,note: further names; `ambiguous` Y is never coded, only suggested.
not_a_drug.csv        name,note

Folders are laid over each other: a name in a later folder replaces the same name of an earlier one. A name that leads to two
ingredients within one folder is ambiguous.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.engine.coding.clean import folded
from schemas.findings import ConfigurationError

#: Groups a trial may prohibit beside classes and beginnings of ATC codes (sql/2_core/medication.sql).
GROUPS = ("ANTIDEPRESSANT", "ANTIPSYCHOTIC", "BENZODIAZEPINE", "PSYCHOTROPIC", "INTERACTING")
ATC = re.compile(r"[A-Z][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?")
_COLUMNS = {
    "medications.csv": {"ingredient", "brands", "atc", "class", "psychotropic", "antidepressant"},
    "medication_names.csv": {"name", "ingredient"},
    "not_a_drug.csv": {"name"},
}


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
    """Names (folded) -> what they lead to, and names that are no drug at all."""

    names: dict[str, Name] = field(default_factory=dict)
    not_a_drug: set[str] = field(default_factory=set)

    def classes(self) -> set[str]:
        """Every class a trial may name: of its drugs, their further ones, and the groups."""
        drugs = {d for name in self.names.values() for meaning in name.meanings for d in meaning}
        return {*GROUPS, *(d.drug_class for d in drugs), *(c for d in drugs for c in d.also)}

    def ingredient(self, name: str) -> tuple[Drug, ...] | None:
        """The drugs of an ingredient named as the dictionary names it (a combination gives its components)."""
        found = self.names.get(folded(name))
        return found.drugs if found is not None and found.is_ingredient else None


def load_dictionary(folders: Sequence[Path]) -> Dictionary:
    """Read the codelists of several folders, later ones over earlier ones.

    Raises ConfigurationError naming file and line when a column, class, flag, component or ingredient is missing.
    """
    out = Dictionary()
    for folder in folders:
        drugs = _Folder(out)
        for where, row in _rows(folder / "medications.csv"):
            drugs.add(where, row)
        drugs.add_combinations()
        for where, row in _rows(folder / "medication_names.csv"):
            drugs.add_name(where, row)
        for key, (name, meanings, is_ingredient, doubtful) in drugs.found.items():
            apart = {tuple(d.ingredient for d in m) for m in meanings}
            out.names[key] = Name(name, is_ingredient, tuple(meanings), doubtful or len(apart) > 1)
        out.not_a_drug |= {folded(row["name"]) for _, row in _rows(folder / "not_a_drug.csv")}
    return out


class _Folder:
    """The names of one folder, while it is read."""

    def __init__(self, below: Dictionary) -> None:
        self.below = below
        self.found: dict[str, tuple[str, list[tuple[Drug, ...]], bool, bool]] = {}
        self.ingredients: dict[str, tuple[Drug, ...]] = {}
        self.combinations: list[tuple[str, dict[str, str]]] = []

    def add(self, where: str, row: dict[str, str]) -> None:
        """One line of medications.csv; combinations wait until every component is known."""
        if row.get("components"):
            self.combinations.append((where, row))
            return
        if not row["ingredient"] or not row["class"]:
            raise ConfigurationError(f"{where}: ingredient and class must be given")
        if row["atc"] and not ATC.fullmatch(row["atc"]):
            raise ConfigurationError(f"{where}: {row['atc']!r} is no ATC code, such as N06AB06")
        drug = Drug(
            row["ingredient"], row["class"], row["atc"] or None, _flag(where, row, "psychotropic"),
            _flag(where, row, "antidepressant"), _flag(where, row, "interacting"),
            tuple(c.strip() for c in row.get("also", "").split("|") if c.strip()), _number(where, row, "review_to_mg"),
            _flag(where, row, "by_use"),
        )  # fmt: skip
        self._all_names(row, (drug,))

    def add_combinations(self) -> None:
        """The lines with components, each as the drugs it consists of."""
        for where, row in self.combinations:
            parts = [part.strip() for part in row["components"].split("|")]
            self._all_names(row, tuple(d for part in parts for d in self._known(where, part)))

    def add_name(self, where: str, row: dict[str, str]) -> None:
        """One line of medication_names.csv."""
        self._lead(row["name"], self._known(where, row["ingredient"]), False, _flag(where, row, "ambiguous"))

    def _all_names(self, row: dict[str, str], drugs: tuple[Drug, ...]) -> None:
        key = folded(row["ingredient"])
        if key not in self.ingredients:
            self.ingredients[key] = drugs
            self._lead(row["ingredient"], drugs, True, False)
        for name in (n.strip() for n in row["brands"].split("|")):
            if name and folded(name) != key:
                self._lead(name, drugs, False, False)

    def _known(self, where: str, ingredient: str) -> tuple[Drug, ...]:
        drugs = self.ingredients.get(folded(ingredient)) or self.below.ingredient(ingredient)
        if not drugs:
            raise ConfigurationError(f"{where}: {ingredient!r} is no ingredient of medications.csv")
        return drugs

    def _lead(self, name: str, drugs: tuple[Drug, ...], is_ingredient: bool, doubtful: bool) -> None:
        key = folded(name)
        shown, meanings, was_ingredient, was_doubtful = self.found.setdefault(key, (name, [], is_ingredient, doubtful))
        if drugs not in meanings:
            meanings.append(drugs)
        self.found[key] = (shown, meanings, was_ingredient or is_ingredient, was_doubtful or doubtful)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Lines of a codelist with where they stand; nothing when a folder does not have it."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = _COLUMNS[path.name] - set(reader.fieldnames or ())
        if missing:
            raise ConfigurationError(f"{path.name} line 1: needs the columns {', '.join(sorted(missing))}")
        for row in reader:
            yield f"{path.name} line {reader.line_num}", {k: (v or "").strip() for k, v in row.items() if k is not None}


def _flag(where: str, row: dict[str, str], column: str) -> bool:
    value = row.get(column, "")
    if value not in ("Y", "N", ""):
        raise ConfigurationError(f"{where}: {column} must be Y or N")
    return value == "Y"


def _number(where: str, row: dict[str, str], column: str) -> float | None:
    try:
        return float(row[column]) if row.get(column) else None
    except ValueError:
        raise ConfigurationError(f"{where}: {column} must be a number") from None
