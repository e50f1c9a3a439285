"""Run the engine from landed files to staged sets, without Prefect and without a release."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb

from flows.engine import batch, landed, landing
from flows.engine.config import Programme
from flows.engine.mapping import MapInput


class Engine:
    """The whole engine without Prefect: land, work in one batch, pool; then look at the staged sets with DuckDB."""

    def __init__(self, programme: Programme, data: Path, now: dt.datetime = dt.datetime(2026, 3, 1, 4, 15, tzinfo=dt.UTC)) -> None:
        self.programme, self.data, self.now = programme, data, now
        self.staged: list[batch.Staged] = []

    def run(self, only: set[str] | None = None, threads: int = 1) -> Engine:
        """Pull and work every unit, or those named."""
        inputs = []
        for number, unit in enumerate(u for k, u in self.programme.units.items() if only is None or k in only):
            landing.receive(self.data, unit, self.programme.root, self.now)
            found = landed.deliveries(self.data, unit.site.study, unit.site.site_id)
            inputs.append(MapInput(number, unit, tuple(found) if unit.site.delivery == "delta" else (found[-1],)))
        self.staged = batch.work(self.programme, self.data, inputs, threads)
        for study in sorted({i.unit.trial.study for i in inputs}):
            mine = [s for s in self.staged if s.unit_key.startswith(f"{study}/")]
            self.staged.append(batch.pool(self.programme, self.data, study, mine))
        return self

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A database with one view a set, and `findings` and `quarantine`."""
        con = duckdb.connect()
        con.execute("set TimeZone = 'UTC'")
        files: dict[str, list[str]] = {}
        for staged in self.staged:
            for dataset, of in staged.receipt["files"].items():
                files.setdefault(dataset, []).extend(str(staged.folder / e["file"]) for e in of.values())
            for name in ("findings", "quarantine"):
                if (staged.folder / f"{name}.parquet").is_file():
                    files.setdefault(name, []).append(str(staged.folder / f"{name}.parquet"))
        for dataset, paths in files.items():
            con.execute(f"create view {dataset} as from read_parquet({paths!r})")
        return con
