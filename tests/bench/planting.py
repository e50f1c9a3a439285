"""Plant a known number of faults in clean tables, each in a row of its own.

What belongs here: which kinds of fault each table gets and how a faulty cell or row looks.
What does not: the clean tables (generate.py), finding the faults again (handwritten.py, trialweave).

Kinds: `unreadable`, `impossible_date`, `out_of_scale`, `unknown_subject`, `session_number` (outside the protocol),
`duplicate_same`, `duplicate_conflict`, `unit_missing`, `nonexistent_local_time`, `total_differs`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl

from tests.bench import setup

#: A cell made faulty: table -> kind -> (columns, one of which is chosen; the text put there).
CELLS: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "subjects": {"unreadable": (("weight",), "heavy"), "impossible_date": (("consent",), "2023-02-31")},
    "sessions": {
        "unreadable": (("start",), "soon"),
        "impossible_date": (("end",), "2023-02-31 10:00"),
        "session_number": (("session",), "19"),
    },
    "doses": {
        "unreadable": (("at",), "morning"),
        "impossible_date": (("at",), "2023-02-31 10:00"),
        "unit_missing": (("dose",), "50"),
        "session_number": (("session",), "19"),
    },
    "suds": {
        "unreadable": (("begin", "end"), "high"),
        "out_of_scale": (("begin", "end"), "140"),
        "session_number": (("session",), "19"),
    },
    "medications": {"unreadable": (("start",), "long ago"), "impossible_date": (("start",), "2021-02-30")},
    "lsas": {
        "unreadable": (setup.ITEMS, "x"),
        "out_of_scale": (setup.ITEMS, "7"),
        "impossible_date": (("date",), "2023-02-31"),
        "total_differs": (("total",), "1"),
    },
    "spds": {"out_of_scale": (("severity",), "9")},
    "adverse_events": {"impossible_date": (("start",), "2023-02-31")},
    "withdrawals": {"impossible_date": (("date",), "2023-02-31")},
}
#: Tables whose rows may name a subject that is not in the subject table.
CHILDREN = tuple(t for t in CELLS if t not in ("subjects", "withdrawals"))
#: The column that a second, conflicting copy of a row changes, and how.
CONFLICTS: dict[str, tuple[str, Callable[[str], str]]] = {
    "sessions": ("attended", lambda text: "no" if text == "yes" else "yes"),
    "doses": ("dose", lambda text: "75 mg"),
    "suds": ("begin", lambda text: str(int(text) + 1 if int(text) < 100 else 0)),
    "medications": ("ongoing", lambda text: "no" if text == "yes" else "yes"),
    "lsas": ("LSF01", lambda text: str(3 - int(text))),
}
#: Rows that may be chosen: those with a value where the fault is planted, and for totals those that are complete.
ELIGIBLE: dict[str, Callable[[pl.DataFrame], pl.Series]] = {
    "sessions": lambda t: t["_attended"],
    "doses": lambda t: t["_taken"],
    "lsas": lambda t: (t["total"] != "") & (t["total"].str.len_chars() > 1),
}


class Planter:
    """Plants faults table by table and counts them."""

    def __init__(self, rng: np.random.Generator, share: float) -> None:
        self.rng = rng
        self.share = share
        self.counts: dict[str, dict[str, int]] = {}

    def plant(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The table with about `share` of its rows faulty; copies of rows come last."""
        if frame.is_empty():
            return frame
        kinds = [*CELLS[table], "duplicate_same"]
        kinds += ["unknown_subject"] * (table in CHILDREN) + ["duplicate_conflict"] * (table in CONFLICTS)
        kinds += ["nonexistent_local_time"] * (table in ("sessions", "doses"))
        each = max(1, round(self.share * len(frame) / len(kinds)))
        mask = ELIGIBLE[table](frame) if table in ELIGIBLE else pl.Series([True]).new_from_index(0, len(frame))
        chosen = self.rng.choice(mask.arg_true().to_numpy(), min(each * len(kinds), int(mask.sum())), replace=False)
        parts = dict(zip(kinds, np.array_split(chosen, len(kinds)), strict=True))
        self.counts[table] = {kind: len(rows) for kind, rows in parts.items()}
        copies = [frame[np.sort(parts.pop("duplicate_same"))]]
        if (rows := parts.pop("duplicate_conflict", None)) is not None:
            copies.append(self._conflict(table, frame[np.sort(rows)]))
        for kind, rows in parts.items():
            frame = self._change(table, kind, frame, np.sort(rows))
        return pl.concat([frame, *copies])

    def _conflict(self, table: str, rows: pl.DataFrame) -> pl.DataFrame:
        """The same key with another value."""
        column, other = CONFLICTS[table]
        return rows.with_columns(pl.Series(column, [other(text) for text in rows[column]], dtype=pl.String))

    def _change(self, table: str, kind: str, frame: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
        if kind == "unknown_subject":
            return _put(frame, "subject", rows, [f"X{i:05d}" for i in range(len(rows))])
        if kind == "nonexistent_local_time":
            column = "start" if table == "sessions" else "at"
            zones = [setup.ZONES[int(s) % len(setup.ZONES)] for s in frame["site"].gather(rows)]
            return _put(frame, column, rows, [setup.NONEXISTENT[z] for z in zones])
        columns, text = CELLS[table][kind]
        which = self.rng.integers(0, len(columns), len(rows))
        for i, column in enumerate(columns):
            hit = rows[which == i]
            if len(hit):
                frame = _put(frame, column, hit, [text] * len(hit))
        return frame


def _put(frame: pl.DataFrame, column: str, rows: np.ndarray, texts: list[str]) -> pl.DataFrame:
    return frame.with_columns(frame[column].clone().scatter(rows, texts))
