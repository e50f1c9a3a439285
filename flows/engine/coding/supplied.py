"""A dictionary that the user supplies: a WHODrug-shaped CSV file, name by name, laid over the project's.

What belongs here: reading codelists/dictionary_<name>.csv as codelists/dictionary_<name>.yaml declares its columns, finding a class for
a drug the project does not know, telling where it contradicts. What does not: the project's own lists (dictionary.py). No such
dictionary is shipped: they are licensed.

The YAML file beside it: `name`, `ingredient` and `atc` name the columns; `separator` stands between the ingredients of a combination
(default `;`); `encoding` and `delimiter` as in the file. The class and flags of an ingredient the project knows stay the project's; of
another they follow its ATC code (atc_classes.csv, longest beginning). A name that has neither is left out, and counted.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import Field, ValidationError

from flows.engine.coding.clean import folded
from flows.engine.coding.model import ATC, Dictionary, Drug, Name
from flows.engine.yamlfile import YamlFile
from schemas.base import Config, Text
from schemas.findings import ConfigurationError


class Shape(Config):
    """How a supplied dictionary's columns are called."""

    name: Text
    ingredient: Text
    atc: Text | None = None
    separator: Text = ";"
    encoding: Text = "utf-8-sig"
    delimiter: str = Field(default=",", min_length=1, max_length=1)


@dataclass
class Told:
    """What a person should know of a supplied dictionary."""

    conflicts: list[str] = field(default_factory=list)
    left_out: int = 0


def lay_over(below: Dictionary, table: Path, classes: list[tuple[str, Drug]]) -> Told:
    """Lay one supplied dictionary over `below` (changed in place); returns the contradictions.

    `classes` are beginnings of ATC codes, longest first, with a drug that carries class and flags. Raises ConfigurationError when the
    YAML file is missing or does not fit, or a column is missing.
    """
    shape = _shape(table)
    told = Told()
    met: dict[str, list[tuple[Drug, ...]]] = {}
    shown: dict[str, tuple[str, bool]] = {}
    for name, ingredient, atc in _rows(table, shape):
        parts = [p.strip() for p in ingredient.split(shape.separator) if p.strip()]
        drugs = tuple(d for part in parts for d in _drugs(below, part, atc if len(parts) == 1 else None, classes))
        if not parts or len(drugs) < len(parts):
            told.left_out += 1
            continue
        key = folded(name)
        meanings = met.setdefault(key, [])
        shown.setdefault(key, (name, key == folded(ingredient)))
        if drugs not in meanings:
            meanings.append(drugs)
    for key, meanings in met.items():
        title, is_ingredient = shown[key]
        apart = {tuple(d.ingredient for d in m) for m in meanings}
        new = Name(title, is_ingredient, tuple(meanings), len(apart) > 1)
        old = below.names.get(key)
        if old is not None and (problem := _differs(old, new)):
            told.conflicts.append(f"{table.name}: {title!r} is {problem}")
        below.names[key] = new
    return told


def _differs(old: Name, new: Name) -> str | None:
    """In words, when a name means something else than before: another ingredient, or another ATC code."""
    if old.told() != new.told():
        return f"{new.told()} here and {old.told()} in the dictionary below; the supplied one stands"
    was, now = ({d.atc for m in n.meanings for d in m if d.atc} for n in (old, new))
    if was and now and was != now:
        return f"{', '.join(sorted(now))} here and {', '.join(sorted(was))} in the dictionary below; the supplied one stands"
    return None


def _drugs(below: Dictionary, part: str, atc: str | None, classes: list[tuple[str, Drug]]) -> tuple[Drug, ...]:
    """The drugs of one ingredient: the project's with the supplied code, or new ones classed by their code; none when neither."""
    code = atc if atc and ATC.fullmatch(atc) else None
    known = below.names.get(folded(part))
    if known is not None and known.drugs:
        return tuple(replace(d, atc=code) for d in known.drugs) if code and len(known.drugs) == 1 else known.drugs
    of_class = next((drug for start, drug in classes if code and code.startswith(start)), None)
    return () if of_class is None else (replace(of_class, ingredient=part.casefold(), atc=code),)


def _shape(table: Path) -> Shape:
    path = table.with_suffix(".yaml")
    if not path.is_file():
        raise ConfigurationError(f"{table.name}: needs {path.name} beside it, which names its columns (name, ingredient, atc)")
    errors: list[str] = []
    body = YamlFile.read(path, errors)
    if body is None:
        raise ConfigurationError("\n".join(errors) or f"{path.name} cannot be read")
    try:
        return Shape.model_validate(body.data)
    except ValidationError as error:
        raise ConfigurationError("\n".join(body.explain(error))) from None


def _rows(table: Path, shape: Shape) -> Iterator[tuple[str, str, str | None]]:
    """Name, ingredient and ATC code of each line that has a name."""
    with table.open(encoding=shape.encoding, newline="") as lines:
        reader = csv.DictReader(lines, delimiter=shape.delimiter)
        missing = {c for c in (shape.name, shape.ingredient, shape.atc) if c} - set(reader.fieldnames or ())
        if missing:
            raise ConfigurationError(f"{table.name} line 1: has no column {', '.join(sorted(missing))}, which its YAML file names")
        for row in reader:
            if name := (row[shape.name] or "").strip():
                yield name, (row[shape.ingredient] or "").strip() or name, (row[shape.atc] or "").strip() or None if shape.atc else None
