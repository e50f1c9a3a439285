"""The draft of a site: every sheet's tables put together, and what holds for the whole export.

What belongs here: the order of looking, choosing among tables, what goes into `defaults`. What does not: looking at one sheet (tables.py,
assessments.py, sdtm.py), the text of the file (yaml_text.py).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from flows.engine.mapping import codelists
from flows.newsite import assessments, defaults, families, identity, sdtm, tables
from flows.newsite.asking import Open, Said, columns_of, percent
from flows.newsite.assessments import Scales
from flows.newsite.column import Column
from flows.newsite.knowledge import Known
from flows.newsite.opening import REPEAT, WHOLE, Export, Sheet, open_export
from flows.newsite.read import Context
from flows.newsite.scoring import TITLE, title_score
from flows.newsite.tables import TableDraft
from schemas.findings import ReadError
from schemas.site import IntakeTable

#: SDTM: screen failure, not assigned, not treated.
_NO_ARM = ("SCRNFAIL", "NOTASSGN", "NOTTRT")


@dataclass
class Draft:
    """A whole site.yaml as values with reasons. `unread_columns`: sheet -> columns that nothing reads; `unread_files`: name -> why;
    `notes`: what a person should know besides."""

    site: dict[str, Any]
    tables: list[TableDraft]
    unread_columns: dict[str, list[str]] = field(default_factory=dict)
    unread_files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Told:
    """What a person says beforehand: the zone of the site, whether clock times are of its wall clocks (`site`) or in UTC (`utc`), and
    whether each export is whole (`snapshot`) or later ones only add to it (`delta`)."""

    timezone: str = ""
    clock: str = ""
    delivery: str = ""


def make(study: str, site: str, files: Sequence[Path], config: Path, known: Known, told: Told) -> Draft:
    """Look at an export and draft its site.yaml. Raises ReadError when nothing of it can be read."""
    root = Path(os.path.commonpath([p.parent.resolve() for p in files]))
    paths = [p.resolve() for p in files]
    closed = [] if known.is_open else [p.relative_to(root).as_posix() for p in paths if is_list_of_arms(p.name)]
    export = open_export(paths, root, closed)
    if not export.sheets:
        why = "; ".join(f"{n}: {w}" for n, w in sorted(export.unread.items())) or "no file holds a table"
        raise ReadError(f"{study}/{site}: nothing of the export can be mapped: {why}\n  fix   -> name the files of the export")
    lists = codelists.read(known.codelists)
    context = Context(defaults.decimal_of(export.sheets), lists)
    scales = Scales(known.instruments, known.asked, known.visits)
    found, ids = _tables(export, context, scales)
    chosen = _chosen(found, ids, export)
    if not chosen:
        why = "no intake table fits its sheets" if ids else "no column of it is known to name the participant"
        names = "; ".join(f"{s.name}: {', '.join(s.columns)}" for s in export.sheets)
        again = "call that column subject_id in a copy of the export and draft again, or write"
        fix = f"{'write' if ids else again} site.yaml by hand: docs/mapping.md" + ("; `long` reads one value a row" if ids else "")
        raise ReadError(f"{study}/{site}: nothing can be drafted: {why}\n  found -> {names}\n  fix   -> {fix}")
    notes = _arms(chosen, known, closed)
    for one in chosen:
        _finish(one, known, ids)
    body: dict[str, Any] = {"site_id": site, "study": study, "timezone": _timezone(told.timezone)}
    body["source"] = _source(root, paths, config)
    body["delivery"] = Said(told.delivery, "as told") if told.delivery else Open(DELIVERY)
    many = identity.many_sites([d.sheet for d in chosen], {n: c for n, (c, _) in ids.items()})
    body |= _identity(chosen, ids, many)
    sites = many.body if many is not None else None
    if sites is not None:
        body["sites"] = sites
    shared = defaults.make(chosen, context, told.clock)
    if shared:
        body["defaults"] = shared
    body["tables"] = _table_bodies(chosen, shared, ids)
    ignored = [{"where": Said(rows.value, rows.why)} for d in chosen for rows in d.ignore]
    if ignored:
        body["ignore_rows"] = ignored
    draft = Draft(body, chosen, notes=notes)
    _unread(draft, export, sites, ids)
    return draft


DELIVERY = "snapshot: each export is whole, what it no longer holds was deleted; delta: later exports only add; one export cannot say"


def is_list_of_arms(name: str) -> bool:
    """A file whose name says that it is the randomization list."""
    return title_score(PurePosixPath(name).stem, "randomization") >= TITLE


def _timezone(zone: str) -> Any:
    return Said(zone, "as told") if zone else Open("the zone of the site's wall clocks, such as Europe/Lisbon; no export says it")


Ids = dict[str, tuple[Column, float]]


def _tables(export: Export, context: Context, scales: Scales) -> tuple[list[TableDraft], Ids]:
    """The tables of every sheet, and each sheet's column of identifiers."""
    ids: Ids = {s.name: found for s in export.sheets if (found := identity.id_column(s)) is not None}
    if not ids and (name := identity.id_by_structure(export.sheets)) is not None:
        ids = {s.name: (s.columns[name], 0.7) for s in export.sheets if name in s.columns}
    names = Counter(c.name for c, sure in ids.values() if sure >= 0.9)
    for sheet in export.sheets:
        if (again := identity.id_column(sheet, [n for n, k in names.items() if k > 1])) is not None:
            ids[sheet.name] = again
    of_sdtm = [s for s in export.sheets if sdtm.domain(s) is not None]
    out = sdtm.find(of_sdtm, context, scales)
    for sheet in export.sheets:
        if sheet in of_sdtm or sheet.name not in ids or sheet.whys.get("") == WHOLE:
            continue
        column = ids[sheet.name][0]
        made = assessments.find(sheet, column, context, scales)
        taken = {c for one in made for c in one.used} - {column.name}
        out += made or tables.find(sheet, column, context, taken)
        if made:
            out += [d for d in tables.find(sheet, column, context, taken) if d.table in ("subject", "dose", "session", "rating")]
    return out, ids


