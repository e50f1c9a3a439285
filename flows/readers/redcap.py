"""REDCap exports (CSV or JSON, codes or labels, flat or one value a row) with their dictionary -> text cells of one instrument, in codes.

What belongs here: rows of an instrument, labels back to codes, what the dictionary says of a field. What does not: cutting the file into
cells (delimited.py, json_records.py), reading the dictionary (redcap_dictionary.py), the API (flows/sources).

`companion` is the data dictionary (an export of one value a row is made flat only with it), `sheet` an instrument: then only its rows and
fields are read, because rows of a repeating instrument leave every other one blank. Without `sheet` the file is read as it is. Two
exports of one project, raw and label, give the same cells. Which cells branching logic hides is worked out from the dictionary
(redcap_hidden.py): no answer is missed where none was asked for, and a value in such a cell is told.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from flows.readers import delimited, json_records, redcap_eav
from flows.readers.cells import ROW, About, Cells, Ragged, ReadOptions, labelled, unreadable
from flows.readers.redcap_dictionary import Dictionary, load
from flows.readers.redcap_hidden import hidden_cells

#: Columns REDCap adds (their names in a label export beside them).
_KEYS = {
    "redcap_event_name": "Event Name",
    "redcap_repeat_instrument": "Repeat Instrument",
    "redcap_repeat_instance": "Repeat Instance",
    "redcap_data_access_group": "Data Access Group",
    "redcap_survey_identifier": "Survey Identifier",
}
_HEADER_LINES = 1
_COMPLETE = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}


def read(path: Path, options: ReadOptions) -> Cells:
    """One instrument (or the whole export) as text cells; `_row` counts the rows of the file.

    Raises ReadError: what the readers of text and JSON raise, an error message of REDCap's API, no dictionary or instrument of that name.
    """
    with path.open("rb") as file:
        start = file.read(64).lstrip(b"\xef\xbb\xbf \r\n")
    if start.startswith((b"ERROR:", b'{"error"')):
        raise unreadable(path, "it holds an error message of REDCap, no data", "look at the message; export it again")
    reader = json_records if start[:1] in (b"[", b"{") else delimited
    plain = replace(options, value_labels="codes", sheet=None)
    cells = reader.read(path, plain)
    dictionary = load(path.parent / options.companion) if options.companion is not None else None
    if dictionary is None:
        if options.sheet is not None:
            raise unreadable(path, f"instrument {options.sheet!r} needs the data dictionary", "name it as `companion`")
        return replace(cells, about={n: About(is_structure=True) for n in cells.table.column_names if n in _KEYS})
    if redcap_eav.is_one(cells):
        cells = redcap_eav.flat(cells, dictionary)
    table = _names_back(cells.table, dictionary, cells.notes)
    table, about, doubtful = _codes_back(table, dictionary, cells.notes)
    titles = {dictionary.title(form): form for form in dictionary.forms}
    hidden = hidden_cells(table, dictionary, titles, doubtful, cells.notes)
    done = replace(cells, table=table, about=about, hidden=hidden)
    if options.sheet is not None:
        done = replace(_instrument(path, done, dictionary, str(options.sheet)), parts=_filled(table, dictionary), part=str(options.sheet))
    return labelled(done, options.value_labels)


def _names_back(table: pa.Table, dictionary: Dictionary, notes: list[str]) -> pa.Table:
    """Field labels in the header become field names, where a label belongs to one column only."""
    known = dictionary.columns() | dict.fromkeys([*_KEYS, ROW], "")
    if sum(name in known for name in table.column_names) * 2 > len(table.column_names):
        return table
    by_label: dict[str, list[str]] = {}
    for name, label in [*dictionary.columns().items(), *_KEYS.items()]:
        by_label.setdefault(label, []).append(name)
    names: list[str] = []
    complete = [n for n in table.column_names if n.partition("#")[0] == "Complete?"]
    statuses = [f"{form}_complete" for form in dictionary.forms]
    in_order = dict(zip(complete, statuses, strict=True)) if len(complete) == len(statuses) else {}
    if in_order:
        notes[:] = [note for note in notes if "is a second 'Complete?'" not in note]
    for name in table.column_names:
        found = [in_order[name]] if name in in_order else by_label.get(name, [])
        again = name in known or len(found) != 1 or found[0] in names
        names.append(name if again else found[0])
        if len(found) > 1:
            notes.append(f"the label {name!r} belongs to {len(found)} fields, so which one a column is may be wrong; it is left as it is")
    notes.append("the header holds field labels; they are read as the names of their fields")
    return table.rename_columns(names)


def _codes_back(table: pa.Table, dictionary: Dictionary, notes: list[str]) -> tuple[pa.Table, dict[str, About], list[str]]:
    """Labels become codes where the column holds labels of its choices and no code; what the dictionary says of each column; and the
    columns that may hold either."""
    about: dict[str, About] = {}
    kinds: dict[str, str] = {}
    fields = dictionary.about()
    for name in table.column_names:
        said = fields.get(name) or (About(is_structure=True) if name in _KEYS else None)
        if said is None and name.endswith("_complete") and name.removesuffix("_complete") in dictionary.forms:
            said = About(label="Complete?", labels=_COMPLETE, is_structure=True)
        if said is None:
            if name != ROW and not name.endswith("_timestamp"):
                notes.append(f"column {name!r} is not in the data dictionary")
            continue
        about[name] = said
        kinds[name] = _kind(table[name], said.labels)
    found = set(kinds.values())
    counted = ("labels", "either") if "codes" not in found and "labels" in found else ("labels",)
    in_labels = [name for name, kind in kinds.items() if kind in counted]
    for name in in_labels:
        table = table.set_column(table.column_names.index(name), name, _to_codes(table[name], about[name].labels))
    if in_labels:
        notes.append(f"{len(in_labels)} column(s) hold labels; they are read as their codes")
    open_ones = [name for name, kind in kinds.items() if kind == "either" and {"labels", "codes"} <= found]
    if open_ones:
        notes.append(f"columns {open_ones} may hold codes or labels, the export holding both; they are read as codes, which may be wrong")
    absent = sorted(set(fields) - set(table.column_names))
    if absent:
        notes.append(f"{len(absent)} field(s) of the data dictionary are not in the export")
    return table, about, open_ones


def _kind(column: pa.ChunkedArray, labels: dict[str, str]) -> str:
    """What a column of choices holds: codes, labels, either (both fit and differ); "" where nothing tells.

    A value that is neither takes nothing from the others: with labels and no code beside it, the column holds labels.
    """
    met = {value for value in pc.unique(column).to_pylist() if value is not None}
    words = list(labels.values())
    foreign = {value for value in met if value not in labels and words.count(value) != 1}
    if foreign and foreign < met and not met & set(labels):
        return "labels"
    as_codes = met <= set(labels)
    as_labels = all(words.count(value) == 1 for value in met)
    if not met or not (as_codes or as_labels) or (as_codes and as_labels and all(labels[v] == v for v in met)):
        return ""
    return "either" if as_codes and as_labels else "codes" if as_codes else "labels"


def _to_codes(column: pa.ChunkedArray, labels: dict[str, str]) -> pa.ChunkedArray:
    found = pc.index_in(column, pa.array([*labels.values()], pa.string())).combine_chunks()
    return pa.chunked_array([pc.coalesce(pa.array([*labels], pa.string()).take(found), column.combine_chunks())], pa.string())


def _filled(table: pa.Table, dictionary: Dictionary) -> tuple[str, ...]:
    """Instruments with an answer; a checkbox that is not ticked (0) is none, nor is a form's status."""
    forms = dict.fromkeys(dictionary.forms, False)
    for name in table.column_names:
        form = dictionary.form_of(name)
        if form in forms and not forms[form] and name not in (dictionary.record_id, f"{form}_complete"):
            cells = table[name].filter(pc.not_equal(table[name], "0")) if dictionary.is_checkbox(name) else table[name]
            forms[form] = len(cells) > cells.null_count
    return tuple(form for form, is_filled in forms.items() if is_filled)


