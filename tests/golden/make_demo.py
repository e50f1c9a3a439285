"""Writes config/demo/exports and config/demo/problems.csv; run by hand: python -m tests.golden.make_demo

Seeded: the same code gives the same bytes. The result is committed; tests only read it.
What belongs here: the order of things. What does not: how a trial's sites write (demo_maker/).
"""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from tests.golden.demo_maker import acro01, ocd01, sad01, tail01
from tests.golden.demo_maker.sheets import PROBLEM_COLUMNS

DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"


def main(demo: Path = DEMO) -> None:
    """Make everything anew."""
    exports = demo / "exports"
    shutil.rmtree(exports, ignore_errors=True)
    books = [book for trial in (sad01, ocd01, acro01, tail01) for book in trial.make(exports)]
    with (demo / "problems.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, PROBLEM_COLUMNS, lineterminator="\n")
        writer.writeheader()
        for n, line in enumerate((line for book in books for line in book.problems()), 1):
            writer.writerow(dict.fromkeys(PROBLEM_COLUMNS, "") | line | {"id": f"P{n:02d}"})


if __name__ == "__main__":
    main()
