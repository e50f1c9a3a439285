"""SDTM domains: names are fixed by the standard, so a column is what it is called; what is not fixed (sessions, scales, arms) is looked at.

What belongs here: domains as tables of the draft. What does not: the names (config/lexicon/sdtm.csv), how a field is read (fields.py).

Source: CDISC SDTM implementation guide 3.4: DM, EX, EC, CM, AE, DS, SV, VS and the findings classes QS and RS.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow.compute as pc

from flows.newsite import lexicon, questionnaires
from flows.newsite.amounts import scale_of
from flows.newsite.asking import Open, Said, columns_of
from flows.newsite.assessments import Scales
from flows.newsite.column import Column
from flows.newsite.fields import read_as, said
from flows.newsite.opening import Sheet
from flows.newsite.read import Context, Read
from flows.newsite.tables import TableDraft
from flows.newsite.visits import map_of

ID = "USUBJID"
_MARKS = {"DM": {"AGE", "SEX"}, "EX": {"EXDOSE"}, "EC": {"ECDOSE"}, "CM": {"CMTRT"}, "AE": {"AETERM"}, "DS": {"DSDECOD"}, "SV": {"SVSTDTC"},
          "VS": {"VSTESTCD"}, "QS": {"QSTESTCD"}, "RS": {"RSTESTCD"}}  # fmt: skip
#: By what follows the domain's letters: texts that say a row is none.
_NOT_SO = {"OCCUR": ("N",), "MOOD": ("SCHEDULED",)}
_SESSION = re.compile(r"(?:session|sess)\.?\s*0*(\d+)", re.IGNORECASE)
_FEAR = {"begin": ("BEG", "START", "PRE"), "peak": ("PEAK", "MAX"), "end": ("END", "POST")}


def domain(sheet: Sheet) -> str | None:
    """The domain of a sheet; None: it is no SDTM."""
    if ID not in sheet.columns:
        return None
    return next((name for name, marks in _MARKS.items() if marks <= set(sheet.columns)), None)


def find(sheets: Sequence[Sheet], context: Context, scales: Scales) -> list[TableDraft]:
    """Tables of every SDTM sheet of an export."""
    by_domain: dict[str, list[Sheet]] = {}
    for sheet in sheets:
        if (name := domain(sheet)) is not None:
            by_domain.setdefault(name, []).append(sheet)
    numbers = _session_numbers(s for of in by_domain.values() for s in of)
    out: list[TableDraft] = []
    for name in ("DM", "SV", "EX", "EC", "CM", "AE", "DS"):
        if name == "EX" and "EC" in by_domain:
            continue  # what was taken stands in EC; EX repeats it by arm
        for sheet in by_domain.get(name, ()):
            if (made := _plain(name, sheet, context, numbers)) is not None:
                out.append(made)
    for sheet in by_domain.get("DM", ()):
        subject = next(d for d in out if d.table == "subject" and d.sheet is sheet)
        _weight(subject, by_domain.get("VS", ()))
        _randomized(subject, by_domain.get("DS", ()))
        if "ARMCD" in sheet.columns:
            arm = Said("ARMCD", "the standard's name", 99)
            out.append(TableDraft("randomization", sheet, {"arm": arm}, "ARMCD is the planned arm", 99, {}, {ID, "ARMCD"}))
    for name in ("QS", "RS"):
        for sheet in by_domain.get(name, ()):
            out += _findings(name, sheet, context, scales, numbers)
    return out


def _session_numbers(sheets: Iterable[Sheet]) -> dict[str, str]:
    """VISITNUM -> session number, where VISIT says that it is one and the two agree."""
    out: dict[str, str] = {}
    for sheet in sheets:
        if {"VISIT", "VISITNUM"} <= set(sheet.columns):
            for visit, number in set(zip(sheet.table["VISIT"].to_pylist(), sheet.table["VISITNUM"].to_pylist(), strict=True)):
                found = _SESSION.fullmatch((visit or "").strip())
                if found and number and float(number) == int(found[1]):
                    out[str(number)] = found[1]
    return out


def _plain(name: str, sheet: Sheet, context: Context, numbers: dict[str, str]) -> TableDraft | None:
    """A domain whose columns are fields."""
    fields: dict[str, Any] = {}
    table = ""
    for (of, variable), (table_, wanted) in lexicon.sdtm().items():
        if of != name or wanted in ("subject_id", "arm") or variable not in sheet.columns:
            continue
        column, table = sheet.columns[variable], table_
        if wanted == "session_no" and not (numbers and all(t in numbers for t, _ in column.given)):
            continue
        if not column.n_filled and wanted != "consented_on":
            continue
        read = _read(table, wanted, column, sheet, context)
        if read.fits:
            fields[wanted] = said(column, read, "the standard's name", 0.99)
    used = {ID, *columns_of(fields)}
    why = f"SDTM domain {name}"
    if name == "DM":
        return TableDraft("subject", sheet, fields, why, 99, {}, used)
    if name == "SV":
        if "session_no" not in fields:
            return None  # its visits are no sessions
        took_place = {"attended": Said({"const": True}, "SV lists visits that took place", 85)}
        fields = {"session_no": fields["session_no"], **took_place, **fields}
    elif name in ("EX", "EC"):
        if "taken" not in fields and name == "EX":
            fields["taken"] = Said({"const": True}, "EX lists what was given", 85)
    elif name == "DS":
        return _left(sheet, fields, used)
    return _without(TableDraft(table, sheet, fields, why, 99, {}, used))


def _without(made: TableDraft) -> TableDraft:
    """Without rows of what did not occur (CMOCCUR N: asked about and not taken) or was only planned (ECMOOD SCHEDULED)."""
    for column in made.sheet.columns.values():
        texts = _NOT_SO.get(column.name[2:], ()) if column.name not in made.used else ()
        there = sorted({t for t, _ in column.given} & set(texts))
        if there:
            made.extras.setdefault("where", {})[column.name] = Said({"none_of": there}, "others did not occur, or were only planned", 90)
            made.ignore.append(Said({column.name: there}, "did not occur, or was only planned"))
            made.used.add(column.name)
    return made


def _read(table: str, wanted: str, column: Column, sheet: Sheet, context: Context) -> Read:
    """A field; the unit of a dose stands in its own variable, an end relative to a reference point says only that it goes on."""
    read = read_as(table, wanted, column, context)
    unit = f"{column.name[:2]}DOSU"
    if wanted == "dose" and unit in sheet.columns:
        spec = {**{k: v for k, v in read.spec.items() if k != "unit"}, "unit": {"from": unit}}
        return Read(spec, f"its unit stands in {unit}", read.fits)
    if wanted == "ongoing":
        known = {t for t, _ in column.codes()} & {"ONGOING", "AFTER"}
        return Read({"map": {k: True for k in sorted(known)}}, "ONGOING or AFTER: it goes on", 1.0) if known else Read({}, "", 0.0)
    return read


def _left(sheet: Sheet, fields: dict[str, Any], used: set[str]) -> TableDraft | None:
    """DS: the rows of those who left the trial early."""
    terms = sorted(sheet.columns["DSDECOD"].given)  # terms of a code list, not the words of a person
    if len(terms) > 40:
        return None
    left = [t for t, _ in terms if lexicon.folded(t) in lexicon.words("left")]
    stayed = [t for t, _ in terms if lexicon.folded(t) in lexicon.words("stayed")]
    if not left or "withdrawn_on" not in fields:
        return None
    unknown = [t for t, _ in terms if t not in left and t not in stayed]
    where: dict[str, Any] = {}
    if "DSCAT" in sheet.columns and "DISPOSITION EVENT" in {t for t, _ in sheet.columns["DSCAT"].given}:
        where["DSCAT"] = "DISPOSITION EVENT"
    told = f"which of {', '.join(map(repr, unknown))} mean that the participant left, beside {', '.join(left)}" if unknown else ""
    certain = Said(sorted(left), "terms for leaving early; the others are milestones", 90)
    where["DSDECOD"] = Open(f"a list of terms: {told}") if unknown else certain
    made = TableDraft("disposition", sheet, fields, "SDTM domain DS", 95, {"where": where}, used | set(where))
    if stayed:
        made.ignore.append(Said({"DSDECOD": sorted(stayed)}, "milestones, and people who stayed"))
    if "DSCAT" in where:
        made.ignore.append(Said({"DSCAT": {"none_of": ["DISPOSITION EVENT"]}}, "other events"))
    return made


def _weight(subject: TableDraft, sheets: Iterable[Sheet]) -> None:
    """Body weight at baseline, from VS."""
    for sheet in sheets:
        if "WEIGHT" not in {t for t, _ in sheet.columns["VSTESTCD"].given} or not {"VSORRES", "VSORRESU"} <= set(sheet.columns):
            continue
        where: dict[str, Any] = {"VSTESTCD": "WEIGHT"}
        visit = sheet.columns.get("VISIT")
        base = [t for t, _ in visit.codes(30) if lexicon.folded(t) in lexicon.words("baseline")] if visit is not None else []
        flag = sheet.columns.get("VSBLFL")
        if flag is not None and flag.n_filled:
            where["VSBLFL"] = "Y"
        elif len(base) == 1:
            where["VISIT"] = base[0]
        else:
            where["VISIT"] = Open("the visit of the baseline weight" + (f": {' or '.join(base)}" if base else ""))
        take = {"weight": "VSORRES", "weight_unit": "VSORRESU"}
        subject.extras.setdefault("join", []).append({"file": sheet.glob, "on": {ID: ID}, "where": where, "take": take})
        subject.fields["weight_kg"] = Said({"from": "weight", "unit": {"from": "weight_unit"}}, "VS, test WEIGHT, with its unit", 90)
        return


def _randomized(subject: TableDraft, sheets: Iterable[Sheet]) -> None:
    """The day of randomization, from DS."""
    for sheet in sheets:
        if "DSSTDTC" in sheet.columns and "RANDOMIZED" in {t for t, _ in sheet.columns["DSDECOD"].given}:
            where = {"DSDECOD": "RANDOMIZED"}
            joined = {"file": sheet.glob, "on": {ID: ID}, "where": where, "take": {"randomized": "DSSTDTC"}}
            subject.extras.setdefault("join", []).append(joined)
            subject.fields["randomized_on"] = Said("randomized", "DS, term RANDOMIZED", 95)
            return


def _findings(name: str, sheet: Sheet, context: Context, scales: Scales, numbers: dict[str, str]) -> list[TableDraft]:
    """QS and RS: each category of tests that is an instrument, and ratings of fear."""
    category = sheet.columns.get(f"{name}CAT")
    cats = [t for t, _ in category.codes(40)] if category is not None else []
    out = []
    for cat in cats or [""]:
        rows = sheet.table.filter(pc.equal(sheet.table[f"{name}CAT"], cat)) if cat else sheet.table
        part = Sheet(sheet.files, sheet.glob, sheet.options, cat or sheet.title, rows,
                     {n: Column.of(n, c.place, rows[n], c.about, typed=c.typed) for n, c in sheet.columns.items()})  # fmt: skip
        where = {f"{name}CAT": cat} if len(cats) > 1 else {}
        if (made := _ratings(name, part, numbers) or _scored(name, part, context, scales)) is not None:
            if where:
                made.extras = {"where": where, **made.extras}
            made.sheet = sheet
            made.used |= set(where)
            out.append(made)
    return out


def _scored(name: str, sheet: Sheet, context: Context, scales: Scales) -> TableDraft | None:
    """One category of an instrument whose item codes are its own."""
    found = questionnaires.long_items(sheet, scales.instruments, scales.asked)
    if found is None or found[0].name != f"{name}TESTCD":
        return None
    item, names = found
    result = next((c for n in (f"{name}STRESN", f"{name}ORRES") if (c := sheet.columns.get(n)) is not None and c.n_filled), None)
    if result is None:
        return None
    instrument: Any = names[0] if len(names) == 1 else Open(" or ".join(names))
    fields: dict[str, Any] = {"instrument": Said({"const": instrument}, "the test codes are its items", 97)}
    if (visit := sheet.columns.get("VISIT")) is not None:
        codes, shows = map_of(visit, scales.visits)
        fields["visit"] = Said({"from": "VISIT", "map": codes} if codes else "VISIT", shows, 95)
    if (day := sheet.columns.get(f"{name}DTC")) is not None:
        fields["assessed_on"] = said(day, read_as("assessment", "assessed_on", day, context), "the standard's name", 0.99)
    fields["item"] = Said(item.name, "the standard's name", 99)
    fields["value"] = said(result, read_as("assessment", "value", result, context), "the standard's name", 0.99)
    used = {ID, item.name, result.name, *columns_of(fields)}
    return TableDraft("assessment", sheet, fields, f"test codes of {', '.join(names)}", 97, {}, used)


def _ratings(name: str, sheet: Sheet, numbers: dict[str, str]) -> TableDraft | None:
    """Ratings of fear, one a row: tests called SUDS... with begin, peak and end in their codes."""
    test = sheet.columns[f"{name}TESTCD"]
    codes: dict[str, str] = {}
    for text, _ in test.given:
        if text.upper().startswith(("SUDS", "SUD")):
            rest = text.upper().removeprefix("SUDS")
            codes |= {field: text for field, words in _FEAR.items() if rest.startswith(words)}
    if "begin" not in codes or "end" not in codes:
        return None
    exercise = next((n for n in (f"{name}GRPID", f"{name}SPID", f"{name}REPNUM") if n in sheet.columns and sheet.columns[n].n_filled), None)
    by = [ID, "VISITNUM", *([exercise] if exercise else [])]
    if exercise is None or not set(by) <= set(sheet.columns) or not all(t in numbers for t, _ in sheet.columns["VISITNUM"].given):
        return None
    result = f"{name}ORRES"
    values = Column.of(result, 0, sheet.table[result], None, typed=False)
    scale = scale_of([values])
    fields: dict[str, Any] = {"session_no": Said("VISITNUM", "VISIT says that it is the session's number", 95)}
    fields["exercise_no"] = Said(exercise, "tells the exercises of a session apart", 85)
    fields |= {f: Said({"from": codes[f], "scale": scale}, f"test code {codes[f]}", 95) for f in ("begin", "peak", "end") if f in codes}
    extras = {"long": {"test": test.name, "value": result, "by": by}}
    return TableDraft("rating", sheet, fields, "ratings of fear, one a row", 95, extras, {*by, test.name, result})
