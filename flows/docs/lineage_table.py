"""docs/lineage.csv: for every published variable its origin, the SQL model that makes it, and the site's fields it rests on.

What belongs here: following a column through all models, back to intake fields and configuration. What does not: reading one model's
SQL (flows/engine/lineage.py), following one value (flows/engine/explain.py).

Made by `make docs`, because it depends on the SQL alone and takes more than a second; releases read it for their dictionary.

origin    Collected   the site's own field, unchanged after mapping
          Assigned    a text or number of trialweave or the configuration (which one may hang on the rows read)
          Derived     computed
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import duckdb

from flows.engine import enums, lineage, models, reference
from flows.engine.mapping import BESIDE
from schemas.columns import POOLED, columns
from schemas.evidence import Evidence
from schemas.intake import CONTRACTS
from schemas.intake.base import STANDARD, base_name

HEADS = ("dataset", "variable", "origin", "model", "reads", "fields", "configuration")
Node = dict[str, Any]
#: A column of a table; None where the value is no bare column.
Place = tuple[str, str] | None
Scope = dict[str, "str | dict[str, Place]"]
_SCHEMAS = ("staging", "core", "analysis", "pooled")

#: Columns an instant spreads into (schemas/intake/base.py).
_COMPANIONS = ("_local", "_on", "_part", "_offset_s", "_raw", "_fault", "_repair")


@lru_cache(maxsize=1)
def content(evidence: Evidence) -> str:
    """The table as CSV, a line a published variable; made once a process."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADS)
    route = _Route(evidence)
    for dataset, found in columns().items():
        model = f"{'pooled' if dataset in POOLED else 'analysis'}.{dataset}"
        for column in found:
            fields, given, counted = route.leaves((model, column.name))
            plain = route.is_plain((model, column.name))
            origin = "Collected" if plain else "Derived" if fields or counted else "Assigned"
            reads = sorted({table for table, _ in route.reads[model].get(column.name, ())})
            writer.writerow([dataset, column.name, origin, model, " ".join(reads), " ".join(fields), " ".join(given)])
    return out.getvalue()


class _Route:
    """Every model's columns with what they read, from models run on empty tables."""

    def __init__(self, evidence: Evidence) -> None:
        self.reads: dict[str, dict[str, set[tuple[str, str]]]] = {}
        self.plain: dict[str, dict[str, Place]] = {}
        con = models.connect()
        try:
            _empty(con, evidence)
            found = [m for m in models.catalogue().values() if m.schema in _SCHEMAS]
            for model in sorted(found, key=lambda m: m.schema == "pooled"):  # a second step: it reads what the first has staged
                name = model.name
                if name in models.STREAMED:
                    enums.declare_published(con)
                models.run_model(con, model)
                if model.schema == "staging":
                    con.execute(f"create view intake.{model.table} as select * from {name}")
                if name == "core.ipd_base":
                    con.execute("create view staged.ipd_base as select * from core.ipd_base")
                reads = lineage.inputs(con, model.sql).reads
                self.reads[name] = {c: {(t, x) for t, _, x in refs if t} for c, refs in reads.items()}
                self.plain[name] = _plain(lineage.parse(con, model.sql)["statements"][0]["node"], {})
        finally:
            con.close()

    def leaves(self, start: tuple[str, str]) -> tuple[list[str], list[str], bool]:
        """Fields of intake tables and tables of the configuration that a column rests on, and whether rows are counted for it."""
        fields: set[str] = set()
        given: set[str] = set()
        seen, waiting, counted = {start}, [start], False
        while waiting:
            table, column = waiting.pop()
            schema, short = table.split(".")
            if column == "*":
                counted = True
            elif schema == "mapped":
                if (field := _field(short, column)) is not None:
                    fields.add(field)
            elif schema == "ref":
                given.add(short)
            else:
                maker = _maker(table)
                fresh = self.reads.get(maker, {}).get(column, set()) - seen
                seen |= fresh
                waiting += fresh
        return sorted(fields), sorted(given), counted

    def is_plain(self, start: tuple[str, str]) -> bool:
        """Whether a column is one field of the site, handed through without any computation."""
        place: Place = start
        while place is not None and not place[0].startswith(("mapped.", "ref.")):
            place = self.plain.get(_maker(place[0]), {}).get(place[1])
        return place is not None and place[0].startswith("mapped.") and _field(place[0].split(".")[1], place[1]) is not None


