"""Where a part of a unit's mapping is written: file and line, the profile's beside the site's where both say something.

What belongs here: from a path in the mapping (tables, dose, fields, dose, unit) to its line. What does not: what it says (schemas/site.py),
which lines an edit changed (edited.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.engine.config import Unit, site_file
from flows.engine.yamlfile import YamlFile

Keys = tuple[str | int, ...]


def files(unit: Unit, on: dt.date | None) -> list[YamlFile]:
    """The site's file of a day, then its profile."""
    profile = unit.folder.parents[1] / "profiles" / f"{unit.profile}.yaml" if unit.profile else None
    paths = [p for p in (site_file(unit.folder, on), profile) if p is not None and p.is_file()]
    return [body for p in paths if (body := YamlFile.read(p, [])) is not None]


def find(bodies: list[YamlFile], path: Keys) -> list[tuple[YamlFile, int]]:
    """The lines of a path itself, the site's first. A table's only entry has no number in the file."""
    out = []
    for body in bodies:
        for tried in dict.fromkeys((path, tuple(p for p in path if not isinstance(p, int)))):
            if tried in body.lines:
                out.append((body, body.lines[tried]))
                break
    return out


def name(unit: Unit, file: Path) -> str:
    """A file as a person finds it in the configuration folder."""
    return f"sites/{unit.folder.name}/{file.name}" if file.parent == unit.folder else f"profiles/{file.name}"


def told(unit: Unit, bodies: list[YamlFile], *path: str | int) -> str:
    """`sites/x/site.yaml line 12`, of the nearest part of the path that is written; both where the site lays a key over its profile's."""
    for end in range(len(path), 0, -1):
        if hits := find(bodies, path[:end]):
            return " over ".join(f"{name(unit, body.path)} line {line}" for body, line in hits)
    return ""


def laid_over(unit: Unit, bodies: list[YamlFile]) -> list[str]:
    """What a site says otherwise than its profile, one sentence a line. A list of the site stands in the place of the profile's whole."""
    if len(bodies) < 2:
        return []
    own, base = bodies
    return [
        f"{name(unit, own.path)} line {own.lines[path]}: {'.'.join(map(str, path))} {what} {name(unit, base.path)} line {base.lines[path]}"
        for path, what in _differing(own.data, base.data, ()) if path in own.lines and path in base.lines
    ]  # fmt: skip


def _differing(own: Any, base: Any, path: Keys) -> Iterator[tuple[Keys, str]]:
    if isinstance(own, dict) and isinstance(base, dict):
        for key in own:
            if key in base:
                yield from _differing(own[key], base[key], (*path, key))
    elif own == base:
        yield path, "says the same again as"
    elif isinstance(own, list | dict) or isinstance(base, list | dict):
        yield path, "stands in the place of all of"
    else:
        yield path, f"is {own!r} over {base!r} of"
