"""Write a person's decision on a drug's name into the configuration: the site's or the trial's medications.csv.

What belongs here: checking and writing decisions. What does not: reading them (flows/engine/config.py), what waits (waiting.py).
A decision is part of the configuration, so the fingerprint of the sites it may touch changes, and the next night works them again.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.engine.coding.clean import spoken
from flows.engine.coding.lookup import Coder
from flows.engine.config import Programme
from schemas.findings import ConfigurationError

COLUMNS = ["verbatim", "ingredients", "who", "when", "note"]


@dataclass(frozen=True)
class Decision:
    """What a name means, by whom, when and why; no ingredients: it is no drug. `place` is study/site, or a study."""

    place: str
    verbatim: str
    ingredients: tuple[str, ...]
    who: str
    when: dt.date
    why: str


def resolved(coder: Coder, names: Sequence[str]) -> tuple[str, ...]:
    """Ingredients as the dictionary names them, from any of their exact names.

    Raises ConfigurationError for a name that is none, with the most alike ones.
    """
    out: list[str] = []
    for name in names:
        drugs = coder.code(name).drugs
        if not drugs:
            alike = ", ".join(shown for shown, _ in coder.suggestions(name)) or "none alike"
            raise ConfigurationError(f"{name!r} is no drug of the dictionary ({alike})\n  fix -> add it to codelists/medications.csv")
        out += [d.ingredient for d in drugs]
    return tuple(dict.fromkeys(out))


def place_of(programme: Programme, place: str) -> Path:
    """The file that holds the decisions of a site (study/site) or of a trial. Raises ConfigurationError when there is none such."""
    if place in programme.units:
        return programme.units[place].folder / "medications.csv"
    of_many = [u for u in programme.units.values() if u.site.sites and place in {f"{u.site.study}/{s}" for s in u.site.sites.known}]
    if len(of_many) == 1:
        return of_many[0].folder / "medications.csv"
    if place in programme.trials:
        return programme.root / "trials" / f"{place}.medications.csv"
    raise ConfigurationError(f"{place!r} is no site and no trial; there are {sorted([*programme.units, *programme.trials])}")


def write(programme: Programme, decisions: Sequence[Decision], replace: bool = False) -> list[Path]:
    """Write decisions, all or none; returns the files written.

    Raises ConfigurationError when one has no person or reason, or another decision on the same name stands and `replace` is not set.
    """
    files: dict[Path, list[Decision]] = {}
    for d in decisions:
        if not d.verbatim.strip() or not d.who.strip() or not d.why.strip():
            raise ConfigurationError("a decision needs the name as reported, a person (--who) and a reason (--reason)")
        files.setdefault(place_of(programme, d.place), []).append(d)
    contents = {path: _with(path, of, replace) for path, of in files.items()}
    for path, content in contents.items():
        beside = path.with_name(f".{path.name}.tmp")
        beside.write_text(content, encoding="utf-8", newline="")
        beside.replace(path)
    return sorted(contents)


def _with(path: Path, decisions: Sequence[Decision], replace: bool) -> str:
    """A decisions file with more decisions in it; columns of its own are kept."""
    rows: list[dict[str, str]] = []
    columns = list(COLUMNS)
    if path.is_file():
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            columns = [*(reader.fieldnames or ()), *(c for c in COLUMNS if c not in (reader.fieldnames or ()))]
            rows = [{k: v or "" for k, v in row.items() if k is not None} for row in reader]
    for d in decisions:
        new = {"verbatim": d.verbatim, "ingredients": "|".join(d.ingredients), "who": d.who, "when": d.when.isoformat(), "note": d.why}
        standing = [r for r in rows if spoken(r["verbatim"]) == spoken(d.verbatim)]
        if any(r["ingredients"] != new["ingredients"] for r in standing) and not replace:
            raise ConfigurationError(f"{path.parent.name}/{path.name} already decides on that name otherwise\n  fix -> --replace")
        rows = [*(r for r in rows if r not in standing), new]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