def _chosen(found: Sequence[TableDraft], ids: Ids, export: Export) -> list[TableDraft]:
    """Each intake table's sheets: one of participants, any number of the others; in the order of the intake tables."""
    subjects = sorted((d for d in found if d.table == "subject"), key=lambda d: (-len(d.fields), -d.sure, d.sheet.name))
    kept = [*subjects[:1], *(d for d in found if d.table != "subject")]
    if not subjects and (fallback := _everybody(export, ids)) is not None:
        kept.insert(0, fallback)
    order = list(IntakeTable)
    return sorted(kept, key=lambda d: order.index(IntakeTable(d.table)))


def _everybody(export: Export, ids: Ids) -> TableDraft | None:
    """A sheet with a row for each participant, where none has anything a subject has: the table needs its participants all the same."""
    whole = [s for s in export.sheets if s.whys.get("") == WHOLE]
    for sheet in [*whole, *(s for s in export.sheets if s not in whole)]:
        if sheet.name in ids and ids[sheet.name][0].is_unique:
            why = "no sheet holds age, sex, weight, consent or randomization; this one has a row for each participant"
            return TableDraft("subject", sheet, {}, why, 60, {}, {ids[sheet.name][0].name})
    return None


def _arms(chosen: list[TableDraft], known: Known, closed: Sequence[str]) -> list[str]:
    """The list of arms: its codes against those of the trial; in a blinded trial it stays shut."""
    notes = []
    for one in [d for d in chosen if d.table == "randomization"]:
        if not known.is_open:
            chosen.remove(one)
            shown = ", ".join(sorted(columns_of(one.fields)))
            notes.append(f"{one.sheet.name} may show the arm ({shown}); the trial is not declared open: ask for an export without it")
            continue
        arm = one.fields["arm"]
        column = one.sheet.columns[next(iter(columns_of({"arm": arm})))]
        codes = column.codes(20)
        if no_arm := [t for t, _ in codes if t.upper() in _NO_ARM and t not in known.arms]:
            codes = [(t, n) for t, n in codes if t not in no_arm]
            one.extras["where"] = {column.name: Said({"none_of": no_arm}, "the standard's codes for people without an arm", 95)}
        if known.arms and all(t in known.arms for t, _ in codes):
            one.fields["arm"] = Said(column.name, f"its {len(codes)} codes are arms of the trial", 95)
        else:
            arms = " or ".join(known.arms) or "an arm of the trial file"
            by_code = {t: (t if t in known.arms else Open(f"{arms}; {n} cells")) for t, n in codes}
            one.fields["arm"] = Said({"from": column.name, "map": by_code}, f"called {column.name!r}", 80)
    for name in closed:
        notes.append(f"{name} is by its name the list of arms: it was not opened, because the trial is not declared open")
    return notes


def _finish(one: TableDraft, known: Known, ids: Ids) -> None:
    """What the trial says of a table, and rows that leave out the participant."""
    if one.table == "dose" and "time_point" not in one.fields and len(known.time_points) == 1:
        point = known.time_points[0]
        one.fields["time_point"] = Said({"const": point}, f"the trial plans {point} doses only", 85)
    column = ids[one.sheet.name][0]
    blank = column.n_rows - column.n_filled
    if blank >= 0.2 * column.n_rows and column.is_unique and one.sheet.table[column.name][0].as_py():
        why = f"{blank} rows leave it blank and each participant is named once: the rows below are of the one above"
        one.extras["fill_down"] = Said([column.name], why, 85)


def _source(root: Path, paths: Sequence[Path], config: Path) -> dict[str, Any]:
    there = {p.resolve() for p in root.rglob("*") if p.is_file() and not p.name.startswith((".", "~$"))}
    near = os.path.relpath(root, config.resolve())
    is_far = Path(near).parts[:3] == ("..",) * 3
    out: dict[str, Any] = {"kind": "files", "path": str(root) if is_far else near}
    if there - set(paths):
        out["include"] = sorted(p.relative_to(root).as_posix() for p in paths)
    return out


