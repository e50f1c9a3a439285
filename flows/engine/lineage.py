"""Which rows and which columns a SQL model's value comes from, read from the model's own SQL.

What belongs here: annotating a query so that every row says which rows it was made from, and finding the input columns of an output
column. What does not: running the route (explain.py). The SQL is parsed by DuckDB itself (json_serialize_sql), never by patterns.

    annotated(con, sql)    the same query with a column `__from`: ['core.dose|/d:17', 'core.session|/v:4', ...], table, place and rowid
    inputs(con, sql)       output column -> what it reads, as (table, place, column); column `*` where rows are counted

A place is where in the query the table is read (CTE and alias), because one query may read a table twice, for different things.
A read of the table `` is a column of the query's own that the value passes through.

Rows: exact through joins, unions, groups and distinct. The rows that a window function looks at are not those its row was made
from; `windowed` names the columns for which the neighbours count too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import duckdb

FROM = "__from"
Node = dict[str, Any]
Refs = set[tuple[str, str, str]]


@dataclass
class Inputs:
    """What each output column reads, and which of them look at neighbouring rows."""

    reads: dict[str, Refs] = field(default_factory=dict)
    windowed: set[str] = field(default_factory=set)


def parse(con: duckdb.DuckDBPyConnection, sql: str) -> Node:
    """The syntax tree of one SELECT."""
    told: Node = json.loads(con.execute("select json_serialize_sql($1)", [sql]).fetchall()[0][0])
    if told.get("error"):
        raise ValueError(str(told.get("error_message")))
    return told


def annotated(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The query with one more column that names the rows each of its rows was made from."""
    tree = parse(con, sql)
    known = con.execute("select distinct function_name from duckdb_functions() where function_type = 'aggregate'").fetchall()
    aggregates = {r[0] for r in known}
    _Annotator(con, aggregates | {"count_star"}).node(tree["statements"][0]["node"], set(), "")
    return str(con.execute("select json_deserialize_sql($1::json)", [json.dumps(tree)]).fetchall()[0][0])


def _name(item: Node, number: int) -> str:
    """The name of an output column; one that has none is told apart by its place."""
    return str(item["alias"] or (item["column_names"][-1] if item["class"] == "COLUMN_REF" else f"column {number}"))


def _ctes(node: Node) -> list[tuple[str, Node]]:
    return [(c["key"], c["value"]["query"]["node"]) for c in node.get("cte_map", {}).get("map", [])]


class _Annotator:
    def __init__(self, con: duckdb.DuckDBPyConnection, aggregates: set[str]) -> None:
        self.con, self.aggregates = con, aggregates

    def node(self, node: Node, known: set[str], place: str) -> None:
        known = set(known)
        for name, inner in _ctes(node):
            self.node(inner, known, f"{place}/{name}")
            known.add(name)
        if node["type"] == "SET_OPERATION_NODE":
            for side in ("left", "right"):
                self.node(node[side], known, f"{place}/{side}")
            return
        leaves = self._leaves(node["from_table"], known, place)
        grouped = bool(node["group_expressions"]) or node["aggregate_handling"] == "FORCE_AGGREGATES"
        grouped = grouped or any(self._aggregates(item) for item in node["select_list"])
        distinct = [m for m in node["modifiers"] if m["type"] == "DISTINCT_MODIFIER" and not m.get("distinct_on_targets")]
        if distinct and not grouped:
            node["modifiers"] = [m for m in node["modifiers"] if m not in distinct]
        for item in node["select_list"]:
            if item["type"] == "STAR":
                item["exclude_list"] = [*item.get("exclude_list", []), FROM] if any(is_made for _, is_made, _ in leaves) else []
        text = "[]::varchar[]"
        for alias, is_made, table in leaves:
            own = f'"{alias}".{FROM}' if is_made else f"['{table}|{place}/{alias}:' || \"{alias}\".rowid]"
            text = f"list_concat({text}, {own})"
        if grouped:
            text = f"flatten(list({text}))"
        expression = parse(self.con, f"select {text} as {FROM}")["statements"][0]["node"]["select_list"][0]
        names = [_name(item, n) for n, item in enumerate(node["select_list"])]
        node["select_list"].append(expression)
        if distinct and not grouped:
            self._gather(node, names)

    def _gather(self, node: Node, names: list[str]) -> None:
        """Distinct rows with the rows of all that were the same: a group around the node."""
        for name, item in zip(names, node["select_list"], strict=False):
            item["alias"] = name
        shown = ", ".join(f'"{n}"' for n in names)
        grouping = f"select {shown}, flatten(list({FROM})) as {FROM} from (select 1) as t group by all"
        around = parse(self.con, grouping)["statements"][0]["node"]
        around["from_table"]["subquery"]["node"] = dict(node)
        node.clear()
        node.update(around)

    def _leaves(self, source: Node, known: set[str], place: str) -> list[tuple[str, bool, str]]:
        """(alias, carries __from, table) of everything a FROM clause shows."""
        kind = source["type"]
        if kind == "JOIN":
            if source["ref_type"] == "CROSS":  # written back as a comma, which binds otherwise
                source |= {"ref_type": "REGULAR", "join_type": "INNER", "condition": self._true()}
            left = self._leaves(source["left"], known, place)
            return left if source["join_type"] in ("SEMI", "ANTI") else left + self._leaves(source["right"], known, place)
        if kind == "BASE_TABLE":
            name, schema = source["table_name"], source["schema_name"]
            made = not schema and name in known
            return [(source["alias"] or name, made, f"{schema}.{name}")]
        if kind == "SUBQUERY":
            self.node(source["subquery"]["node"], known, f"{place}/{source['alias']}")
            return [(source["alias"], True, "")]
        return []

    def _true(self) -> Node:
        node: Node = parse(self.con, "select true")["statements"][0]["node"]["select_list"][0]
        return node

    def _aggregates(self, expression: Any) -> bool:
        if isinstance(expression, list):
            return any(map(self._aggregates, expression))
        if not isinstance(expression, dict) or expression.get("class") in ("WINDOW", "SUBQUERY"):
            return False
        if expression.get("class") == "FUNCTION" and expression["function_name"] in self.aggregates:
            return True
        return any(self._aggregates(v) for v in expression.values())


