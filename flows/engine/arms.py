"""Does a file show who got what? Of a blinded trial such a file must not be landed because a broad glob happens to match it.

What belongs here: looking at the beginning of a file for the trial's arms. What does not: what becomes of it (landing.py), reading
a randomization list that may be read (the mapping of the table `randomization`).

Text files are looked at with the standard library alone: it is done every night, before anything else is known to be needed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.findings import ReadError

if TYPE_CHECKING:
    from schemas.site import Site
    from schemas.trial import Trial

_HEAD = 2**17
_ROWS, _TITLES = 400, 5
_TEXT = (".csv", ".tsv", ".ssv", ".psv", ".txt", ".tab", ".dat")
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def shows_arms(path: Path, trial: Trial, site: Site) -> bool:
    """Whether a column has the name of the declared arm column, or holds the trial's arms and nothing else.

    Arms are told by their codes and labels, at least two different ones. Codes of one letter or of digits alone are not looked
    for: too many other columns hold them. A file that cannot be read here is left to its reader to complain about.
    """
    rows = _text(path) if path.suffix.lower() in _TEXT else _other(path)
    if {cell.strip().lower() for row in rows[:_TITLES] for cell in row} & _arm_columns(site):
        return True
    width = max((len(row) for row in rows), default=0)
    header = next((n for n, row in enumerate(rows) if len(row) == width), 0)  # a title may stand above it
    words = {w.strip().lower() for arm in trial.arms for w in (arm.code, arm.label)}
    arms = {w for w in words if len(w) > 1 and not w.isdigit()}
    return any(_is_arms(column, arms) for column in zip(*(r for r in rows[header + 1 :] if len(r) == width), strict=True))


def _is_arms(column: Iterable[str], arms: set[str]) -> bool:
    found = {value.strip().lower() for value in column} - {""}
    return len(found) > 1 and found <= arms


def _arm_columns(site: Site) -> set[str]:
    """Names of the columns that the site's mapping of the randomization list reads the arm from."""
    specs = [spec for table, several in site.tables.items() if table == "randomization" for spec in several]
    fields = [spec.fields["arm"] for spec in specs if "arm" in spec.fields]
    return {name.strip().lower() for field in fields for name in field.from_}


def _text(path: Path) -> Sequence[Sequence[str]]:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8-sig")
    lines = head.decode(encoding, errors="replace").replace("\0", "").splitlines()
    lines = lines[:-1] if len(head) == _HEAD else lines
    if not lines:
        return [[]]
    delimiter = max(",;\t|", key=lines[0].count)
    return list(islice(csv.reader(lines, delimiter=delimiter), _ROWS)) or [[]]


def _other(path: Path) -> Sequence[Sequence[str]]:
    from flows.readers import ROW, read

    try:
        table = read(path).table.slice(0, _ROWS)
    except ReadError:
        return [[]]
    names = [n for n in table.column_names if n != ROW]
    columns = [[str(v) if v is not None else "" for v in table.column(n).to_pylist()] for n in names]
    return [names, *map(list, zip(*columns, strict=True))]
