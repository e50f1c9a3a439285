"""`make demo-nights`: three nights of the demo, what became of each planted change, the findings' lives; ends 1 when it is not as
documented in planted.csv and lives.csv.

What belongs here: options and printing. What does not: acts (plant.py), commands (play.py), comparing (report.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from flows import embedded
from flows.cli.common import print_table
from tests.golden.demo_nights import plant, report
from tests.golden.demo_nights.play import DAYS, Player, Seen

TOLD = ("As committed.", "Sites correct, add, drop, cut and rename.", "The sites' and the data manager's repair.")


def main() -> int:
    """Play the nights in a folder given or thrown away; 0 when all is as documented."""
    options = argparse.ArgumentParser(prog="demo-nights", description=__doc__)
    options.add_argument("--folder", type=Path, help="Empty folder to keep config/, data/ and queries/ in; default: a temporary one.")
    options.add_argument("--trial", action="append", default=[], help="Only this trial of the demo; default: all four.")
    asked = options.parse_args()
    if asked.folder and asked.folder.exists() and any(asked.folder.iterdir()):
        options.error("--folder must be empty or new")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        with embedded.server(folder / "data"):
            wrong = play(folder, set(asked.trial))
    print("\n".join(wrong))
    print(f"{len(plant.acts())} planted, {len(wrong)} not as documented")
    return 1 if wrong else 0


def play(folder: Path, trials: set[str]) -> list[str]:
    """Play and print; returns what is not as documented."""
    planted = plant.acts()
    plant.copy_demo(folder / "config", trials)
    player, nights, wrong = Player(folder / "config", folder / "data"), list[Seen](), list[str]()
    for number, day in enumerate(DAYS, start=1):
        called = len(player.called)
        seen = player.night(number, planted)
        nights.append(seen)
        print(f"\nNight {number}, {day}: {TOLD[number - 1]}")
        print("\n".join(f"  $ {line}".replace(f"{folder}/", "") for line in player.called[called:]))
        told = report.outcomes(number, seen, planted)
        rows = [[act.id, act.site, act.planted, command, said] for act, command, said, _ in told]
        if rows:
            print_table("what became of it", ["id", "site", "planted", "command", "it says"], rows)
        wrong += [f"{act.id} {command}: {said}" for act, command, said, right in told if not right]
        wrong += [f"{line}, not documented" for line in report.undocumented_changes(number, seen, planted)]
    rows, strange = report.lives(nights)
    columns = ["id", "site", "finding", "record", *report.NIGHTS, "first seen", "last seen", "resolved"]
    print_table("the findings' lives", columns, rows)
    return wrong + strange


if __name__ == "__main__":
    sys.exit(main())