def inputs(con: duckdb.DuckDBPyConnection, sql: str) -> Inputs:
    """What every output column of a query reads."""
    reads, windowed = _Reader(con).node(parse(con, sql)["statements"][0]["node"], {}, "")
    return Inputs(reads, windowed)


Made = tuple[dict[str, Refs], set[str]]
Scope = dict[str, Made]


class _Reader:
    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def node(self, node: Node, outer: Scope, place: str, around: Scope | None = None) -> Made:
        """Output columns of a node, in order, with what they read; `outer`: CTEs, `around`: tables of an enclosing query."""
        ctes = dict(outer)
        for name, inner in _ctes(node):
            ctes[name] = self.node(inner, ctes, f"{place}/{name}")
        if node["type"] == "SET_OPERATION_NODE":
            left, right = (self.node(node[side], ctes, f"{place}/{side}", around) for side in ("left", "right"))
            reads = {name: refs | more for (name, refs), more in zip(left[0].items(), right[0].values(), strict=False)}
            names = dict(zip(right[0], left[0], strict=False))
            return reads, left[1] | {names[n] for n in right[1] if n in names}
        scope = dict(around or {}) | self._sources(node["from_table"], ctes, place)
        made: dict[str, Refs] = {}
        windowed: set[str] = set()
        grouped = bool(node["group_expressions"]) or node["aggregate_handling"] == "FORCE_AGGREGATES"
        chosen = self._refs([node["where_clause"], node["having"]], scope, {}, set(), ctes) if grouped else (set(), False)
        for item in node["select_list"]:
            if item["type"] == "STAR":
                left_out = set(item.get("exclude_list", []))
                for alias, (columns, over) in scope.items():
                    if item.get("relation_name") in ("", None, alias):
                        made |= {c: r for c, r in columns.items() if c not in left_out}
                        windowed |= over - left_out
                continue
            name = _name(item, len(made))
            refs, over_window = self._refs(item, scope, made, windowed, ctes)
            is_key = item["class"] == "COLUMN_REF"
            made[name] = refs | (set() if is_key else chosen[0])
            if over_window:
                windowed.add(name)
        return made, windowed

    def _sources(self, source: Node, ctes: Scope, place: str) -> Scope:
        kind = source["type"]
        if kind == "JOIN":
            return self._sources(source["left"], ctes, place) | self._sources(source["right"], ctes, place)
        if kind == "BASE_TABLE":
            name, schema = source["table_name"], source["schema_name"]
            if not schema and name in ctes:
                columns, over = ctes[name]
                return {source["alias"] or name: ({c: refs | {("", "", c)} for c, refs in columns.items()}, over)}
            table = f"{schema}.{name}"
            names = [r[0] for r in self.con.execute(f"describe {table}").fetchall()]
            at = f"{place}/{source['alias'] or name}"
            return {source["alias"] or name: ({c: {(table, at, c)} for c in names}, set())}
        if kind == "SUBQUERY":
            return {source["alias"]: self.node(source["subquery"]["node"], ctes, f"{place}/{source['alias']}")}
        return {}

    def _refs(self, part: Any, scope: Scope, made: dict[str, Refs], over: set[str], ctes: Scope) -> tuple[Refs, bool]:
        """What an expression reads, and whether a window function is in it or below it."""
        if isinstance(part, list):
            found = [self._refs(p, scope, made, over, ctes) for p in part]
            return set().union(*(f[0] for f in found)), any(f[1] for f in found)
        if not isinstance(part, dict):
            return set(), False
        kind = part.get("class")
        if kind == "COLUMN_REF":
            return self._column(part["column_names"], scope, made, over)
        if kind == "SUBQUERY":
            inner = part["subquery"]["node"]
            reads, windowed = self.node(inner, ctes, "/(", scope)
            refs, _ = self._refs(inner.get("where_clause"), scope | self._sources(inner["from_table"], ctes, "/("), {}, set(), ctes)
            return refs.union(*reads.values()), bool(windowed)
        refs, is_over = self._refs([v for v in part.values() if isinstance(v, (dict, list))], scope, made, over, ctes)
        if part.get("function_name") == "count_star":
            refs |= {(table, at, "*") for columns, _ in scope.values() for of in columns.values() for table, at, _ in of if table}
        return refs, is_over or kind == "WINDOW"

    @staticmethod
    def _column(names: list[str], scope: Scope, made: dict[str, Refs], over: set[str]) -> tuple[Refs, bool]:
        if len(names) > 1 and names[0] in scope:
            columns, windowed = scope[names[0]]
            return columns.get(names[1], set()), names[1] in windowed
        name = names[0]
        holders = [(columns[name], name in windowed) for columns, windowed in scope.values() if name in columns]
        if holders:
            return set().union(*(h[0] for h in holders)), any(h[1] for h in holders)
        return (made[name] | {("", "", name)}, name in over) if name in made else (set(), False)
