"""Run SQL models on text tables, so that a spec test reads like the table in a protocol.

    bench.trial(...)                                fill ref.* from keyword arguments, sensible defaults for the rest
    bench.given("intake.dose", '''
        subject_id | session_no | taken | dosed_at_utc
        S1         | 3          | true  | 2024-03-05 13:00:00+00
    ''')
    bench.run("core.dose_timing")                   runs it and the models it needs, leaves out tables that were given
    bench.rows("core.dose_timing", "subject_id", "lag_to_start_min")   -> list of tuples
"""

from __future__ import annotations

import datetime as dt
import zlib
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from flows.engine import enums, judge, models, reference
from flows.engine.config import PROJECT
from flows.engine.mapping import BESIDE
from flows.engine.yamlfile import YamlFile
from schemas.evidence import Evidence
from schemas.instrument import Instrument
from schemas.intake import CONTRACTS
from schemas.site import Site
from schemas.trial import Trial

EVIDENCE = Evidence.model_validate(YamlFile.read(PROJECT / "evidence.yaml", []).data)  # type: ignore[union-attr]

TRIAL: dict[str, Any] = {
    "study": "t01",
    "title": "A trial",
    "disorder": "SAD",
    "arms": [{"code": "DCS", "label": "DCS 50 mg", "dose_mg": 50}, {"code": "PBO", "label": "Placebo", "dose_mg": 50, "placebo": True}],
    "dosing": {"sessions": [3, 4, 5, 6, 7], "time_points": ["PRE"]},
    "timing_window": {"pre": {"from_min": 60, "to_min": 120}, "post": {"to_min": 30}},
    "sessions": {"number": 12, "planned_length_min": 90},
    "visits": [
        {"name": "BASELINE", "order": 0, "target_day": 1, "from_day": -28, "to_day": 1, "baseline": True, "labels": ["Pre"]},
        {"name": "W4", "order": 4, "target_day": 29, "from_day": 25, "to_day": 33},
        {"name": "POST", "order": 12, "target_day": 85, "from_day": 78, "to_day": 98},
    ],
    "primary": "LSASTOT",
    "instruments": ["LSAS", "SPD-S"],
    "success": {"end_le": 40, "reduction_ge_pct": 50, "decisive": "end_le"},
    "prohibited_classes": ["BENZODIAZEPINE"],
    "major_deviations": ["DOSE_AMOUNT"],
    "blinding": {"status": "blinded"},
}


def table(text: str) -> tuple[list[str], list[list[str | None]]]:
    """A text table: first line names, cells between bars, an empty cell is null, '' is the empty text."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    rows = [[None if c == "" else ("" if c == "''" else c) for c in row] for row in cells[1:]]
    return cells[0], rows


@cache
def _instruments() -> dict[str, Instrument]:
    """The project's instruments by name, read once: reading them took a quarter of every test."""
    found = (Instrument.model_validate(YamlFile.read(p, []).data) for p in sorted((PROJECT / "instruments").glob("*.yaml")))  # type: ignore[union-attr]
    return {i.name: i for i in found}


@cache
def _terms() -> list[reference.SymptomTerm]:
    return reference.symptom_terms([PROJECT / "codelists"])


@cache
def _template() -> ModelBench:
    """The empty tables and the default trial, made once a process and copied by every bench."""
    return ModelBench(is_template=True)


#: Columns of staging tables by name, once a model has made one.
_STAGED: dict[str, dict[str, str]] = {}


