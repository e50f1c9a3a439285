"""JSON and NDJSON -> text cells: a list of records, such as REDCap's API or a survey tool sends.

What belongs here: finding the records, objects in records as `a.b`, lists of plain values as `a.1`.
What does not: exact JSON (json_text.py), CDISC Dataset-JSON, which is told by its content and read by dataset_json.py.

`sheet` is the path to the records, keys joined by `/`; lists on the way are gone through, and what their objects hold beside the path is
carried along as `key.column`. Without it: a list, or the one list of objects that the document holds. What a server says beside the list
(`total`, `next`, `error`) is held against it: a page is not the whole export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from flows.readers import broken_off
from flows.readers.cells import About, Cells, Ragged, ReadOptions, column_names, finish, unreadable
from flows.readers.dataset_json import from_document, is_dataset
from flows.readers.json_text import Keys, Number, document, scalar

#: What a server says beside a list of records: how many there are in all, that there are more, that something failed.
_TOTALS = ("total", "count", "totalcount", "totalrecords", "totalelements", "totalresults", "recordcount", "@odata.count")
_MORE = ("next", "nextpage", "nextlink", "nexturl", "nexttoken", "nextcursor", "hasmore", "hasnext", "istruncated", "@odata.nextlink")
_FAILED = ("error", "errors", "errormessage")
_PAGES = ("page", "pages", "perpage", "pagesize", "limit", "offset", "size", "totalpages", "previous", "prev")
_ENVELOPES = ("meta", "metadata", "links", "paging", "pagination", "page", "info", "response", "result", "results")
_A_LINE_EACH = (".ndjson", ".jsonl")
Record = tuple[int, Any, dict[str, Any]]


def read(path: Path, options: ReadOptions) -> Cells:
    """The records as text cells; `_row` counts records, `line` of a bad one is its line (NDJSON) or its number.

    Raises ReadError: no JSON, no list of records, several and none named, an error message in the place of the last record.
    """
    notes: list[str] = []
    data = path.read_bytes()
    if not data.strip() and path.name.lower().endswith(_A_LINE_EACH):
        notes.append("the file is empty, as a list without a record is in this format; a failed export looks the same, so it may be cut")
        return _table(path, (), options, notes, "utf-8", None)
    first, lines, encoding = document(path, data, options.encoding, notes)
    if isinstance(first, dict) and is_dataset(first):
        return from_document(path, first, lines, options, notes, encoding)
    wanted = None if options.sheet is None else str(options.sheet)
    if lines is not None or (path.name.lower().endswith(_A_LINE_EACH) and isinstance(first, dict)):
        records: Iterable[Record] = _lined(first, lines or iter(()))
    else:
        records = _found(path, first, wanted, notes)
    return _table(path, records, options, notes, encoding, broken_off.message_line(data) if lines is not None else None)


def record_lists(path: Path) -> list[str]:
    """Paths of the lists of records that a document holds; empty where it is one list, or a record a line."""
    first, lines, _ = document(path, path.read_bytes(), None, [])
    alone = lines is None and isinstance(first, dict) and not path.name.lower().endswith(_A_LINE_EACH)
    return [*_lists(first)] if alone and not is_dataset(first) else []


_ONE_EACH = 'export a list of records, an object each: [{"subject": "01", ...}, ...] (pandas: to_json(orient="records"))'


def _lined(first: Any, lines: Iterator[tuple[int, Any]]) -> Iterator[Record]:
    yield 1, first, {}
    for line, value in lines:
        yield line, value, {}


def _found(path: Path, whole: Any, wanted: str | None, notes: list[str]) -> Iterator[Record]:
    if wanted is None and isinstance(whole, dict):
        paths = [p for p in _lists(whole) if p.rpartition("/")[2].lower() not in _FAILED]
        if len(paths) != 1:
            several = f"several lists of records: {', '.join(paths)}" if paths else "no list of records"
            todo = "set `sheet` to the path of the records, such as data/records" if paths else _ONE_EACH
            raise unreadable(path, f"it holds {several}", todo)
        wanted = paths[0]
    found = [*_walk([({}, whole)], wanted.split("/") if wanted else [])]
    if not found and wanted and not _reaches([whole], wanted.split("/")):
        raise unreadable(path, f"there is nothing at {wanted!r}", "set `sheet` to the path of the records, such as data/records")
    if wanted is None and not isinstance(whole, list):
        raise unreadable(path, "it is no list of records", _ONE_EACH)
    if found and not any(isinstance(value, dict | ValueError) for _, value in found):
        raise unreadable(path, "its records are no objects, so that nothing says which value is what", _ONE_EACH)
    notes.extend(_said_beside(whole, wanted.split("/") if wanted else []))
    return ((number, value, above) for number, (above, value) in enumerate(found, start=1))


def _plain(key: str) -> str:
    return key.lower().replace("_", "").replace("-", "")


def _said_beside(whole: Any, keys: list[str]) -> Iterator[str]:
    """What a document says of its records, beside the first list on their path, that they do not bear out."""
    said: list[tuple[str, Any]] = []
    for key in keys:
        if isinstance(whole, dict):
            said += [(k, v) for k, v in whole.items() if k != key]
            said += [(k, v) for name, inner in said if isinstance(inner, dict) and _plain(name) in _ENVELOPES for k, v in inner.items()]
            whole = whole.get(key)
    there = len(whole) if isinstance(whole, list) else 0
    for key, value in said:
        plain = _plain(key)
        if plain in _TOTALS and isinstance(value, Number) and value != str(there):
            yield f"it says {key} {value}, but holds {there} records, so it may be cut: ask for all pages"
        elif plain in _MORE and value not in (None, False, "", [], {}):
            yield f"it says that more records follow ({key}), so it may be cut: ask for all pages"
        elif plain in _FAILED and value not in (None, False, "", [], {}):
            yield f"it tells of a failure ({key}), so it may be cut: look at the file, export it again"


def _lists(whole: dict[str, Any], above: str = "") -> Iterator[str]:
    """Paths of lists of objects within objects."""
    for key, value in whole.items():
        if isinstance(value, list) and (not value or any(isinstance(v, dict) for v in value)):
            yield above + key
        elif isinstance(value, dict):
            yield from _lists(value, f"{above}{key}/")


def _reaches(values: list[Any], keys: list[str]) -> bool:
    """Does the path exist at all (it may lead to an empty list)?"""
    for key in keys:
        flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
        values = [value[key] for value in flat if isinstance(value, dict) and key in value]
    return bool(values)


def _walk(values: list[tuple[dict[str, Any], Any]], keys: list[str], name: str = "record") -> Iterator[tuple[dict[str, Any], Any]]:
    """The records at the end of the path, each with what stands beside the path above it."""
    for above, value in values:
        for one in value if isinstance(value, list) else [value]:
            if not keys:
                yield above, one
            elif isinstance(one, dict) and keys[0] in one:
                beside = {f"{name}.{k}": v for k, v in one.items() if k != keys[0] and not isinstance(v, list | dict)}
                yield from _walk([(above | beside, one[keys[0]])], keys[1:], keys[0])


def _table(
    path: Path, records: Iterable[Record], options: ReadOptions, notes: list[str], encoding: str, message: int | None
) -> Cells:
    rows: list[dict[str, str | None]] = []
    numbers: list[int] = []
    bad: list[Ragged] = []
    unread: dict[str, None] = {}
    header: dict[str, None] = {}
    structure: set[str] = set()
    for row, (line, record, above) in enumerate(records, start=1):
        why = "it is no JSON" if isinstance(record, ValueError) else None if isinstance(record, dict) else "it is no object"
        if why is None and isinstance(record, Keys) and record.twice is not None:
            why = f"key {record.twice!r} is given twice with different values"
        if why is not None:
            bad.append(Ragged(row, line, why))
            continue
        cells = {key: scalar(value) for key, value in above.items()}
        structure |= {key for key in above if _plain(key.rpartition(".")[2]) in (*_TOTALS, *_MORE, *_FAILED, *_PAGES)}
        cells |= dict(_flat(record, "", unread))
        header |= dict.fromkeys(cells)
        rows.append(cells)
        numbers.append(row)
    if _ends_in_failure(rows):
        raise broken_off.broke_off(path, "its last record")
    broken_off.refuse(path, message, [(r.row, r.line) for r in bad], numbers)
    if unread:
        notes.append(f"lists of records in the records are not read: {', '.join(unread)}; read them with `sheet`")
    names = column_names([*header], notes)
    columns = [pa.chunked_array([pa.array([row.get(key) for row in rows], pa.string())], pa.string()) for key in header]
    about = {name: About(is_structure=True) for name, key in zip(names, header, strict=True) if key in structure}
    return finish(names, columns, np.array(numbers, np.int64), options, notes, encoding=encoding, ragged=bad, about=about)


def _ends_in_failure(rows: list[dict[str, str | None]]) -> bool:
    """The last record tells of a failure, and shares no key with those before."""
    if len(rows) < 2 or not any(_plain(key) in _FAILED for key in rows[-1]):
        return False
    return not any(rows[-1].keys() & row.keys() for row in rows[:-1])


def _flat(value: dict[str, Any], above: str, unread: dict[str, None]) -> Iterator[tuple[str, str | None]]:
    for key, inner in value.items():
        name = f"{above}{key}"
        if isinstance(inner, dict):
            yield from _flat(inner, f"{name}.", unread)
        elif isinstance(inner, list) and any(isinstance(v, list | dict) for v in inner):
            unread[name] = None
        elif isinstance(inner, list):
            yield from ((f"{name}.{n}", scalar(v)) for n, v in enumerate(inner, start=1))
        else:
            yield name, scalar(inner)
