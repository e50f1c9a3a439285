"""Acts of sites on their exports: a cell, a row, a cut, another name of a column; lines are edited as bytes are, so nothing else moves.

What belongs here: writing into the copied configuration folder. What does not: acts of persons with the command line (play.py).

planted.csv, one row an act, in order:
    id, night, site (study/site), act, file (below the site's exports or configuration), row (records from 1, as in problems.csv),
    column, text (what is written), planted (in words),
    expected ("command: text" joined by "; "; the text stands in one line of that command's output of the night)
"""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DEMO = HERE.parents[2] / "config" / "demo"


@dataclass(frozen=True)
class Act:
    """One row of planted.csv."""

    id: str
    night: int
    site: str
    act: str
    file: str
    row: str
    column: str
    text: str
    planted: str
    expected: str


def acts() -> list[Act]:
    """planted.csv."""
    with (HERE / "planted.csv").open(encoding="utf-8", newline="") as file:
        return [Act(**{**row, "night": int(row["night"])}) for row in csv.DictReader(file)]


def copy_demo(config: Path, trials: set[str]) -> None:
    """The demo's configuration and exports, of these trials (none named: all), in a folder of its own."""
    ours = [p.stem for p in (DEMO / "trials").glob("*.yaml") if trials and p.stem not in trials]

    def others(_: str, names: list[str]) -> list[str]:
        return [n for n in names for study in ours if n == f"{study}.yaml" or n.startswith(f"{study}_")]

    shutil.copytree(DEMO, config, ignore=others)


def do(config: Path, act: Act) -> None:
    """Apply one act of a site, or of the person who keeps its mapping, to the copied configuration."""
    name = act.site.replace("/", "_")
    if act.act == "mapping":
        _replace_once(config / "sites" / name / act.file, act.column, act.text)
        return
    path = config / "exports" / name / act.file
    lines = [line.decode("latin-1") for line in path.read_bytes().splitlines(keepends=True)]
    _edit(lines, act)
    path.write_bytes("".join(lines).encode("latin-1"))


def _edit(lines: list[str], act: Act) -> None:
    """Change the lines of a file (line 0: its header)."""
    mark = ";" if ";" in lines[0] else ","
    if act.act == "append":
        lines.append(act.text + _end(lines[0]))
    elif act.act == "drop":
        del lines[int(act.row)]
    elif act.act == "cut":
        del lines[int(act.row) + 1 :]
    elif act.act == "rename":
        lines[0] = _with(lines[0], mark, _cells(lines[0], mark).index(act.column), act.text)
    elif act.act == "cell":
        cell = _cells(lines[0], mark).index(act.column)
        lines[int(act.row)] = _with(lines[int(act.row)], mark, cell, act.text)
    else:
        raise ValueError(f"planted.csv {act.id}: no act {act.act!r}")


def _with(line: str, mark: str, number: int, text: str) -> str:
    cells = _cells(line, mark)
    cells[number] = text
    return mark.join(cells) + _end(line)


def _cells(line: str, mark: str) -> list[str]:
    return line.rstrip("\r\n").split(mark)


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _replace_once(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path.name} holds the text to replace {text.count(old)} times")
    path.write_text(text.replace(old, new), encoding="utf-8")
