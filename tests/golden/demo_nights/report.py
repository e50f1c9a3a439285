"""What became of each planted change, and the findings' lives: tables, and whatever is not as documented.

What belongs here: comparing what was seen with planted.csv and lives.csv, both ways: a change or a life that nobody documented
counts as much as one that is missing. What does not: calling commands (play.py).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from tests.golden.demo_nights.plant import HERE, Act
from tests.golden.demo_nights.play import Key, Life, Seen

NIGHTS = ("night1", "night2", "night3")


def expectations(act: Act) -> list[tuple[str, str]]:
    """(command, text that one of its lines about the site holds)."""
    parts = [part.partition(": ") for part in act.expected.split("; ")]
    return [(command, text) for command, _, text in parts]


def outcomes(number: int, seen: Seen, planted: Sequence[Act]) -> list[tuple[Act, str, str, bool]]:
    """Acts of a night: the act, command, what it said (what was expected when it did not), whether it said it."""
    told = []
    for act in (a for a in planted if a.night == number):
        for command, text in expectations(act):
            hits = [line for line in seen.lines.get((command, act.site), []) if text in line]
            said = f"{text}{f' ({len(hits)} lines)' if len(hits) > 1 else ''}" if hits else f"NOT SAID: {text}"
            told.append((act, command, said, bool(hits)))
    return told


def undocumented_changes(number: int, seen: Seen, planted: Sequence[Act]) -> Iterator[str]:
    """Lines of `trialweave changes` that no act of the night explains."""
    known = [(a.site, text) for a in planted if a.night == number for command, text in expectations(a) if command == "changes"]
    for (command, site), lines in sorted(seen.lines.items()):
        if command == "changes":
            yield from (f"night {number}, {site}: {line}" for line in lines if not any(s == site and t in line for s, t in known))


def lives(nights: Sequence[Seen]) -> tuple[list[list[str]], list[str]]:
    """Rows of the table of documented lives (id, finding, status a night, first seen, last seen, gone), and what is wrong."""
    with (HERE / "lives.csv").open(encoding="utf-8", newline="") as file:
        documented = list(csv.DictReader(file))
    rows, wrong = [], []
    for d in documented:
        key = (d["site"], d["rule"], d["record_key"], d["field"])
        life = _life(key, nights)
        expected = [*(d[n] for n in NIGHTS), d["first_seen"], d["last_seen"], d["resolved_on"]]
        rows.append([d["id"], d["site"], d["rule"], d["record_key"], *life])
        if life != expected:
            wrong.append(f"{d['id']} {d['rule']}: {' '.join(life)}, documented: {' '.join(expected)}")
    known = {(d["site"], d["rule"], d["record_key"], d["field"]) for d in documented}
    for key in sorted({k for s in nights for k in s.lives} - known):
        life = _life(key, nights)
        if set(life[: len(NIGHTS)]) != {"OPEN"}:
            wrong.append(f"{key[0]} {key[1]}: {' '.join(life)}, not documented")
    return rows, wrong


def _life(key: Key, nights: Sequence[Seen]) -> list[str]:
    """Status after each night, first seen, last seen, resolved on; empty where the finding was not there."""
    found = [s.lives.get(key) for s in nights]
    last = found[-1] or Life("", "", "", "", "")
    return [*(f.status if f else "" for f in found), last.first_seen, last.last_seen, last.resolved_on]