def _identity(chosen: Sequence[TableDraft], ids: Ids, many: identity.ManySites | None) -> dict[str, Any]:
    """`subject_id:` of the site: the usual column, and how identifiers are written wherever they stand."""
    columns = Counter(ids[d.sheet.name][0].name for d in chosen)
    name = max(columns, key=lambda n: (columns[n], n))
    met: Counter[str] = Counter()
    for sheet_name in {d.sheet.name for d in chosen}:
        met.update(dict(ids[sheet_name][0].given))
    how = identity.written(sorted(met.items()))
    if many is not None and many.id_pattern is not None:
        how = identity.Written(many.id_pattern, None, "what stands before the last part is the study and the site")
    spec: Any = {"from": name}
    if how.pattern is not None:
        spec["pattern"] = how.pattern
    if how.pad is not None:
        spec["pad"] = how.pad
    sure = min(ids[d.sheet.name][1] for d in chosen if ids[d.sheet.name][0].name == name)
    why = f"names the participant on {columns[name]} table(s); {how.why}"
    return {"subject_id": Said(spec if len(spec) > 1 else name, why, percent(sure))}


def _table_bodies(chosen: Sequence[TableDraft], usual: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
    """`tables:`; a table that comes from several sheets is a list."""
    columns = Counter(ids[d.sheet.name][0].name for d in chosen)
    name = max(columns, key=lambda n: (columns[n], n))
    out: dict[str, list[dict[str, Any]]] = {}
    for one in chosen:
        sheet = one.sheet
        why = "; ".join(w for w in (one.why, sheet.whys.get("file", "")) if w)
        body: dict[str, Any] = {"file": Said(sheet.glob, why, one.sure)}
        for key, value in sheet.options.items():
            shared = usual.get(key)
            plain = shared.value if isinstance(shared, Said) else shared
            if plain != value and not (key == "encoding" and str(value).startswith("utf-16") and plain == "utf-16"):
                body[key] = Said(value, sheet.whys[key]) if key in sheet.whys and not isinstance(value, Open) else value
        if sheet.where:
            body["where"] = {k: Said(v, sheet.whys.get(k, "")) if v else v for k, v in sheet.where.items()}
        for key, value in one.extras.items():
            body[key] = {**body.get("where", {}), **value} if key == "where" else value
        fields = dict(one.fields)
        column, sure = ids[sheet.name]
        if column.name != name:
            fields = {"subject_id": Said(column.name, f"called {column.name!r}", percent(sure)), **fields}
        if fields:
            body["fields"] = fields
        out.setdefault(one.table, []).append(body)
    return {table: bodies[0] if len(bodies) == 1 else bodies for table, bodies in out.items()}


def _unread(draft: Draft, export: Export, sites: Mapping[str, Any] | None, ids: Ids) -> None:
    """Columns and files that nothing reads."""
    used: dict[str, set[str]] = {}
    for one in draft.tables:
        more = {c for j in one.extras.get("join", ()) for c in j["on"]}
        used.setdefault(one.sheet.name, set()).update(one.used | more | set(one.sheet.where))
    joined: dict[str, set[str]] = {}
    for one in draft.tables:
        for join in one.extras.get("join", ()):
            joined.setdefault(join["file"], set()).update({*join["on"].values(), *join["take"].values(), *join["where"]})
    if sites is not None:
        source = sites["from"].value if isinstance(sites["from"], Said) else sites["from"]
        for names in used.values():
            names.add(source)
    sheets = {s.name: s for s in export.sheets}
    for name, names in used.items():
        wanted = [c.name for c in sheets[name].columns.values() if c.name not in names and not c.about.is_structure and c.name != REPEAT]
        wanted = [c for c in wanted if c not in joined.get(sheets[name].glob, set())]
        if wanted:
            draft.unread_columns[name] = wanted
    draft.unread_files = dict(export.unread)
    whole = {f for s in export.sheets if s.name in used or s.glob in joined for f in s.files}
    for sheet in export.sheets:
        if sheet.name in used or sheet.glob in joined or sheet.whys.get("") == WHOLE:
            continue
        why = "it names no participant" if sheet.name not in ids else "no intake table fits it" + _like_a_questionnaire(sheet)
        told = sheet.name if set(sheet.files) <= whole else ", ".join(sheet.files)
        draft.unread_files[told] = why


def _like_a_questionnaire(sheet: Sheet) -> str:
    """What to do about numbered columns of answers that are of no instrument known."""
    found = families.find(list(sheet.columns), fixed_is_text=True)
    runs = [f for c in found for f in c.variants.values() if f.is_run and len(f.columns) >= 5]
    if not runs:
        return ""
    told = "; ".join(f"{len(f.columns)} columns from {f.columns[1,]} on" for f in runs)
    return f" ({told} may be a questionnaire, but of no instrument of docs/instruments.md; a file in instruments/ adds one)"
