"""`make truth`: three seeds, the table on the screen, build/truth.json and docs/truth.md; exits 1 when a fault went unseen."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.truth import report, suite

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the seeds, write what they gave."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=int, nargs="+", default=[740, 851, 962])
    options.add_argument("--styles", type=int, default=4, help="In how many export styles each kind is planted, a seed.")
    asked = options.parse_args()
    results = []
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as folder:
            results.append(suite.run(seed, asked.styles, Path(folder) / "night"))
        print("\n".join([report.line(results[-1]), *report.unseen(results[-1:])]), flush=True)
    print()
    print(report.table(results))
    report.write(results, ROOT / "build" / "truth.json", ROOT / "docs" / "truth.md")
    return 1 if report.unseen(results) else 0


if __name__ == "__main__":
    sys.exit(main())
