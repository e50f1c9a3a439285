"""Fixtures of the fault tests, which of them run, and the table of what held.

What belongs here: the session's processes and first nights, `FAULTS=all`, build/faults.json. What does not: faults.
`make test` tries a few of each kind; `make faults` (FAULTS=all) tries all of them and writes the table.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scene import Scene, first_night
from tests.faults.server import ROOT, Commands

ALL = os.environ.get("FAULTS") == "all"
HERE = Path(__file__).parent
RESULTS: dict[tuple[str, str], str] = {}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests marked slow to `make faults`."""
    if ALL:
        return
    out = [i for i in items if i.path.is_relative_to(HERE) and i.get_closest_marker("slow")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [i for i in items if i not in out]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Note what held."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if not ALL or not item.path.is_relative_to(HERE):
        return
    key = (item.module.KIND, item.name.removeprefix("test_").replace("_", " "))  # type: ignore[attr-defined]
    if report.failed:
        RESULTS[key] = "DID NOT HOLD"
    elif report.skipped:
        RESULTS[key] = "not tried: " + str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    elif report.when == "call":
        RESULTS[key] = "held"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of faults tried, and build/faults.json."""
    if not ALL or not RESULTS:
        return
    kinds: dict[str, dict[str, int]] = {}
    for kind, name in RESULTS:
        told = RESULTS[kind, name]
        counted = kinds.setdefault(kind, {"tried": 0, "held": 0, "not_tried": 0})
        counted["not_tried" if told.startswith("not tried") else "tried"] += 1
        counted["held"] += told == "held"
        terminalreporter.write_line(f"{kind:<10} {name:<100} {told}")
    total = {n: sum(k[n] for k in kinds.values()) for n in ("tried", "held", "not_tried")}
    terminalreporter.write_line(f"{total['held']} of {total['tried']} faults held, {total['not_tried']} could not be tried here")
    (ROOT / "build").mkdir(exist_ok=True)
    faults = [{"kind": k, "fault": n, "result": r} for (k, n), r in RESULTS.items()]
    (ROOT / "build" / "faults.json").write_text(json.dumps({**total, "by_kind": kinds, "faults": faults}, indent=1) + "\n")


@pytest.fixture(scope="package")
def commands() -> Iterator[Commands]:
    """The command line, ready to be run many times."""
    home = Path(tempfile.mkdtemp(prefix="faults-"))
    runner = Commands(home)
    try:
        yield runner
    finally:
        runner.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="package")
def after_one(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """One good night; never changed, only copied."""
    return first_night(tmp_path_factory.mktemp("one") / "scene", commands)


@pytest.fixture(scope="package")
def undisturbed(after_one: Scene, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Two good nights: what every disturbed second night must come to."""
    scene = after_one.copy(tmp_path_factory.mktemp("two") / "scene")
    scene.second_night()
    ended = scene.run()
    assert ended.code == 0, ended.said
    return scene


@pytest.fixture
def scene(after_one: Scene, tmp_path: Path) -> Scene:
    """One good night, and the exports of the second."""
    mine = after_one.copy(tmp_path / "scene")
    mine.second_night()
    return mine
