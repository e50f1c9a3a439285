"""Measure trialweave against the hand-written script on one large invented trial, side by side.

What belongs here: running both as processes of their own, in turn, and the table and numbers that come out.
What does not: any judgement (no time fails a build), the data (generate.py), the yardstick (handwritten.py).

    python -m tests.bench.bench [--subjects 10000] [--sites 100] [--rounds 2]

Counted: wall and CPU time of the process and its children, and the most memory they held at one moment. Prefect's
start-up is what trialweave itself says it took (last_run.json) and is shown apart; `full_ratio` is without it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb

from tests.bench.generate import generate
from tests.bench.handwritten import SETS

BUILD = Path(__file__).resolve().parents[2] / "build"
SEED = 20_260_101
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measure:
    """One process: seconds, gigabytes, how long it took to start (0 where it does not say); `spent`: its CPU time as it went on."""

    wall_s: float
    cpu_s: float
    peak_gb: float
    startup_s: float = 0.0
    startup_cpu_s: float = 0.0
    spent: tuple[tuple[float, float], ...] = ()

    def cpu_until(self, moment: float) -> float:
        """CPU seconds that the process and its children had used at a moment (seconds since 1970), as last looked at before it."""
        return max((cpu for at, cpu in self.spent if at <= moment), default=0.0)

    @property
    def work_wall_s(self) -> float:
        """Wall time without start-up."""
        return max(self.wall_s - self.startup_s, 0.0)

    @property
    def work_cpu_s(self) -> float:
        """CPU time without start-up."""
        return max(self.cpu_s - self.startup_cpu_s, 0.0)


class Memory:
    """Memory that a process and all its descendants hold; a page that several of them share (the server is a fork) counts once.

    What they share changes slowly and is dear to count (the kernel walks every page, and the process waits), so that is looked at every
    few seconds only.
    """

    def __init__(self) -> None:
        self._shared, self._due = 0, 0.0
        self.peak = 0

    def look(self, alive: list[int]) -> None:
        """Take what these processes hold now into the peak."""
        held = sum(_pages(pid) for pid in alive) * PAGE
        if time.monotonic() >= self._due:
            self._shared = max(0, held - sum(_proportional(pid) for pid in alive))
            self._due = time.monotonic() + 5
        self.peak = max(self.peak, held - self._shared)


def _tree(root: int) -> list[int]:
    """A process and its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += parents.get(pid, [])
    return found


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    except OSError:
        return 0


