"""Value labels against the mapping: a file that calls code 1 "Male" and a mapping that reads it as F cannot both be right.

What belongs here: finding such contradictions, and which labels the columns of a mapping have. What does not: reading labels
(flows/readers), telling contradictions (loose.py), comparing two deliveries (flows/engine/label_drift.py).

Only a contradiction that is certain is told: the label means what the mapping gives to another code. A label that is not understood
says nothing. No value is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from flows.engine.mapping.tables import Job

#: mapped.value_label: what a file calls the codes of the columns that a mapping reads.
COLUMNS = {"unit": "INTEGER", "table_name": "VARCHAR", "column_name": "VARCHAR", "code": "VARCHAR", "label": "VARCHAR"}
#: What a label says, in the languages sites write in: the mapping's values that it can only mean.
_YES = ("yes", "ja", "oui", "si", "sí", "sì", "sim", "tak", "ano", "igen", "kyllä", "evet", "true", "taken", "attended")
_NO = ("no", "nein", "non", "não", "nao", "nej", "nei", "nee", "nie", "ne", "nem", "ei", "hayır", "false", "not taken", "not attended")
_MALE = ("m", "male", "man", "boy", "männlich", "mann", "homme", "masculin", "hombre", "masculino", "varón", "uomo", "maschio", "pojke")
_FEMALE = ("f", "w", "female", "woman", "girl", "weiblich", "frau", "femme", "féminin", "mujer", "femenino", "donna", "femmina", "flicka")
_MEANING: dict[str, object] = {
    **dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False), **dict.fromkeys(_MALE, "M"), **dict.fromkeys(_FEMALE, "F"),
}  # fmt: skip


def contradicted(labels: Mapping[str, str], mapped: Mapping[str, object]) -> list[str]:
    """Codes that the mapping reads as what the file's label gives to another value of the same mapping.

    A label means a value when it is its text, or one of the words above and the mapping has that value at all.
    """
    values = {v.casefold() if isinstance(v, str) else v: v for v in mapped.values() if v is not None}
    wrong = []
    for code, value in mapped.items():
        label = labels.get(code, "").strip().casefold()
        meant = values.get(label, _MEANING.get(label)) if label else None
        known = meant is not None and any(type(meant) is type(v) and meant == v for v in mapped.values())
        if known and value is not None and (type(meant) is not type(value) or meant != value):
            wrong.append(code)
    return sorted(wrong)


def fill_value_labels(con: duckdb.DuckDBPyConnection, jobs: Sequence[Job]) -> None:
    """mapped.value_label, of the newest delivery that each table of a unit is read from."""
    newest: dict[tuple[int, str], int] = {}
    for job in jobs:
        for sheet in job.sheets:
            key = (sheet.unit_no, job.table)
            newest[key] = max(newest.get(key, 0), sheet.delivery_no)
    rows = {
        (sheet.unit_no, job.table, column, code): label
        for job in jobs if job.rows is not None
        for sheet in sorted(job.sheets, key=lambda s: s.order) if sheet.delivery_no == newest[sheet.unit_no, job.table]
        for column in sorted(job.rows.used & sheet.about.keys())
        for code, label in sheet.about[column].labels.items()
    }  # fmt: skip
    if rows:
        con.executemany("insert into mapped.value_label values (?, ?, ?, ?, ?)", [[*key, label] for key, label in rows.items()])


def of_units(con: duckdb.DuckDBPyConnection) -> dict[int, dict[str, dict[str, dict[str, str]]]]:
    """Unit -> intake table -> column -> code -> label."""
    out: dict[int, dict[str, dict[str, dict[str, str]]]] = {}
    for unit, table, column, code, label in con.execute("select * from mapped.value_label order by all").fetchall():
        out.setdefault(unit, {}).setdefault(table, {}).setdefault(column, {})[code] = label
    return out
