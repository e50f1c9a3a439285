"""Purged participants at the door: rows of theirs that a site sends again never land.

What belongs here: taking them out of files before they are copied, and the note of how many there were. What does not: landing
(landing.py), finding a participant's rows (tombstones.py), a purge of what has landed (purge_landing.py).

    landing/<study>/<site>/blocked.json    site -> rows left out of its newest delivery
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flows.engine import tombstones
from flows.sources.files import matches
from schemas.findings import ReadError

if TYPE_CHECKING:
    from flows.engine.config import Unit
    from schemas.site import Site

BLOCKED = "blocked.json"


@contextmanager
def without_purged(home: Path, data: Path, unit: Unit, wanted: Mapping[str, Path]) -> Iterator[dict[str, Path]]:
    """The files to land, those that hold a purged participant as copies without the rows; how many rows is noted beside the log in
    `home`, the folder of the unit's deliveries.

    Raises ReadError for a file of a kind that rows cannot be taken out of.
    """
    site = unit.site
    marks = tombstones.marks(data, unit.key, site.study)
    note = home / BLOCKED
    if marks is None:
        yield dict(wanted)
        return
    columns = tombstones.id_columns(site)
    blocked: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="trialweave-") as aside:
        out = dict(wanted)
        for number, (name, path) in enumerate(sorted(wanted.items())):
            if not tombstones.can_strip(path):
                _refuse_purged(unit, name, path, marks, columns)
                continue
            found = tombstones.strip(path, columns, marks, delimiter_of(site, name))
            if found is not None:
                out[name] = Path(aside) / f"{number}{path.suffix}"
                out[name].write_bytes(found[0])
                blocked[name] = found[1]
        if blocked:
            note.write_text(json.dumps(dict.fromkeys(marks.sites.values(), sum(blocked.values()))), encoding="utf-8")
        else:
            note.unlink(missing_ok=True)
        yield out


def blocked(home: Path) -> dict[str, int]:
    """Site -> rows of purged participants that its newest delivery held; empty when none. `home`: the folder of its deliveries."""
    note = home / BLOCKED
    if not note.is_file():
        return {}
    told: dict[str, int] = json.loads(note.read_text(encoding="utf-8"))
    return told


def delimiter_of(site: Site, name: str) -> str | None:
    """The delimiter declared for a file, by the first table that names it."""
    specs = [spec for several in site.tables.values() for spec in several if matches(name, spec.file)]
    return next((s.delimiter for s in specs if s.delimiter), site.defaults.delimiter)


def _refuse_purged(unit: Unit, name: str, path: Path, marks: tombstones.Marks, columns: set[tuple[str, ...]]) -> None:
    """Raises ReadError when a file that rows cannot be taken out of holds a purged participant."""
    from flows.engine.mapping.files import options
    from flows.readers import read

    specs = [s for several in unit.site.tables.values() for s in several if matches(name, s.file)]
    for spec in specs:
        table = read(path, options(spec, unit.site.defaults)).table
        for group in columns:
            if set(group) <= set(table.column_names):
                rows = zip(*(table.column(n).to_pylist() for n in group), strict=True)
                n = sum(marks(" ".join(c.strip() for c in r if c)) for r in rows)
                if n:
                    raise ReadError(
                        f"{unit.key}: {name} holds {n} rows of a participant whose data were purged; it is not landed\n"
                        "  fix   -> ask the site for an export without the participant"
                    )
