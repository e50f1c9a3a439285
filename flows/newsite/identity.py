"""Who a row is of: the column of identifiers, how they are written, and in an export of many sites which site.

What belongs here: identifiers and sites. What does not: any other field (fields.py). No identifier is ever written into a draft: only
what they have in common.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from flows.newsite import lexicon
from flows.newsite.asking import Said
from flows.newsite.column import Column
from flows.newsite.families import literal
from flows.newsite.naming import likeness, tokens
from flows.newsite.opening import GROUP, Sheet

_TAIL = re.compile(r"(.*?)(\d+)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ODM_KEY = "SubjectKey"
#: Share of identifiers that must be written alike for a pattern.
_ALIKE = 0.9


def id_column(sheet: Sheet, known: Iterable[str] = ()) -> tuple[Column, float] | None:
    """The column that names the participant, and how sure its name is; `known`: names found on other sheets."""
    if "USUBJID" in sheet.columns:
        return sheet.columns["USUBJID"], 0.99
    if _ODM_KEY in sheet.columns and sheet.columns[_ODM_KEY].about.is_structure:
        return sheet.columns[_ODM_KEY], 0.99
    if sheet.options.get("format") == "redcap" and sheet.columns:
        return next(iter(sheet.columns.values())), 0.99
    scored = []
    for column in sheet.columns.values():
        if column.name in known:
            return column, 0.97
        sure = _likeness(column.name, "subject_id")
        if sure and column.n_given and column.dates.share < 0.5:
            scored.append((sure, -column.place, column))
    best = max(scored, key=lambda s: s[:2], default=None)
    return (best[2], best[0]) if best is not None and best[0] >= 0.6 else None


def _likeness(name: str, field: str) -> float:
    parts = tokens(name)
    return max((likeness(parts, t.tokens, ()) * (0.75 if t.is_weak else 1.0) for t in lexicon.fields()[("*", field)]), default=0.0)


@dataclass(frozen=True)
class Written:
    """How identifiers are written. `pattern` and `pad` as in a mapping; `why`."""

    pattern: str | None
    pad: int | None
    why: str


def written(ids: Sequence[tuple[str, int]]) -> Written:
    """What identifiers have in common: the same text before a number of so many digits, leading zeros that some have lost."""
    parts = [(m[1], m[2], n) for text, n in ids if (m := _TAIL.fullmatch(text))]
    total = sum(n for _, n in ids)
    before: Counter[str] = Counter()
    for prefix, _, n in parts:
        before[prefix] += n
    if not before or before.most_common(1)[0][1] < _ALIKE * total:
        return Written(None, None, "they are written in several ways, so they are taken as they are")
    prefix = before.most_common(1)[0][0]
    digits = Counter[int]()
    for own, number, n in parts:
        if own == prefix:
            digits[len(number)] += n
    length = digits.most_common(1)[0][0]
    padded = any(own == prefix and len(number) == length and number.startswith("0") for own, number, _ in parts)
    short = sum(n for size, n in digits.items() if size < length)
    if padded and length > 1 and short and max(digits) == length:
        pattern = rf"{literal(prefix)}(?P<id>\d{{1,{length}}})" if prefix else None
        return Written(pattern, length, f"most have {length} digits with leading zeros; {short} cells have fewer, so zeros are lost there")
    if not prefix:
        return Written(None, None, "plain numbers")
    size = rf"\d{{{length}}}" if len(digits) == 1 or padded else r"\d+"
    return Written(rf"{literal(prefix)}(?P<id>{size})", None, "all are the same letters before a number")


@dataclass(frozen=True)
class ManySites:
    """`sites:` of an export that holds several, and where identifiers hold the site: the pattern of what is left of them."""

    body: dict[str, Any]
    id_pattern: str | None = None


def many_sites(sheets: Sequence[Sheet], ids: dict[str, Column]) -> ManySites | None:
    """REDCap's data access group, or SDTM's SITEID, if an export holds several sites."""
    for sheet in sheets:
        group = sheet.columns.get(GROUP)
        if group is not None and group.n_distinct > 1:
            return _known(GROUP, None, group.given, f"{group.n_distinct} data access groups")
    for sheet in sheets:
        site = sheet.columns.get("SITEID")
        if site is None or site.n_distinct < 2 or site.n_distinct > 500 or sheet.name not in ids:
            continue
        if (shapes := _site_in_id(sheet, ids[sheet.name], site)) is not None:
            why = f"SITEID has {site.n_distinct} values, and every {ids[sheet.name].name} holds that of its row"
            return _known(ids[sheet.name].name, shapes, site.given, why)
        return _known("SITEID", None, site.given, f"SITEID has {site.n_distinct} values")
    return None


def _known(column: str, patterns: tuple[str, str] | None, sites: Sequence[tuple[str, int]], why: str) -> ManySites | None:
    if not all(_NAME.fullmatch(n) for n, _ in sites):
        return None
    out: dict[str, Any] = {"from": Said(column, why, 95)}
    if patterns is not None:
        out["pattern"] = patterns[0]
    return ManySites({**out, "known": {name: Said({}, f"{n} rows") for name, n in sorted(sites)}}, patterns[1] if patterns else None)


def _site_in_id(sheet: Sheet, ids: Column, site: Column) -> tuple[str, str] | None:
    """Patterns that take the site and the rest out of an identifier such as 01-701-1015; None where some row disagrees."""
    rows = list(zip(*(pc.utf8_trim_whitespace(sheet.table[c.name]).to_pylist() for c in (ids, site)), strict=True))
    for separator in "-_./":
        cut = [(i.split(separator), s) for i, s in rows if i and s]
        if not cut or len({len(p) for p, _ in cut}) != 1:
            continue
        width = len(cut[0][0])
        for place in range(width - 1):
            if all(parts[place] == s for parts, s in cut):
                shapes = [_shape([p[n] for p, _ in cut]) for n in range(width)]
                of_site = [f"(?P<value>{s})" if n == place else s for n, s in enumerate(shapes)]
                rest = [*shapes[:-1], f"(?P<id>{shapes[-1]})"]
                return literal(separator).join(of_site), literal(separator).join(rest)
    return None


def _shape(texts: Sequence[str]) -> str:
    """A pattern for one part of identifiers: constant, digits of one length, or anything."""
    found = set(texts)
    if len(found) == 1:
        return literal(next(iter(found)))
    if all(t.isascii() and t.isdigit() for t in found):
        sizes = {len(t) for t in found}
        return rf"\d{{{sizes.pop()}}}" if len(sizes) == 1 else r"\d+"
    return r"[^-_./]+"
