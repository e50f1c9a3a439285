"""Which intake tables a sheet is, and which column is which field: by the sheet's name, the columns' names and what the cells hold.

What belongs here: choosing. What does not: how alike names are (scoring.py), sets of columns side by side (melting.py), how a field is read
(fields.py), questionnaires (questionnaires.py), SDTM (sdtm.py).

A column goes to the field its name or label is most like, if its cells can be that field at all. A table needs its key fields; a sheet may
be two tables (a session and its capsule in one row). What stays below the thresholds is not mapped: the run tells it as unread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from flows.engine.mapping.shapes import FIELDS, REQUIRED, Kind
from flows.newsite import lexicon
from flows.newsite.amounts import missing_codes, scale_of
from flows.newsite.asking import Open, Said, columns_of, percent
from flows.newsite.column import Column
from flows.newsite.dateshape import ENOUGH
from flows.newsite.fields import read_as, said
from flows.newsite.melting import View, melted
from flows.newsite.naming import tokens
from flows.newsite.opening import Sheet
from flows.newsite.read import Context, Read
from flows.newsite.scoring import NEEDED, SURE, TITLE, label_score, name_score, neutral_for, title_score

#: Tables that may share a sheet with another: first -> second.
_TOGETHER = {"subject": ("disposition",), "session": ("dose", "rating"), "dose": ("session",)}


@dataclass
class TableDraft:
    """One table of the draft: its sheet, its fields, other keys of its mapping (wide, where ...), the columns it reads, and those of them
    that another table of the sheet may read too (the session's number, the day of a clock time). `ignore`: conditions of rows of the
    sheet that say nothing for it, and nothing else reads."""

    table: str
    sheet: Sheet
    fields: dict[str, Any]
    why: str
    sure: int
    extras: dict[str, Any] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    shared: set[str] = field(default_factory=set)
    ignore: list[Said] = field(default_factory=list)


@dataclass(frozen=True)
class _Hit:
    """A column that may be a field."""

    field: str
    column: Column
    name: float
    read: Read
    day: Column | None = None

    @property
    def score(self) -> float:
        return self.name * (0.4 + 0.6 * self.read.fits) if self.read.fits else 0.0


def find(sheet: Sheet, ids: Column, context: Context, taken: Collection[str] = ()) -> list[TableDraft]:
    """The tables of one sheet, without questionnaires; `taken`: columns that are something else already. What sets of columns side by side
    hold takes the place of what one of the sets was taken for."""
    made: list[TableDraft] = []
    used = {ids.name, *taken}
    for view in [View(sheet, None), *melted(sheet, used)]:
        found = _in_view(view, ids, context, used, {d.table for d in made})
        for one in found:
            used |= one.used - one.shared
            made = [d for d in made if d.table != one.table or not (d.used & one.used) - {ids.name} - one.shared - d.shared]
        made += found
    return made


def _in_view(view: View, ids: Column, context: Context, used: set[str], there: set[str]) -> list[TableDraft]:
    sheet = view.sheet
    scored = []
    for table in FIELDS:
        if table == "assessment" or (table in there and view.cluster is None):
            continue
        hits = _assigned(sheet, table, ids, context, used)
        if (made := _draft(view, table, hits, ids)) is not None:
            scored.append((_strength(view, table, hits, used), table, hits, made))
    scored.sort(key=lambda s: (-s[0], s[1]))
    if not scored or (len(scored) > 1 and scored[0][0] - scored[1][0] < 0.08 and scored[1][1] not in _TOGETHER.get(scored[0][1], ())):
        return []
    first = scored[0]
    out = [first[3]]
    rest = used | (first[3].used - first[3].shared)
    for table in _TOGETHER.get(first[1], ()):
        hits = _assigned(sheet, table, ids, context, rest)
        if (made := _draft(view, table, hits, ids, second=True)) is not None:
            out.append(made)
            rest |= made.used - made.shared
    return out


def _strength(view: View, table: str, hits: dict[str, _Hit], used: Collection[str]) -> float:
    """The sheet's name, and how much of the sheet the table explains."""
    own = {*view.groups, *view.cluster.variants} if view.cluster is not None else view.sheet.columns.keys()
    usable = [c for c in view.sheet.columns.values() if c.name in own and c.name not in used and not c.about.is_structure and c.n_filled]
    columns = {h.column.name for h in hits.values()} | {h.day.name for h in hits.values() if h.day is not None}
    return title_score(view.sheet.title, table) + sum(h.score for h in hits.values()) / max(len(usable), 3) + 0.02 * len(columns)


def _draft(view: View, table: str, hits: dict[str, _Hit], ids: Column, *, second: bool = False) -> TableDraft | None:
    """A table of these fields, if its keys are there and enough speaks for it."""
    sheet = view.sheet
    title = title_score(sheet.title, table)
    names = {n for n in hits if n not in ("count", "strength", "unit")}
    if not set(REQUIRED[table]) - {"subject_id"} <= names:
        return None
    strong = {n for n, h in hits.items() if h.score >= SURE - 0.1}
    own = names - {"session_no", "record_no"}
    enough = {
        "subject": bool(own & strong) and _one_row_each(sheet, ids), "session": bool(own & {"attended", "started_at"}),
        "dose": len(own & {"taken", "dose", "dosed_at"}) >= 2, "rating": len(own & {"begin", "peak", "end"}) >= 2,
        "medication": len(own) >= 2, "adverse_event": len(own) >= 2, "disposition": "withdrawn_on" in own,
        "randomization": _one_row_each(sheet, ids),
    }[table]  # fmt: skip
    if not enough:
        return None
    if second and ((table == "dose" and "session_no" not in names) or len(own & strong) < (1 if table == "disposition" else 2)):
        return None
    if title < TITLE and not second and table != "subject" and len(own & strong) < 2:
        return None
    used = {ids.name} | {h.column.name for h in hits.values()} | {h.day.name for h in hits.values() if h.day is not None}
    if table == "disposition" and second and not any(hits[n].score >= SURE for n in own):
        return None
    fields = {n: said([h.day, h.column] if h.day is not None else h.column, h.read, _why(n, h), h.name) for n, h in hits.items()}
    told = f"the name {sheet.title!r}" if title >= TITLE else "its columns"
    average = sum(h.score for h in hits.values()) / len(hits)
    sure = percent((title + 2 * average) / 3)
    shared = {h.day.name for h in hits.values() if h.day is not None} | columns_of({n: f for n, f in fields.items() if n == "session_no"})
    made = TableDraft(table, sheet, fields, f"{told}; {len(hits)} fields found", sure, {}, used, shared)
    tidy(made, hits, second=second)
    if view.cluster is not None:
        _melt_spec(made, view)
    return made


def _one_row_each(sheet: Sheet, ids: Column) -> bool:
    return (ids.n_given > 0 and ids.n_distinct >= 0.9 * ids.n_given and ids.n_given >= 0.9 * sheet.rows) or sheet.rows == 0


def _why(name: str, hit: _Hit) -> str:
    """What a field's column is called, and by whose word."""
    label = hit.column.about.label
    if label and label != hit.column.name:
        return f"labelled {label!r}" if len(label) <= 60 else "by its label"
    return f"called {hit.column.name!r}"


def tidy(made: TableDraft, hits: dict[str, _Hit], *, second: bool) -> None:
    """What several columns say together: count and strength of capsules, the unit beside a dose, one scale for all ratings."""
    unit, count, strength = (made.fields.pop(n, None) for n in ("unit", "count", "strength"))
    if made.table == "dose":
        if count is not None and strength is not None:
            named = hits["strength"].read.spec.get("unit")
            mass = "mg" if "mg" in tokens(hits["strength"].column.name) else named or Open("the unit of the strength, such as mg")
            value = {"from": hits["count"].column.name, "times": hits["strength"].column.name, "unit": mass}
            made.fields["dose"] = Said(value, "number of capsules times the strength of one", 90)
        elif unit is not None and (dose := made.fields.get("dose")) is not None and isinstance(dose.value, dict):
            spec = {k: v for k, v in dose.value.items() if k != "unit"} | {"unit": {"from": hits["unit"].column.name}}
            made.fields["dose"] = Said(spec, f"{dose.why.rpartition('; neither')[0] or dose.why}; the unit stands beside it", dose.sure)
    if made.table == "rating":
        scale = scale_of([hits[n].column for n in ("begin", "peak", "end") if n in hits])
        codes = sorted(missing_codes([hits[n].column for n in ("begin", "peak", "end") if n in hits]))
        for name in ("begin", "peak", "end"):
            if (one := made.fields.get(name)) is not None:
                made.fields[name] = Said({**one.value, "scale": scale, **({"missing": codes} if codes else {})}, one.why, one.sure)
    for name in {"weight_kg", "dose"} & made.fields.keys() & hits.keys():
        _unit_beside(made, name, hits[name].column)
    if made.table in ("medication", "adverse_event"):
        _like_each_other(made)
    if made.table == "medication" and "ongoing" not in made.fields and "ended_on" in hits:
        _ongoing_in_end(made, hits["ended_on"].column)
    when = hits.get("withdrawn_on") if made.table == "disposition" else None
    if when is not None and (second or 0 < when.column.n_filled < when.column.n_rows):
        made.extras["where"] = {when.column.name: Said({"blank": False}, "a row with a date is somebody who left", 90)}
        if not second:
            made.ignore.append(Said({when.column.name: ""}, "no date of withdrawal: somebody who stayed"))


def _unit_beside(made: TableDraft, name: str, column: Column) -> None:
    """A column of units called like the amount's own: WEIGHT_UN beside WEIGHT, EXDOSU beside EXDOSE."""
    spec = made.fields[name].value
    if not isinstance(spec, dict) or not isinstance(spec.get("unit"), Open):
        return
    for called in (f"{column.name}_UN", f"{column.name}_UNIT", f"{column.name}_unit", f"{column.name[:-1]}U"):
        beside = made.sheet.columns.get(called)
        if beside is not None and not beside.about.is_structure and beside.codes() and beside.numbers.share < 0.1:
            why = f"{made.fields[name].why.rpartition('; ')[0] or made.fields[name].why}; the unit stands beside it"
            made.fields[name] = Said({**spec, "unit": {"from": called}}, why, made.fields[name].sure)
            made.used.add(called)
            return


def _like_each_other(made: TableDraft) -> None:
    """Days of one table are written alike: an end with few or no cells takes the other formats of the start."""
    start, end = made.fields.get("started_on"), made.fields.get("ended_on")
    if start is None or end is None or not isinstance(start.value, dict) or not isinstance(end.value, dict):
        return
    formats, own = ([f for f in ([v] if isinstance(v, str) else v)] if isinstance(v, str | list) else [] for v in
                    (start.value.get("format", []), end.value.get("format", [])))  # fmt: skip
    more = [f for f in formats if f not in own]
    if not formats or (own and own[0] not in formats) or isinstance(end.value.get("format"), Open) or not more:
        return
    made.fields["ended_on"] = Said({**end.value, "format": [*own, *more] if len(own) + len(more) > 1 else more[0]},
                                   f"{end.why}; {', '.join(more)} as the start", min(end.sure or 99, 80))  # fmt: skip


def _ongoing_in_end(made: TableDraft, column: Column) -> None:
    """`ongoing` written where the end belongs: a word says that it goes on, a digit begins a day on which it ended."""
    words = [t for t, _ in column.given if lexicon.folded(t) in lexicon.words("ongoing")]
    if len({w[0] for w in words}) == 1 and words[0][0].isalpha():
        letter = words[0][0]
        codes: dict[str, bool] = {letter: True, **{str(digit): False for digit in range(10)}}
        spec = {"from": column.name, "pattern": rf"(?P<value>[{letter}\d]).*", "map": codes}
        made.fields["ongoing"] = Said(spec, f"{words[0]!r} stands where the end would; a date means that it ended", 85)


def _melt_spec(made: TableDraft, view: View) -> None:
    """`wide:` of a table that was found in melted columns; it names the columns it reads and no others."""
    cluster = view.cluster
    if cluster is None:
        return
    variants = [v for v in cluster.variants if v in made.used]
    pattern = cluster.pattern(view.groups, "column", variants)
    numbers = len(cluster.numbers)
    made.extras["wide"] = Said({"pattern": pattern}, f"{numbers} sets of columns side by side", 90)
    made.used = (made.used - set(variants) - set(view.groups)) | {
        c for v in variants for c in cluster.variants[v].columns.values()
    }


def _assigned(sheet: Sheet, table: str, ids: Column, context: Context, used: Collection[str]) -> dict[str, _Hit]:
    """Field -> its column, the likeliest pairs first; no column is two fields."""
    hits = []
    wanted = [f for f in FIELDS[table] if f != "subject_id"] + (["unit", "count", "strength"] if table == "dose" else [])
    neutral = neutral_for(sheet, table)
    free = [c for c in sheet.columns.values() if c.name not in used and not c.about.is_structure and not c.about.is_identifier]
    for column in free:
        name, label = tokens(column.name), tokens(column.about.label)
        other = max(name_score(name, "*", "other", neutral), label_score(label, "*", "other", neutral))
        for wanted_field in wanted:
            score = max(name_score(name, table, wanted_field, neutral), label_score(label, table, wanted_field, neutral))
            if score < NEEDED or score < other:
                continue
            hit = _hit(sheet, table, wanted_field, column, score, context, free)
            if hit is not None and hit.score >= NEEDED - 0.15:
                hits.append(hit)
    hits.sort(key=lambda h: (-h.score, list(FIELDS[table]).index(h.field) if h.field in FIELDS[table] else 99, h.column.place))
    out: dict[str, _Hit] = {}
    for hit in hits:
        if hit.field not in out and all(h.column.name != hit.column.name for h in out.values()):
            out[hit.field] = hit
    if table == "subject" and not _one_row_each(sheet, ids):
        return {}
    for key in (f for f in wanted if f not in out):
        if (hit := _of_system(sheet, table, key, context, used)) is not None:
            out[key] = hit
    return {f: out[f] for f in wanted if f in out}


def _of_system(sheet: Sheet, table: str, key: str, context: Context, used: Collection[str]) -> _Hit | None:
    """A column that the site's system adds to every form, where no field is called so: its visit `Session 3`, the number of its line."""
    for name in lexicon.keys(key):
        column = sheet.columns.get(name)
        if column is not None and column.about.is_structure and name not in used and column.n_filled == sheet.rows > 0:
            hit = _hit(sheet, table, key, column, SURE, context, ())
            if hit is not None and (key != "record_no" or column.n_distinct > 1):
                return hit
    return None


def _hit(sheet: Sheet, table: str, name: str, column: Column, score: float, context: Context, free: Iterable[Column]) -> _Hit | None:
    if name in ("unit", "count", "strength"):
        fits = column.numbers.share >= 0.9 if name != "unit" else bool(column.codes()) and column.numbers.share < 0.1
        return _Hit(name, column, score, Read({}, "", 1.0)) if fits else None
    if column.about.is_free_text and FIELDS[table][name].kind in (Kind.WORD, Kind.BOOLEAN):
        return None
    day = None
    if FIELDS[table][name].kind == Kind.INSTANT and column.clock.share > ENOUGH:
        day = _day_of(column, free)
    read = read_as(table, name, column, Context(context.decimal, context.lists, day))
    return _Hit(name, column, score, read, day) if read.fits else None


def _day_of(clock: Column, columns: Iterable[Column]) -> Column | None:
    """The column that holds the day of a clock time: the only one, or the one whose name shares a word with it."""
    days = [c for c in columns if c is not clock and c.dates.share > ENOUGH and not c.dates.has_clock]
    if len(days) == 1:
        return days[0]
    mine = set(tokens(clock.name)) - lexicon.fillers()
    sharing = [d for d in days if mine & set(tokens(d.name))]
    return sharing[0] if len(sharing) == 1 else None