def _maker(table: str) -> str:
    """The model behind a table: an intake table is what judging leaves of its staging table."""
    return table.replace("intake.", "staging.", 1).replace("staged.", "core.", 1)


def _field(table: str, column: str) -> str | None:
    """`dose.dosed_at` for a column of mapped.dose; None for one that every table has."""
    if table not in CONTRACTS or column in STANDARD:
        return None
    known = {base_name(f) for f in CONTRACTS[table].field_types()}
    for end in ("", *_COMPANIONS):
        if column.endswith(end) and column.removesuffix(end) in known:
            return f"{table}.{column.removesuffix(end)}"
    return None


def _empty(con: duckdb.DuckDBPyConnection, evidence: Evidence) -> None:
    """What the models read, without rows."""
    mapped = {name: contract.mapped_columns() for name, contract in CONTRACTS.items()} | BESIDE
    numbers = ", ".join(f"{value!r} as {name}" for name, value in evidence.values().items())
    con.execute(f"create table ref.evidence as select {numbers}")
    for schema, tables in (("mapped", mapped), ("ref", reference.COLUMNS)):
        for name, kinds in tables.items():
            inside = ", ".join(f'"{c}" {t}' for c, t in kinds.items())
            con.execute(f"create or replace table {schema}.{name} ({inside})")


def _plain(node: Node, outer: Scope) -> dict[str, Place]:
    """Output columns of a query that are a bare column of a table."""
    ctes = dict(outer)
    for entry in node.get("cte_map", {}).get("map", []):
        ctes[entry["key"]] = _plain(entry["value"]["query"]["node"], ctes)
    if node["type"] == "SET_OPERATION_NODE":
        left, right = (_plain(node[side], ctes) for side in ("left", "right"))
        return {n: a if a == b else None for (n, a), b in zip(left.items(), right.values(), strict=False)}
    scope = dict(_sources(node["from_table"], ctes))
    made: dict[str, Place] = {}
    for number, item in enumerate(node["select_list"]):
        if item["type"] == "STAR":
            for alias, source in scope.items():
                if item.get("relation_name") in ("", None, alias) and isinstance(source, dict):
                    made |= source
            continue
        names = item["column_names"] if item["class"] == "COLUMN_REF" else []
        made[item["alias"] or (names[-1] if names else f"column {number}")] = _resolve(names, scope)
    return made


def _sources(source: Node, ctes: Scope) -> Iterator[tuple[str, str | dict[str, Place]]]:
    if source["type"] == "JOIN":
        yield from _sources(source["left"], ctes)
        yield from _sources(source["right"], ctes)
    elif source["type"] == "BASE_TABLE":
        name, schema = source["table_name"], source["schema_name"]
        yield source["alias"] or name, ctes[name] if not schema and name in ctes else f"{schema}.{name}"
    elif source["type"] == "SUBQUERY":
        yield source["alias"], _plain(source["subquery"]["node"], ctes)


def _resolve(names: list[str], scope: Scope) -> Place:
    """The table's column that a reference means; None when it cannot be said without a doubt."""
    if len(names) == 2 and names[0] in scope:
        source = scope[names[0]]
        return (source, names[1]) if isinstance(source, str) else source.get(names[1])
    if len(names) == 1 and len(scope) == 1:
        return _resolve([next(iter(scope)), names[0]], scope)
    return None

