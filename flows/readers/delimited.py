"""Delimited text (csv, tsv, semicolons ...) -> text cells, fast for plain files and exact for odd ones.

What belongs here: delimiter, header line, cutting into cells with pyarrow, ragged rows one by one.
What does not: bytes to text (encoding.py), quotes out of order (quotes.py), what a cell means (the mapping).

Memory: the file's bytes and the Arrow table, about two to three times the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as arrow_csv

from flows.readers import broken_off
from flows.readers.cells import Cells, Ragged, ReadOptions, column_names, finish, unreadable
from flows.readers.encoding import to_utf8
from flows.readers.quotes import MARK, Dialect, Tidy, lines_of, split_row, tidy

_DELIMITERS = (b",", b";", b"\t", b"|")
_BLOCK = 8 * 2**20
_LINE_END = re.compile(rb"\r\n|\n|\r")
_SEP_LINE = re.compile(rb"\"?sep=(.)\"?(?:\r\n|\n|\r|$)", re.IGNORECASE)


def read(path: Path, options: ReadOptions) -> Cells:
    """One delimited file as text cells.

    Raises ReadError: declared encoding that does not fit, no header line, nothing that can be read.
    """
    notes: list[str] = []
    data, encoding = to_utf8(path, path.read_bytes(), options.encoding, notes)
    start, hinted = _header_start(path, data, options, notes)
    delimiter = _delimiter(path, data, start, options, hinted, notes)
    quote = options.quote.encode()
    cells, end, why = split_row(data, start, Dialect(delimiter, quote, 1))
    if why is not None:
        raise unreadable(path, f"the header in line {options.header_row} cannot be read: {why}", "check the header line")
    header = [cell.decode("utf-8") for cell, _ in cells]
    for _ in range(options.header_rows - 1):
        below, end, why = split_row(data, end, Dialect(delimiter, quote, 1))
        if why is not None or len(below) != len(header):
            raise unreadable(path, f"the header takes {options.header_rows} lines that do not fit", "correct header_rows")
        header = [f"{upper} {cell.decode('utf-8').strip()}".strip() for upper, (cell, _) in zip(header, below, strict=True)]
    if not any(cell.strip() for cell in header):
        raise unreadable(path, f"line {options.header_row}, where the header should be, is blank", "set header_row")
    names = column_names([*header], notes)
    if data[end:].strip() and not data.endswith((b"\n", b"\r")):
        notes.append("the last line has no line end, so the file may be cut")
    first_line = len(_LINE_END.findall(data, 0, end))
    spaced = len(cells) > 1 and all(cell.startswith(b" ") for cell, _ in cells[1:])
    dialect = Dialect(delimiter, quote, len(names), spaced)
    ready = tidy(data[end:], dialect)
    broken_off.refuse_last_line(path, data)
    message = broken_off.message_line(data)
    del data
    return _cut(path, ready, dialect, names, first_line, encoding, options, notes, message)


def _header_start(path: Path, data: bytes, options: ReadOptions, notes: list[str]) -> tuple[int, bytes | None]:
    """Where the header's line starts, and the delimiter of a leading `sep=;` line as Excel writes it."""
    hint = _SEP_LINE.match(data)
    if hint and options.header_row == 1:
        notes.append("line 1 names the delimiter (sep=); the header is line 2")
        return hint.end(), hint[1]
    start = 0
    for _ in range(options.header_row - 1):
        found = _LINE_END.search(data, start)
        if found is None or found.end() == len(data):
            raise unreadable(path, f"there is no line {options.header_row}, where the header should be", "set header_row")
        start = found.end()
    return start, hint[1] if hint else None


def _delimiter(
    path: Path, data: bytes, start: int, options: ReadOptions, hinted: bytes | None, notes: list[str]
) -> bytes:
    """The declared delimiter, else the one met most often in the header line outside quotes."""
    if options.delimiter is not None or hinted is not None:
        delimiter = options.delimiter.encode() if options.delimiter is not None else hinted or b""
        if len(delimiter) != 1 or len(options.quote.encode()) > 1:
            raise unreadable(path, "delimiter and quote must be one plain (ASCII) character", "correct the site's file")
        return delimiter
    found = _LINE_END.search(data, start)
    line = data[start : found.start() if found else len(data)]
    if options.quote:
        quote = re.escape(options.quote.encode())
        line = re.sub(quote + b"[^" + quote + b"]*" + quote, b"", line)
    best = max(_DELIMITERS, key=line.count)
    if not line.count(best):
        notes.append("the header holds no delimiter: one column")
    return best