class ModelBench:
    """One database in memory; see the module's docstring. All are databases of one DuckDB: starting one takes as long as a model."""

    _names = count()

    def __init__(self, *, is_template: bool = False) -> None:
        self.made: set[str] = set()
        if is_template:
            self.con = models.connect()
            for name, contract in CONTRACTS.items():
                self._create(f"mapped.{name}", contract.mapped_columns())
            for name, columns in BESIDE.items():
                self._create(f"mapped.{name}", columns)
            self.trial()
        else:
            self.con = _template().con.cursor()
            self._name = f"bench_{next(self._names)}"
            self.con.execute(f"attach ':memory:' as {self._name}")
            self.con.execute(f"copy from database memory to {self._name}")
            self.con.execute(f"use {self._name}")
            self.con.execute("set TimeZone = 'UTC'")

    def close(self) -> None:
        """Forget every table."""
        self.con.close()
        _template().con.execute(f"detach {self._name}")

    def trial(
        self, timezone: str = "Europe/Lisbon", delivered_on: str = "2025-12-31", sites: tuple[str, ...] = ("01",),
        site: dict[str, Any] | None = None, **over: Any,
    ) -> None:
        """Fill ref.* for one trial; `over` replaces keys of the default trial file, `site` those of the default site file."""
        trial = Trial.model_validate(TRIAL | over)
        instruments = tuple(_instruments()[name] for name in trial.instruments)
        rows = []
        for number, site_id in enumerate(sites):
            mapped = Site.model_validate({
                "site_id": site_id, "study": trial.study, "timezone": timezone, "source": {"kind": "files", "path": "x"},
                "tables": {"subject": {"file": "x.csv"}, "medication": {"file": "y.csv"}}, **(site or {}),
            })  # fmt: skip
            unit = reference.Unit(mapped.key, mapped, trial, instruments, (), (), Path())
            rows.append(reference.UnitRow(number, unit, dt.date.fromisoformat(delivered_on), "0" * 12))
        reference.build(self.con, rows, EVIDENCE, _terms())

    def given(self, name: str, text: str, **constants: Any) -> None:
        """Create a table from a text table. For mapped, staging and intake tables missing columns are filled: unit 0,
        study, site, row numbers, and null for the rest; other tables hold just the columns named (`name::TYPE` types one)."""
        schema, short = name.split(".")
        names, rows = table(text)
        types = {n.split("::")[0].strip(): (n.split("::")[1] if "::" in n else "") for n in names}
        names = list(types)
        known = self._known_columns(schema, short)
        if known:
            self._create(name, known | {n: t or "VARCHAR" for n, t in types.items() if n not in known})
        elif schema == "ref" and short in reference.COLUMNS:
            self._create(name, reference.COLUMNS[short])
            known = reference.COLUMNS[short]
        else:
            self._create(name, {n: t or "VARCHAR" for n, t in types.items()})
            known = {n: t or "VARCHAR" for n, t in types.items()}
        defaults: dict[str, Any] = {"unit": 0, "study": "t01", "site": "01", "delivery_no": 0, "source_file": "f" * 12} | constants
        filled: list[dict[str, str | None]] = []
        for number, row in enumerate(rows, start=1):
            values = dict(zip(names, row, strict=True))
            for column in known:
                if column in ("source_row", "row_id"):
                    values.setdefault(column, str(number))
                elif column == "row_hash":
                    values.setdefault(column, str(zlib.crc32(repr(row).encode())))
                elif column == "record_key":
                    values.setdefault(column, str(number))
                elif column in defaults:
                    values.setdefault(column, str(defaults[column]))
            filled.append(values)
        if filled:
            inside = ", ".join(f'"{c}"' for c in filled[0])
            marks = ", ".join(f"({', '.join('?' for _ in values)})" for values in filled)
            self.con.execute(f"insert into {name} ({inside}) values {marks}", [v for values in filled for v in values.values()])
        self.made.add(name)

    def run(self, *names: str) -> ModelBench:
        """Run models and all they need. Staging tables become intake tables unjudged, unless intake tables were given."""
        wanted = set(names)
        while True:
            more = {r for n in wanted for r in self._needs(n)} - wanted
            if not more:
                break
            wanted |= more
        for name, model in models.catalogue().items():
            if name in wanted and name not in self.made:
                if name in models.STREAMED:
                    enums.declare_published(self.con)
                models.run_model(self.con, model)
                self.made.add(name)
            schema, short = name.split(".")
            if schema == "staging" and name in self.made and f"intake.{short}" not in self.made and f"intake.{short}" in wanted:
                self.con.execute(f"create or replace table intake.{short} as select * from {name}")
                self.made.add(f"intake.{short}")
        return self

    def judge(self, table_name: str) -> list[tuple[str, str, str]]:
        """Rules broken on one table: (rule, field, record_key), sorted."""
        findings = judge.judge_table(self.con, table_name, EVIDENCE).findings
        return sorted((f["rule"], f["field"], f["record_key"]) for f in findings.iter_rows(named=True))

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a table, ordered by all columns asked for."""
        names = ", ".join(f'"{c}"' for c in columns) or "*"
        return self.con.execute(f"select {names} from {name} order by all").fetchall()

    def _needs(self, name: str) -> set[str]:
        if name in self.made:
            return set()
        schema, short = name.split(".")
        if schema == "intake":
            return {f"staging.{short}"}
        model = models.catalogue().get(name)
        return set(model.reads) if model is not None else set()

    def _known_columns(self, schema: str, short: str) -> dict[str, str]:
        if schema == "mapped":
            return BESIDE[short] if short in BESIDE else CONTRACTS[short].mapped_columns()
        if schema in ("staging", "intake") and f"staging.{short}" in models.catalogue():
            if short not in _STAGED:
                self.run(f"staging.{short}")
                _STAGED[short] = models.columns_of(self.con, f"staging.{short}")
            return _STAGED[short]
        return {}

    def _create(self, name: str, columns: dict[str, str]) -> None:
        inside = ", ".join(f'"{c}" {t}' for c, t in columns.items())
        self.con.execute(f"create or replace table {name} ({inside})")