def _cpu(pid: int) -> float:
    """CPU seconds of a process and of those of its children that ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15])) / TICKS


def _proportional(pid: int) -> int:
    try:
        shares = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in shares.splitlines() if line.startswith("Pss:")) * 1024


def measured(command: list[str], log: Path, good: tuple[int, ...] = (0,)) -> Measure:
    """Run one command to its end; raises RuntimeError with the end of its output when it fails."""
    over = threading.Event()
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=BUILD.parent)

        memory, spent = Memory(), [(0.0, 0.0)]

        def watch() -> None:
            while not over.wait(0.1):
                alive = _tree(process.pid)
                spent.append((time.time(), sum(map(_cpu, alive))))
                memory.look(alive)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        over.set()
        watcher.join()
    if process.returncode not in good:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        raise RuntimeError(f"{' '.join(command[1:])} ended with {process.returncode}\n{tail}")
    cpu, peak = usage.ru_utime + usage.ru_stime, max(memory.peak, usage.ru_maxrss * 1024)
    return Measure(wall, cpu, peak / 1e9, spent=tuple(spent))


def trialweave(work: Path, data: Path) -> Measure:
    """One nightly run; 1 (degraded) counts as run. Start-up as last_run.json says."""
    command = [sys.executable, "-m", "flows", "run", "--config", str(work / "config"), "--data", str(data)]
    (data / "last_run.json").unlink(missing_ok=True)
    seen = measured(command, work / "trialweave.log", (0, 1))
    said = data / "last_run.json"
    if not said.is_file():
        raise RuntimeError(f"trialweave wrote no last_run.json, so it did not run to its end; see {work / 'trialweave.log'}")
    told = json.loads(said.read_text(encoding="utf-8"))
    startup = told["flow_started"] - told["started"] if told.get("flow_started") and told.get("started") else 0.0
    startup_cpu = seen.cpu_until(told["flow_started"]) if startup else 0.0
    return replace(seen, startup_s=startup, startup_cpu_s=startup_cpu)


def handwritten(work: Path) -> Measure:
    """The yardstick, into an empty folder."""
    out = work / "handwritten"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [sys.executable, "-m", "tests.bench.handwritten", str(work / "config"), str(work / "exports"), str(out)]
    return measured(command, work / "handwritten.log")


def prepared(subjects: int, sites: int) -> tuple[Path, dict[str, object]]:
    """A copy of the generated trial to work on; generated once for each size."""
    made = BUILD / "bench" / f"{subjects}x{sites}"
    if not (made / "plan.json").is_file():
        shutil.rmtree(made, ignore_errors=True)
        # In a process of its own: a child begins with what its parent ever held, which would be told as its peak.
        maker = multiprocessing.get_context("spawn").Process(target=generate, args=(made, subjects, sites, SEED))
        maker.start()
        maker.join()
        if maker.exitcode:
            raise RuntimeError(f"the data could not be generated (exit code {maker.exitcode})")
    work = BUILD / "bench" / "work"
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(made, work)
    return work, json.loads((made / "plan.json").read_text(encoding="utf-8"))


def agreement(work: Path) -> dict[str, list[float | None]]:
    """Numbers that both must give, [hand-written, trialweave]: rows of each set, doses an hour or two ahead, sum of totals."""
    shown = {name: f"from '{{}}/{name}/**/*.parquet'" for name in (*SETS, "adipd")}
    queries = {name: f"select count(*) {source}" for name, source in shown.items()}
    queries["adex PRE_1_2H"] = f"select count(*) {shown['adex']} where TIMCAT = 'PRE_1_2H'"
    queries["adqs LSASTOT sum"] = f"select round(sum(AVAL), 3) {shown['adqs']} where PARAMCD = 'LSASTOT'"
    out: dict[str, list[float | None]] = {}
    for name, query in queries.items():
        out[name] = [_number(query.format(folder)) for folder in (work / "handwritten", work / "data" / "releases" / "latest")]
    return out


def _number(query: str) -> float | None:
    """The one number a query gives; None where the files are not there."""
    try:
        rows = duckdb.execute(query).fetchall()
    except duckdb.Error:
        return None
    return rows[0][0]


def change_one_site(work: Path) -> None:
    """The first site sends three more adverse events."""
    path = work / "exports" / "001" / "adverse_events.csv"
    with path.open("a", encoding="utf-8") as lines:
        lines.writelines(f"{n:04d},stiff neck,2023-03-0{n},mild,no,no\n" for n in (1, 2, 3))


def best(measures: list[Measure]) -> Measure:
    """The run with the least wall time besides start-up: what disturbs a run only ever slows it."""
    return min(measures, key=lambda m: m.work_wall_s)


def table(rows: list[tuple[str, Measure]], base: Measure) -> str:
    """What was measured, as text."""
    lines = ["run                        wall s  start-up s  work s   CPU s  peak GB  work / hand-written"]
    for name, m in rows:
        lines.append(
            f"{name:26}{m.wall_s:7.2f}{m.startup_s:12.2f}{m.work_wall_s:8.2f}{m.cpu_s:8.2f}{m.peak_gb:9.2f}"
            f"{m.work_wall_s / base.work_wall_s:21.2f}"
        )
    return "\n".join(lines)


def run(subjects: int, sites: int, rounds: int) -> dict[str, object]:
    """Measure everything, print the table, write build/bench.json and return what it says."""
    work, plan = prepared(subjects, sites)
    rows = plan["rows"]
    n_rows = sum(rows.values()) if isinstance(rows, dict) else 0
    megabytes = float(str(plan["bytes"])) / 1e6
    print(f"{subjects} subjects, {sites} sites, {n_rows} rows, {megabytes:.0f} MB; {rounds} rounds, in turn", flush=True)
    by_hand: list[Measure] = []
    full: list[Measure] = []
    data = work / "data"
    for _ in range(rounds):
        by_hand.append(handwritten(work))
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        full.append(trialweave(work, data))
    same = agreement(work)
    nothing = trialweave(work, data)
    change_one_site(work)
    one = trialweave(work, data)
    runs_by_name = {"handwritten": by_hand, "full": full, "nothing": [nothing], "one": [one]}
    yardstick, whole = best(by_hand), best(full)
    shown = [("hand-written SQL", yardstick), ("trialweave, full", whole), ("trialweave, nothing new", nothing)]
    print(table([*shown, ("trialweave, one site new", one)], yardstick))
    unlike = {name: pair for name, pair in same.items() if pair[0] != pair[1]}
    print("both gave the same numbers" if not unlike else f"NOT THE SAME [hand-written, trialweave]: {unlike}")
    result: dict[str, object] = {
        "full_ratio": round(whole.work_wall_s / yardstick.wall_s, 3),
        "full_cpu_ratio": round(whole.work_cpu_s / yardstick.cpu_s, 3),
        "one_changed_ratio": round(one.work_cpu_s / whole.work_cpu_s, 3) if whole.work_cpu_s else None,
        "nothing_changed_s": round(nothing.wall_s, 3),
        "startup_s": round(whole.startup_s, 3),
        "peak_gb": round(max(m.peak_gb for m in full), 3),
        "rows": n_rows,
        "handwritten_s": round(yardstick.wall_s, 3),
        "trialweave_s": round(whole.wall_s, 3),
        "handwritten_peak_gb": round(max(m.peak_gb for m in by_hand), 3),
        "unlike": unlike,
        "subjects": subjects,
        "sites": sites,
        "runs": {name: [{k: v for k, v in asdict(m).items() if k != "spent"} for m in runs] for name, runs in runs_by_name.items()},
    }
    (BUILD / "bench.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Measure trialweave against hand-written SQL.")
    parser.add_argument("--subjects", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    try:
        result = run(given.subjects, given.sites, given.rounds)
    except RuntimeError as error:
        sys.exit(str(error))
    print(json.dumps({k: v for k, v in result.items() if k != "runs"}, indent=1))


if __name__ == "__main__":
    main()
