"""Run the SQL models of sql/: read their headers, order them, create their tables.

What belongs here: finding, ordering and running models, and the DuckDB connection they run on.
What does not: what a model computes (its own file), judging its rows (judge.py), writing Parquet (partitions.py).

A model is one file `sql/<n>_<schema>/<table>.sql` holding one SELECT under a header:

    -- core.dose_timing: when each dose was given, relative to its session
    -- Grain: study, site, subject_id, dose_seq
    -- Reads: core.dose, core.session, ref.evidence
    -- Why:   ...
    -- Plan:  without build_side_probe_side (only where the database plans badly: the optimizers it does without, and why)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb

from flows.engine.enums import declare_published
from schemas.findings import TrialweaveError

SQL = Path(__file__).resolve().parents[2] / "sql"
SCHEMAS = (
    "raw", "ref", "mapped", "staging", "intake", "core", "analysis", "staged", "pooled", "release", "tables", "sdtm", "report", "effects",
)  # fmt: skip

#: Sets too long to be held: computed while they are written.
STREAMED = ("analysis.aditem", "analysis.adqs")

_HEADER = re.compile(r"^-- (?P<key>Grain|Reads|Why|Plan):\s*(?P<text>.*)$")
_PLAN = re.compile(r"^without (?P<names>[a-z_]+(?:, [a-z_]+)*) \(.+\)$")
_TITLE = re.compile(r"^-- (?P<name>[a-z]+\.[a-z_0-9]+): (?P<title>.+)$")
_TABLE = re.compile(r"\b(" + "|".join(SCHEMAS) + r")\.([a-z_][a-z_0-9]*)\b")


class ModelError(TrialweaveError):
    """A SQL model is not what its header says, or failed to run."""


@dataclass(frozen=True)
class Model:
    """One SQL model: the table it makes, its grain (columns that tell rows apart) and the tables it reads; `without`: optimizers of the
    database that make it slower."""

    name: str
    title: str
    grain: tuple[str, ...]
    reads: tuple[str, ...]
    why: str
    path: Path
    sql: str
    without: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        """The part before the dot: staging, core, analysis or pooled."""
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        """The part after the dot."""
        return self.name.split(".")[1]

    def tables_named(self) -> set[str]:
        """Every schema.table the SQL itself names, comments and strings left out."""
        code = re.sub(r"'[^']*'", "''", re.sub(r"--[^\n]*", "", self.sql))
        return {f"{schema}.{table}" for schema, table in _TABLE.findall(code)}


def connect(memory_mb: int = 700, threads: int = 1, spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory database with every schema of the route, clock set to UTC. `spill`: a folder for what goes beyond the memory it
    may hold; without one it is not bounded, and nothing of a participant is written where the command happens to run.

    One thread unless there is much to compute: a second one costs a third more over small tables.
    """
    con = duckdb.connect(":memory:")
    con.execute("set TimeZone = 'UTC'")
    con.execute(f"set threads = {int(threads)}")
    con.execute("set autoinstall_known_extensions = false; set autoload_known_extensions = false")
    con.execute("set temp_directory = $1", [str(spill or "")])
    if spill is not None:
        con.execute(f"set memory_limit = '{int(memory_mb)}MB'")
    for schema in (*SCHEMAS, "quarantine"):
        con.execute(f"create schema if not exists {schema}")
    return con


def columns_of(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, str]:
    """The columns of a table with their types, without a statement: that would take twenty times as long."""
    relation = con.table(name)
    return dict(zip(relation.columns, map(str, relation.types), strict=True))


def read_model(path: Path) -> Model:
    """One model from its file. Raises ModelError when the header is not complete."""
    text = path.read_text(encoding="utf-8")
    parts: dict[str, list[str]] = {}
    title = None
    key = ""
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        if title is None and (match := _TITLE.match(line)):
            title = match
        elif match := _HEADER.match(line):
            key = match["key"]
            parts[key] = [match["text"]]
        elif key:
            parts[key].append(line.removeprefix("--").strip())
    expected = f"{path.parent.name.split('_', 1)[1]}.{path.stem}"
    if title is None or title["name"] != expected or not {"Grain", "Reads"} <= parts.keys():
        raise ModelError(f"{path.name}: the header must begin with `-- {expected}: ...` and have Grain and Reads lines")
    plan = _PLAN.match(" ".join(parts["Plan"])) if "Plan" in parts else None
    if "Plan" in parts and plan is None:
        raise ModelError(f"{path.name}: a Plan line reads `-- Plan:  without <optimizer>, ... (why)`")
    split = {k: tuple(x for x in re.split(r"[,\s]+", " ".join(parts[k])) if x) for k in ("Grain", "Reads")}
    why, without = " ".join(parts.get("Why", [])), tuple(plan["names"].split(", ")) if plan else ()
    return Model(expected, title["title"], split["Grain"], split["Reads"], why, path, text.rstrip().rstrip(";"), without)


