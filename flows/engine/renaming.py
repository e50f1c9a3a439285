"""A column that is missing and a column that is new: are they one, and how would the mapping name it now?

What belongs here: likeness of names and texts, a mapping's lines with another name. What does not: what is missing or new (drift.py).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.engine.config import Unit
from schemas.site import TableSpec

#: A name counts as the same one from here on, and so does a column by the share of its texts.
ALIKE = 0.6
_SAMPLE = 5_000


def pair(gone: Sequence[str], free: Sequence[str], now: pa.Table, old: pa.Table | None) -> dict[str, tuple[str, str]]:
    """Missing column -> (the free column it most likely is, why): by the texts it held, else by its name."""
    scores = []
    for column in gone:
        held = texts(old, column) if old is not None and column in old.column_names else set()
        for new in free:
            share = len(held & texts(now, new)) / len(held) if held else 0.0
            name = alike(column, new)
            if max(share, name) >= ALIKE:
                why = f"{100 * share:.0f} % of the texts of {column!r} are in it" if share >= name else "its name is alike"
                scores.append((max(share, name), _plain(column) == _plain(new), column, new, why))
    out: dict[str, tuple[str, str]] = {}
    for _, _, column, new, why in sorted(scores, key=lambda s: (-s[0], not s[1], s[2], s[3])):
        if column not in out and new not in {n for n, _ in out.values()}:
            out[column] = (new, why)
    return out


def renamed(unit: Unit, table: str, spec: TableSpec, old: str, new: str) -> str:
    """The part of the mapping that names a column, with its new name; JSON is YAML on one line."""

    def put(value: Any) -> Any:
        if isinstance(value, dict):
            return {(new if k == old else k): put(v) for k, v in value.items()}
        if isinstance(value, list):
            return [put(v) for v in value]
        return new if value == old else value

    lines = []
    for name, field in {**spec.fields, **spec.totals}.items():
        body = field.model_dump(mode="json", by_alias=True, exclude_unset=True)
        if old in (*field.from_, field.times) or (isinstance(body.get("unit"), dict) and body["unit"].get("from") == old):
            part = "totals" if name in spec.totals else "fields"
            lines.append(f"tables:\n  {table}:\n    {part}:\n      {name}: {json.dumps(_short(put(body)), ensure_ascii=False)}")
    body = spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    for key in ("where", "fill_down", "long", "join"):
        if key in body and put(body[key]) != body[key]:
            lines.append(f"tables:\n  {table}:\n    {key}: {json.dumps(put(body[key]), ensure_ascii=False)}")
    site = unit.site
    if site.subject_id is not None and old in site.subject_id.from_:
        told = put(site.subject_id.model_dump(mode="json", by_alias=True, exclude_unset=True))
        lines.append(f"subject_id: {json.dumps(_short(told), ensure_ascii=False)}")
    if site.sites is not None and site.sites.from_ == old:
        lines.append(f"sites: {{from: {json.dumps(new)}}}   # the rest as it is")
    return "\n".join(dict.fromkeys(lines))


def _short(body: dict[str, Any]) -> dict[str, Any]:
    """One source column is written as a text, not as a list."""
    if isinstance(body.get("from"), list) and len(body["from"]) == 1:
        return body | {"from": body["from"][0]}
    return body


def alike(a: str, b: str) -> float:
    """How alike two names are, 0 to 1; case, digits and separators do not count."""
    one, other = (re.sub(r"[\W_\d]+", "", n.casefold()) for n in (a, b))
    return difflib.SequenceMatcher(None, one, other).ratio() if one and other else 0.0


def _plain(name: str) -> str:
    """A name without case and separators: numbers tell Pill 1 from Pill 2."""
    return re.sub(r"[\W_]+", "", name.casefold())


def texts(table: pa.Table, column: str) -> set[str]:
    """The first thousands of distinct texts of a column, blanks left out."""
    values = pc.unique(table[column].cast(pa.string()).slice(0, 20 * _SAMPLE)).drop_null()
    return {str(v) for v in values.slice(0, _SAMPLE).to_pylist() if v.strip()}
