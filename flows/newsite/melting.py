"""A sheet with sets of columns side by side (sessions, exercises), turned so that each set is a row.

What belongs here: which sets there are and what their numbers count. What does not: the names' shapes (families.py), which table it is
(tables.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa

from flows.newsite import families
from flows.newsite.column import Column
from flows.newsite.families import Cluster
from flows.newsite.naming import tokens
from flows.newsite.opening import Sheet
from flows.newsite.scoring import SURE, name_score
from flows.readers import ROW, About


@dataclass(frozen=True)
class View:
    """A sheet as it is, or melted by a cluster of columns: `groups`: names of the numbers."""

    sheet: Sheet
    cluster: Cluster | None
    groups: tuple[str, ...] = ()


_SESSION = {"s", "sess", "session", "sitzung", "sesion", "seance", "sessie", "sessao", "seduta", "v", "visit", "t", "tx"}
_EXERCISE = {"e", "ex", "exercise", "ubung", "uebung", "oefening", "ovning", "ejercicio", "exercice", "x", "exp", "task"}


def melted(sheet: Sheet, used: Collection[str]) -> list[View]:
    """The sheet once for each cluster of columns that are no questionnaire: a row for each set of columns."""
    out = []
    clusters = families.find([n for n in sheet.columns if n not in used])
    clustered = {n for c in clusters for f in c.variants.values() for n in f.columns.values()}
    for cluster in clusters:
        groups = _group_names(sheet, cluster)
        if groups is None or len(cluster.numbers) < 2 or len(cluster.variants) < 2:
            continue
        plain = [n for n in sheet.columns if n not in clustered]
        if set(cluster.variants) & {*plain, *groups}:
            continue
        slices = []
        for numbers in cluster.numbers:
            cells = {n: sheet.table[n] for n in plain}
            cells |= {g: pa.chunked_array([pa.array([str(k)] * sheet.rows, pa.string())]) for g, k in zip(groups, numbers, strict=True)}
            for variant, family in cluster.variants.items():
                name = family.columns.get(numbers)
                cells[variant] = sheet.table[name] if name else pa.chunked_array([pa.nulls(sheet.rows, pa.string())])
            slices.append(pa.table({**cells, ROW: sheet.table[ROW]}))
        table = pa.concat_tables(slices)
        filled = None
        for variant in cluster.variants:
            here = table[variant].is_valid()
            filled = here if filled is None else pa.compute.or_(filled, here)
        table = table.filter(filled)
        names = [n for n in table.column_names if n != ROW]
        abouts = {v: next((sheet.columns[c].about for c in f.columns.values()), About()) for v, f in cluster.variants.items()}
        columns = {n: Column.of(n, i, table[n], abouts.get(n), typed=False) for i, n in enumerate(names)}
        title = " ".join(tokens(cluster.before)) or sheet.title
        out.append(View(Sheet(sheet.files, sheet.glob, sheet.options, title, table, columns, sheet.where, sheet.whys), cluster, groups))
    return out


def _group_names(sheet: Sheet, cluster: Cluster) -> tuple[str, ...] | None:
    """What the numbers of a cluster's names count, by the letters before each; None where that cannot be told."""
    out: list[str] = []
    for slot in range(cluster.slots):
        before, _ = cluster.around(slot)
        if slot == cluster.place:
            before = cluster.after or ""
        word = (tokens(before) or ("",))[-1]
        name = "session" if word in _SESSION else "exercise" if word in _EXERCISE else ""
        if not name and cluster.slots == 1:
            name = "exercise" if any(name_score(tokens(n), "session", "session_no", frozenset()) >= SURE for n in sheet.columns) else ""
        if not name or name in out or name in sheet.columns:
            return None
        out.append(name)
    return tuple(out)