def _instrument(path: Path, cells: Cells, dictionary: Dictionary, wanted: str) -> Cells:
    """Rows and columns of one instrument: its repeats, or the rows outside repeats where one of its fields is filled."""
    if wanted not in dictionary.forms:
        raise unreadable(path, f"there is no instrument {wanted!r}; there are {', '.join(dictionary.forms)}", "correct `sheet`")
    table = cells.table
    header = table.column_names
    mine = [n for n in header if dictionary.form_of(n) == wanted]
    keys = [n for n in header if n in _KEYS or n == dictionary.record_id]
    filled = None
    for name in mine:
        if name == dictionary.record_id or name == f"{wanted}_complete":
            continue
        is_filled = pc.is_valid(table[name])
        if dictionary.is_checkbox(name):
            is_filled = pc.and_(is_filled, pc.not_equal(pc.fill_null(table[name], "0"), "0"))
        filled = is_filled if filled is None else pc.or_(filled, is_filled)
    keep = pc.and_(pc.is_valid(table[ROW]), pc.is_null(table[ROW])) if filled is None else filled
    ragged = [*cells.ragged]
    if "redcap_repeat_instrument" in header:
        repeat = pc.utf8_lower(pc.utf8_trim_whitespace(table["redcap_repeat_instrument"]))
        own = pc.fill_null(pc.is_in(repeat, pa.array([*_called(dictionary, wanted)])), False)
        outside = pc.is_null(repeat)
        keep = pc.or_(own, pc.and_(outside, keep))
        known = pa.array([name for form in dictionary.forms for name in _called(dictionary, form)])
        nobodys = table.filter(pc.invert(pc.or_(outside, pc.fill_null(pc.is_in(repeat, known), True))))[ROW].to_pylist()
        why = "its repeating instrument is not in the data dictionary"
        ragged = sorted([*ragged, *(Ragged(row, row + _HEADER_LINES, why) for row in nobodys)], key=lambda one: one.row)
    ordered = [*keys, *(n for n in mine if n not in keys), ROW]
    kept = table.filter(keep).select(ordered)
    hidden = cells.hidden
    if hidden is not None:
        in_rows, in_columns = pc.is_in(hidden[ROW], kept[ROW].combine_chunks()), pc.is_in(hidden["column"], pa.array(mine, pa.string()))
        hidden = hidden.filter(pc.and_(in_rows, in_columns))
    return replace(cells, table=kept, about={n: a for n, a in cells.about.items() if n in ordered}, hidden=hidden, ragged=ragged)


def _called(dictionary: Dictionary, form: str) -> tuple[str, str]:
    """What an export calls a form, raw and by its label, in lower case."""
    return form.lower(), dictionary.title(form).lower()
