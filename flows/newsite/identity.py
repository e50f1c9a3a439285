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
from flows.newsite.naming import likeness, tokens, unaccented
from flows.newsite.opening import GROUP, Sheet

_TAIL = re.compile(r"(.*?)(\d+)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_ODM_KEY = "SubjectKey"
#: Share of identifiers that must be written alike for a pattern.
_ALIKE = 0.9
#: From here on a column is called a site's.
_CALLED = 0.85


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
        if sure and column.n_given and column.dates.share < 0.5 and not column.about.is_structure:
            scored.append((column.n_distinct > 1 or sheet.rows == 1, sure, -column.place, column))  # `studyid` is one for all
    best = max((s for s in scored if s[1] >= 0.6), key=lambda s: s[:3], default=None)
    return (best[3], best[1]) if best is not None else None


def _likeness(name: str, field: str) -> float:
    parts = tokens(name)
    return max((likeness(parts, t.tokens, ()) * (0.75 if t.is_weak else 1.0) for t in lexicon.fields()[("*", field)]), default=0.0)


def id_by_structure(sheets: Sequence[Sheet]) -> str | None:
    """The column that names the participant where no name tells it: it stands on most sheets, one has a row for each of its texts, and
    the others hold no other texts. Two such columns: nothing is known."""
    found = []
    for name in dict.fromkeys(n for s in sheets for n in s.columns):
        columns = [s.columns[name] for s in sheets if name in s.columns]
        if len(columns) < 2 or 2 * len(columns) < len(sheets) or any(c.dates.share > 0.5 for c in columns):
            continue
        whole = max((c for c in columns if c.n_rows > 2 and c.n_filled == c.n_rows == c.n_distinct), key=lambda c: c.n_rows, default=None)
        if whole is not None and all({t for t, _ in c.given} <= {t for t, _ in whole.given} for c in columns):
            found.append(name)
    return found[0] if len(found) == 1 else None


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
    return _by_name(sheets, ids)


def _by_name(sheets: Sequence[Sheet], ids: dict[str, Column]) -> ManySites | None:
    """A column called center, Zentrum, centro ... that stands on every sheet, with several values and one for each participant."""
    for name in dict.fromkeys(n for s in sheets for n in s.columns):
        terms = lexicon.fields()[("*", "site")]
        if any(name not in s.columns for s in sheets) or max(likeness(tokens(name), t.tokens, lexicon.fillers()) for t in terms) < _CALLED:
            continue
        of_whom: dict[str, set[str]] = {}
        for sheet in sheets:
            cells = (pc.utf8_trim_whitespace(sheet.table[c].cast("string")).to_pylist() for c in (ids[sheet.name].name, name))
            for who, where in zip(*cells, strict=True):
                of_whom.setdefault(who or "", set()).add(where or "")
        values = Counter(v for found in of_whom.values() for v in found)
        if 1 < len(values) <= 500 and all(len(v) == 1 for who, v in of_whom.items() if who):
            why = f"called {name!r}; it stands on every sheet, with {len(values)} values and one for each participant"
            told = f"{why}; a site's braces take its timezone where it differs"
            names = {v: v if _NAME.fullmatch(v) else "_".join(re.findall(r"[A-Za-z0-9]+", unaccented(v))) for v in values if v}
            if len(set(names.values())) < len(values):
                return None
            made = _known(name, None, sorted((names[v], n) for v, n in values.items()), told, "participants")
            if made is None or all(v == n for v, n in names.items()):
                return made
            return ManySites({"from": made.body["from"], "map": dict(sorted(names.items())), "known": made.body["known"]})
    return None


def _known(column: str, patterns: tuple[str, str] | None, sites: Sequence[tuple[str, int]], why: str, of: str = "rows") -> ManySites | None:
    if not all(_NAME.fullmatch(n) for n, _ in sites):
        return None
    out: dict[str, Any] = {"from": Said(column, why, 95)}
    if patterns is not None:
        out["pattern"] = patterns[0]
    return ManySites({**out, "known": {name: Said({}, f"{n} {of}") for name, n in sorted(sites)}}, patterns[1] if patterns else None)


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
