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
atc_classes.csv       atc,class,psychotropic,antidepressant,note: beginnings of ATC codes, for drugs of supplied dictionaries
dictionary_<name>.csv a dictionary the user supplies (supplied.py); it stands over the project's lists and under the user's own

Folders are laid over each other: a name in a later folder replaces the same name of an earlier one. A name that leads to two
ingredients within one folder is ambiguous.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from flows.engine.coding import supplied
from flows.engine.coding.clean import folded
from flows.engine.coding.model import ATC, Dictionary, Drug, Name
from schemas.findings import ConfigurationError

_COLUMNS = {
    "medications.csv": {"ingredient", "brands", "atc", "class", "psychotropic", "antidepressant"},
    "medication_names.csv": {"name", "ingredient"},
    "not_a_drug.csv": {"name"},
    "atc_classes.csv": {"atc", "class", "psychotropic", "antidepressant"},
}


def load_dictionary(folders: Sequence[Path]) -> Dictionary:
    """Read the codelists of several folders, later ones over earlier ones.

    Raises ConfigurationError naming file and line when a column, class, flag, component or ingredient is missing.
    """
    return _read(tuple(folders), tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for f in folders for p in sorted(f.glob("*"))))


@lru_cache(maxsize=4)
def _read(folders: tuple[Path, ...], seen: tuple[tuple[str, int, int], ...]) -> Dictionary:
    """The dictionary of these folders, read once while no file of theirs changes (`seen`: name, time and size of each)."""
    out = Dictionary()
    classes: dict[str, Drug] = {}
    for folder in folders:
        for where, row in _rows(folder / "atc_classes.csv"):
            flags = (_flag(where, row, "psychotropic"), _flag(where, row, "antidepressant"))
            classes[row["atc"]] = Drug("", row["class"], None, *flags)
        for table in sorted(folder.glob("dictionary_*.csv")):
            told = supplied.lay_over(out, table, sorted(classes.items(), key=lambda c: (-len(c[0]), c[0])))
            out.told += told.conflicts
            if told.left_out:
                out.told.append(f"{table.name}: {told.left_out} names are left out; their ingredient is not known here and has no ATC code")
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
