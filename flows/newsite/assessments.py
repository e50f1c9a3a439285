"""Questionnaires as tables of the draft: items side by side, one item a row, or one rating a row.

What belongs here: the fields around the items (visit, date, instrument). What does not: telling instruments (questionnaires.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flows.newsite import families, lexicon, questionnaires
from flows.newsite.asking import Open, Said, columns_of, percent
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH
from flows.newsite.fields import read_as, said
from flows.newsite.naming import tokens
from flows.newsite.opening import EVENT, Sheet
from flows.newsite.questionnaires import Items
from flows.newsite.read import Context
from flows.newsite.scoring import SURE, name_score, neutral_for
from flows.newsite.tables import TableDraft
from flows.newsite.visits import Visits, map_of
from schemas.instrument import Instrument


@dataclass(frozen=True)
class Scales:
    """What instruments there are, which the trial asks (empty: not known), its visits."""

    instruments: Mapping[str, Instrument]
    asked: tuple[str, ...]
    visits: Visits


def find(sheet: Sheet, ids: Column, context: Context, scales: Scales) -> list[TableDraft]:
    """Every questionnaire of a sheet; empty where it holds none."""
    clusters = families.find([n for n, c in sheet.columns.items() if n != ids.name and not c.about.is_structure], fixed_is_text=True)
    items = questionnaires.find(sheet, clusters, scales.instruments, scales.asked)
    made = [d for one in items for d in _wide(sheet, ids, context, scales, one)]
    if made:
        return made
    if (long := questionnaires.long_items(sheet, scales.instruments, scales.asked)) is not None:
        return [d for d in [_long(sheet, ids, context, scales, *long)] if d is not None]
    one = _single(sheet, ids, context, scales)
    return [one] if one is not None else []


def _wide(sheet: Sheet, ids: Column, context: Context, scales: Scales, items: Items) -> list[TableDraft]:
    """One table entry for each run of items; the totals stand at the first."""
    around = _around(sheet, ids, context, scales, items.columns)
    left = [c for c in sheet.columns.values() if c.name not in items.columns | {ids.name} and not c.about.is_structure]
    totals = questionnaires.totals(sheet, items, scales.instruments, left)
    out = []
    for number, (pattern, template, of) in enumerate(items.entries):
        fields: dict[str, Any] = {"instrument": Said({"const": items.instrument}, items.why, percent(items.sure)), **around}
        if items.missing:
            codes = sorted(items.missing)
            fields["value"] = Said({"missing": codes}, f"{sum(items.missing.values())} answers below the lowest: no answer was given", 90)
        extras: dict[str, Any] = {"wide": {"pattern": pattern, "item": template}}
        used = {ids.name, *of, *columns_of(around)}
        if totals and number == 0:
            extras["totals"] = totals
            used |= {t.value for t in totals.values()}
        out.append(TableDraft("assessment", sheet, fields, items.why, percent(items.sure), extras, used))
    return out


def _long(sheet: Sheet, ids: Column, context: Context, scales: Scales, item: Column, names: list[str]) -> TableDraft | None:
    """One item a row."""
    taken = {ids.name, item.name}
    around = _around(sheet, ids, context, scales, taken)
    values = [
        (name_score(tokens(c.name), "assessment", "value", neutral_for(sheet, "assessment")), -c.place, c)
        for c in sheet.columns.values()
        if c.name not in taken | columns_of(around) and c.numbers.share > 0.8 and not c.about.is_structure
    ]
    if not values or max(values, key=lambda v: v[:2])[0] < 0.6:
        return None
    score, _, value = max(values, key=lambda v: v[:2])
    fields: dict[str, Any] = {}
    known = {n.upper() for n in scales.instruments}
    holder = next((c for c in sheet.columns.values() if c.codes() and {t.upper() for t, _ in c.codes()} <= known), None)
    if holder is not None:
        fields["instrument"] = said(holder, read_as("assessment", "item", holder, context), "its cells are names of instruments", 0.97)
    else:
        fields["instrument"] = {"const": Said(names[0], "the item codes are its own", 95) if len(names) == 1 else Open(" or ".join(names))}
    fields |= around
    fields["item"] = said(item, read_as("assessment", "item", item, context), "its cells are item codes", 0.99)
    fields["value"] = said(value, read_as("assessment", "value", value, context), f"called {value.name!r}", score)
    used = taken | {value.name} | columns_of(around) | ({holder.name} if holder is not None else set())
    return TableDraft("assessment", sheet, fields, f"item codes of {', '.join(names)}", 97, {}, used)


def _single(sheet: Sheet, ids: Column, context: Context, scales: Scales) -> TableDraft | None:
    """One rating a row, such as CGI: the column is called like the instrument, or the sheet is and the column like a value."""
    neutral = neutral_for(sheet, "assessment")
    found: list[tuple[float, str, Column, list[tuple[str, float]]]] = []
    plain = [c for c in sheet.columns.values() if c.name != ids.name and not c.about.is_structure and c.n_given]
    only = [c for c in plain if c.numbers.share > 0.8]
    for column in plain:
        own = [(n, s) for n, s in questionnaires.single(sheet, column, scales.instruments, scales.asked)]
        named = [(n, s) for n, s in own if questionnaires.called(n, tokens(column.name)) >= 0.7]
        if named:
            found.append((named[0][1], column.name, column, named))
        elif own and (name_score(tokens(column.name), "assessment", "value", neutral) >= SURE or only == [column]):
            found.append((own[0][1] * 0.97, column.name, column, own))
    if not found:
        return None
    score, _, column, names = max(found, key=lambda f: (f[0], f[1]))
    if sum(names[0][0] == f[3][0][0] and f[0] >= score - 0.02 for f in found) > 1:
        return None  # several columns may be it, such as the numbered items of another version
    best = [n for n, s in names if s >= names[0][1] - 0.02]
    around = _around(sheet, ids, context, scales, {ids.name, column.name})
    if len(best) == 1:
        code = scales.instruments[best[0]].item_codes()[0]
        why = f"one rating in its range, called like it ({column.name!r})"
        fields: dict[str, Any] = {"instrument": Said({"const": best[0]}, why, percent(score))}
        fields["item"] = Said({"const": code}, "its only item")
    else:
        codes = [scales.instruments[n].item_codes()[0] for n in best]
        fields = {"instrument": {"const": Open(" or ".join(best))}, "item": {"const": Open(" or ".join(codes) + ", as the instrument is")}}
    fields |= around
    fields["value"] = said(column, read_as("assessment", "value", column, context), f"called {column.name!r}", score)
    used = {ids.name, column.name, *columns_of(around)}
    return TableDraft("assessment", sheet, fields, f"one rating of {' or '.join(best)} a row", percent(score), {}, used)


def _around(sheet: Sheet, ids: Column, context: Context, scales: Scales, taken: Collection[str]) -> dict[str, Any]:
    """Visit and date of the administration."""
    out: dict[str, Any] = {}
    neutral = neutral_for(sheet, "assessment")
    free = [c for c in sheet.columns.values() if c.name not in taken and c.name != ids.name]
    dates = [c for c in free if c.dates.share > ENOUGH and not c.about.is_structure]
    visit = sheet.columns.get(EVENT)
    if visit is None:
        scored = [
            (name_score(tokens(c.name), "assessment", "visit", neutral), -c.place, c)
            for c in free
            if c not in dates and not c.about.is_structure and not c.is_secret
        ]
        best = max(scored, key=lambda s: s[:2], default=None)
        of_system = (sheet.columns[n] for n in lexicon.keys("visit") if n in sheet.columns and sheet.columns[n].n_filled)
        visit = best[2] if best is not None and best[0] >= 0.75 else next(of_system, None)
    if visit is not None:
        codes, shows = map_of(visit, scales.visits)
        spec: Any = {"from": visit.name, "map": codes} if codes else visit.name
        out["visit"] = Said(spec, f"called {visit.name!r}; {shows}", 92)
    alone = 0.5 * (len(dates) == 1)
    scores = [(name_score(tokens(c.name), "assessment", "assessed_on", neutral) or alone, -c.place, c) for c in dates]
    score, _, day = max(scores, key=lambda s: s[:2], default=(0.0, 0, None))
    if day is not None and score >= 0.5:
        out["assessed_on"] = said(day, read_as("assessment", "assessed_on", day, context), f"called {day.name!r}", max(score, 0.8))
    elif (day := next((sheet.columns[n] for n in lexicon.keys("assessed_on") if n in sheet.columns), None)) and day.dates.share > ENOUGH:
        out["assessed_on"] = said(day, read_as("assessment", "assessed_on", day, context), "no other day; that of the visit", 0.75)
    return out