@cache
def catalogue() -> dict[str, Model]:
    """Every model of sql/, by name, in an order in which each runs after what it reads.

    Raises ModelError for a cycle or a model that reads another's table that does not exist.
    """
    models = {m.name: m for m in (read_model(p) for p in sorted(SQL.glob("*/*.sql")))}
    graph: dict[str, list[str]] = {}
    for name, model in models.items():
        needs = [_maker(read) for read in model.reads]
        unknown = [read for read, made in zip(model.reads, needs, strict=True) if made and made not in models]
        if unknown:
            raise ModelError(f"{name} reads {', '.join(unknown)}, which no file of sql/ makes")
        graph[name] = sorted(made for made in needs if made)
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ModelError(f"models read each other in a circle: {' -> '.join(error.args[1])}") from None
    return {name: models[name] for name in order}


def _maker(read: str) -> str | None:
    """The model that must have run before a table can be read; an intake table is made by judging its staging model."""
    schema, table = read.split(".")
    if schema == "intake":
        return f"staging.{table}"
    return read if schema in ("staging", "core", "analysis", "pooled", "sdtm", "report", "effects") else None


def helpers(name: str) -> tuple[str, ...]:
    """The models of a staging model's own schema that it reads; those that are not judged are run with it."""
    return tuple(r for r in catalogue()[name].reads if r.startswith("staging."))


def run_model(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Create the model's table. Raises ModelError naming the model; the database's words carry no row values."""
    kind = "view" if model.name in STREAMED else "table"
    try:
        if model.without:
            con.execute(f"set disabled_optimizers = '{','.join(model.without)}'")
        con.execute(f"create or replace {kind} {model.name} as\n{model.sql}")
        if model.without:
            con.execute("set disabled_optimizers = ''")
    except duckdb.Error as error:
        of_rows = isinstance(error, duckdb.ParserException) and _is_sql(model.sql)
        why = "its rows hold a text that breaks it" if of_rows else _safe(error)
        raise ModelError(f"model {model.name} failed: {why}") from None


def drop(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop a table or view, if it is there."""
    try:
        con.execute(f"drop table if exists {name}")
    except duckdb.CatalogException:
        con.execute(f"drop view {name}")


class Held:
    """The tables of some schemas, each dropped once its last reader has run: what is held at one moment bounds a batch."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, schemas: Iterable[str], keep: Iterable[str] = (), past: Iterable[str] = ()
    ) -> None:  # fmt: skip
        """`keep`: tables that stay; `past`: schemas whose models have all run, so that they read nothing any more."""
        self.con = con
        made = [m for m in catalogue() if m.split(".")[0] in schemas] + [r for m in catalogue().values() for r in m.reads]
        self.readers: dict[str, set[str]] = {t: set() for t in made if t.split(".")[0] in schemas and t not in set(keep)}
        for model in (m for m in catalogue().values() if m.schema not in set(past)):
            for read in model.reads:
                for name in {read, read.replace("intake.", "staging.", 1)} & self.readers.keys():
                    self.readers[name].add(model.name)

    def ran(self, name: str) -> None:
        """Told of every model that has run. A streamed model reads when it is written, so it never has."""
        if name in STREAMED:
            return
        for table, readers in list(self.readers.items()):
            if (name in readers and readers == {name}) or (name == table and not readers):
                del self.readers[table]
                schema, short = table.split(".")
                if schema == "staging":
                    drop(self.con, f"intake.{short}")
                drop(self.con, table)
            readers.discard(name)


class Kept(Held):
    """No table is dropped: for looking at every step of one unit."""

    def __init__(self) -> None:
        self.readers = {}


def run_schema(
    con: duckdb.DuckDBPyConnection, schema: str, names: Iterable[str] | None = None, then: Callable[[str], None] | None = None
) -> None:
    """Run the models of one schema in order, or only those named; `then` is called with each model's name after it ran."""
    wanted = None if names is None else set(names)
    if schema == "analysis":
        declare_published(con)
    for model in catalogue().values():
        if model.schema == schema and (wanted is None or model.name in wanted):
            run_model(con, model)
            if then is not None:
                then(model.name)


def _is_sql(text: str) -> bool:
    """Whether it can be parsed: if so, an error of the parser is about a value (the database writes enumerations into its own SQL)."""
    try:
        duckdb.extract_statements(text)
    except duckdb.Error:
        return False
    return True


def _safe(error: duckdb.Error) -> str:
    """The kind and first words of a database error. Conversion errors quote the value, so only their kind is told."""
    kind = type(error).__name__
    telling = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException, duckdb.OutOfMemoryException)
    return f"{kind}: {str(error).splitlines()[0]}" if isinstance(error, telling) else kind