@dataclass
class _Odd:
    """Collects the rows pyarrow cannot cut: their number, first cell (for end_at) and the reason."""

    ready: Tidy
    delimiter: str
    rows: list[int] = field(default_factory=list)
    why: list[str] = field(default_factory=list)
    firsts: list[str] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)

    def __call__(self, row: arrow_csv.InvalidRow) -> str:
        if not row.text.strip():
            self.blank.append(row.number)
            return "skip"
        taken_out = row.text.startswith(MARK)
        first = row.text.split(self.delimiter, 1)[0]
        self.rows.append(row.number)
        self.why.append(
            self.ready.taken_out[int(first.removeprefix(MARK))]
            if taken_out
            else f"{row.actual_columns} cells where the header has {row.expected_columns}"
        )
        self.firsts.append("" if taken_out else first.strip('"'))
        return "skip"


def _cut(
    path: Path,
    ready: Tidy,
    dialect: Dialect,
    names: list[str],
    first_line: int,
    encoding: str,
    options: ReadOptions,
    notes: list[str],
    message: int | None,
) -> Cells:
    """Let pyarrow cut the rows, then give every row its true number. Raises ReadError where the error `message` in that line is no row."""
    odd = _Odd(ready, dialect.delimiter.decode())
    table = _arrow(path, ready, dialect, names, odd)
    total = table.num_rows + len(odd.rows) + len(odd.blank)
    numbers = np.arange(1, total + 1, dtype=np.int64)
    blank = np.array(odd.blank, np.int64)
    bad = np.array(odd.rows, np.int64)
    good = np.delete(numbers, np.concatenate([blank, bad]) - 1)
    lines = lines_of(ready.body, dialect, bad) + first_line + 1 if len(bad) else bad
    true_bad = _without(bad, blank).tolist()
    if message is not None:
        broken_off.refuse(path, message, [*zip(bad.tolist(), lines.tolist(), strict=True)], good.tolist())
    ragged = [Ragged(row, line, why) for row, line, why in zip(true_bad, lines.tolist(), odd.why, strict=True)]
    firsts = dict(zip(true_bad, odd.firsts, strict=True))
    return finish(
        names,
        table.columns,
        _without(good, blank),
        options,
        notes,
        encoding=encoding,
        ragged=ragged,
        ragged_firsts=firsts,
    )


def _without(rows: npt.NDArray[np.int64], blank: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Row numbers when lines of spaces are not counted as rows."""
    return rows - np.searchsorted(blank, rows) if len(blank) else rows


def _arrow(path: Path, ready: Tidy, dialect: Dialect, names: list[str], odd: _Odd) -> pa.Table:
    if not ready.body.strip(b"\r\n"):
        return pa.table({name: pa.array([], pa.string()) for name in names})
    parse = arrow_csv.ParseOptions(
        delimiter=dialect.delimiter.decode(),
        quote_char=dialect.quote.decode() if dialect.quote and dialect.quote in ready.body else False,
        newlines_in_values=ready.inner_newlines,
        invalid_row_handler=odd,
    )
    convert = arrow_csv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        check_utf8=False,
    )
    for block in (min(_BLOCK, len(ready.body) + 1), min(len(ready.body) + 1, 2**31 - 2**16)):
        reading = arrow_csv.ReadOptions(use_threads=False, block_size=block, column_names=names)
        try:
            return arrow_csv.read_csv(pa.BufferReader(ready.body), reading, parse, convert)
        except pa.ArrowInvalid as error:
            if "straddl" not in str(error):
                break
            for seen in (odd.rows, odd.why, odd.firsts, odd.blank):
                seen.clear()
    raise unreadable(path, "its rows cannot be cut into cells", "open it in a text editor and check quotes and line ends")
