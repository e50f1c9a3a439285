"""`make test-sources`: run the tests of the sources and print a table of what was tried, with the real servers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent


class Tried:
    """What each test said and how it ended."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.outcome != "passed":
            file, _, name = report.nodeid.partition("::")
            kind = Path(file).stem.split("_")[1]
            self.rows.append((kind, name.removeprefix("test_").replace("_", " "), report.outcome))


def main() -> int:
    """Exit code of pytest; nothing tried is no success."""
    tried = Tried()
    code = pytest.main([str(HERE), "-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[tried])
    table = Table(title="sources, against real servers on 127.0.0.1", title_justify="left")
    for column in ("source", "tried", "ended"):
        table.add_column(column, overflow="fold")
    for row in tried.rows:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
    console.print(table)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
