"""SAS transport files, version 5 and 8 -> text cells.

What belongs here: headers, variables, IBM numbers, SAS dates by their format, special missing values.
What does not: other SAS files (sas7bdat), formats that need a catalogue (a code stays its number).

Decided: a plain missing number (.) is a blank cell. A special one (.A to .Z, ._) says why; a mapping gets a blank cell, or with
`user_missing: keep` its text. pyreadstat gives both as missing, so the file is read here.
Layout: SAS Institute, TS-140 (version 5) and TS-140-2 (version 8).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.readers.cells import About, Cells, ReadOptions, column_names, finish, unreadable, without_rows
from flows.readers.moments import as_known, is_sas_instant, sas_part, sas_shown
from flows.readers.zeroed import WHY, Place, overwritten

_RECORD = 80
_HEADER = b"HEADER RECORD*******"
#: Bytes of a whole number; SAS cuts the last ones where a shorter LENGTH is set.
_DOUBLE = 8
#: Bytes in which seconds since 1960 are no longer whole.
_SHORT = 4
_SPECIAL = tuple(f".{chr(code)}" for code in (0x5F, *range(0x41, 0x5B)))


@dataclass(frozen=True)
class _Variable:
    name: bytes
    is_text: bool
    length: int
    start: int
    format: str
    label: bytes = b""


def read(path: Path, options: ReadOptions) -> Cells:
    """The one table of a transport file as text cells; encoding UTF-8, else windows-1252, unless declared.

    Raises ReadError: a cut or damaged file, several tables in one file, a declared encoding that does not fit.
    """
    data = path.read_bytes()
    try:
        variables, start, told = _layout(path, data)
    except (ValueError, struct.error, LookupError):
        raise unreadable(path, "its SAS transport headers are damaged", "export it again as a version 5 file") from None
    rows = _rows(path, data[start:], max(v.start + v.length for v in variables), told)
    notes: list[str] = []
    encoding = _encoding(path, [v.name for v in variables], variables, rows, options.encoding, notes)
    names = column_names([v.name.decode(encoding) for v in variables], notes)
    columns: list[pa.ChunkedArray] = []
    about: dict[str, About] = {}
    for name, variable in zip(names, variables, strict=True):
        column = _column(rows, variable, encoding)
        seen = () if variable.is_text else tuple(sorted(set(_SPECIAL) & set(pc.unique(column).to_pylist())))
        about[name] = About(variable.label.decode(encoding, "replace"), missing=seen, seen=seen)
        if seen and options.user_missing == "blank":
            column = pc.if_else(pc.is_in(column, pa.array(seen, pa.string())), pa.scalar(None, pa.string()), column)
            notes.append(f"column {name!r} holds special missing values; they are read as blank")
        if not variable.is_text and variable.length <= _SHORT and is_sas_instant(variable.format):
            notes.append(f"column {name!r} keeps {variable.length} bytes of its clock times, exact to minutes only, so they may be wrong")
        columns.append(pa.chunked_array([column], pa.string()))
    numbers = np.arange(1, len(rows) + 1, dtype=np.int64)
    found = finish(names, columns, numbers, options, notes, encoding=encoding, about=about)
    places = [Place(v.start, v.length, "blank" if v.is_text else "ibm", sas_shown(v.format)(0.0).startswith("1960")) for v in variables]
    return without_rows(found, (overwritten(rows, places) + 1).tolist(), WHY, options)


def _layout(path: Path, data: bytes) -> tuple[list[_Variable], int, int | None]:
    """The variables, where the rows start, and how many rows version 8 says there are."""
    headers = [at for at in range(0, len(data), _RECORD) if data.startswith(_HEADER, at)]
    kinds = {data[at + len(_HEADER) : at + len(_HEADER) + 8].strip(): at for at in headers}
    if sum(data.startswith(_HEADER + b"MEMB", at) for at in headers) != 1:
        raise unreadable(path, "it holds several tables, or none", "export each table to a file of its own")
    version_8 = b"OBSV8" in kinds
    members = kinds[b"MEMBV8" if version_8 else b"MEMBER"]
    names = kinds[b"NAMSTV8" if version_8 else b"NAMESTR"]
    size = int(data[members + 74 : members + 78])
    count = int(data[names + 48 : names + 58])
    variables: list[_Variable] = []
    start = 0
    for at in range(names + _RECORD, names + _RECORD + size * count, size):
        variables.append(_variable(data[at : at + size], version_8, start))
        start += variables[-1].length
    if not variables:
        raise unreadable(path, "it has no variables", "export it again")
    rows_at = kinds[b"OBSV8" if version_8 else b"OBS"]
    told = data[rows_at + 48 : rows_at + 63].strip() if version_8 else b""
    return variables, rows_at + _RECORD, int(told) if told.isdigit() else None


def _variable(record: bytes, version_8: bool, start: int) -> _Variable:
    """One variable. Its place is counted, as ReadStat does: the position files state is wrong in those of SAS's own macro."""
    kind, _, length, _ = struct.unpack(">4h", record[:8])
    if kind not in (1, 2) or length < 1 or (kind == 1 and length > 8):  # 1 a number of at most 8 bytes, 2 text (TS-140)
        raise ValueError
    name = (record[88:120] if version_8 else b"").strip(b" \0") or record[8:16].strip(b" \0")
    return _Variable(name, kind == 2, length, start, record[56:64].decode("latin-1").strip(" \0").upper(), record[16:56].strip(b" \0"))


def _rows(path: Path, data: bytes, width: int, told: int | None) -> npt.NDArray[np.uint8]:
    """Rows x bytes; blanks that fill the last 80-byte record are no rows."""
    count = len(data) // width
    rest = data[count * width :]
    if told is not None and told <= count:
        count, rest = told, b""
    elif told is not None or rest.strip(b" ") or len(data) % _RECORD:
        raise unreadable(path, "it ends in the middle of a row: the file is cut", "fetch or export it again")
    rows = np.frombuffer(data, np.uint8, count * width).reshape(count, width)
    filler = 0
    while told is None and filler < count and (filler + 1) * width + len(rest) < _RECORD and (rows[-1 - filler] == 32).all():
        filler += 1
    return rows[: count - filler]


def _encoding(
    path: Path,
    names: list[bytes],
    variables: list[_Variable],
    rows: npt.NDArray[np.uint8],
    declared: str | None,
    notes: list[str],
) -> str:
    """Transport files do not say their encoding: the declared one, else strict UTF-8, else windows-1252."""
    texts = {v.name: _texts(rows, v) for v in variables if v.is_text}
    whole = [*names, *(b"\n".join(set(cells)) for cells in texts.values())]
    for encoding in [declared] if declared is not None else ["utf-8", "cp1252", "latin-1"]:
        try:
            for text in whole:
                text.decode(encoding)
        except (UnicodeError, LookupError):
            continue
        if encoding != (declared or "utf-8"):
            notes.append(f"the text is not UTF-8; read as {encoding}, a guess: declare its encoding")
        return encoding
    raise unreadable(path, f"the declared encoding {declared} does not fit its bytes", "declare the encoding it has")


def _texts(rows: npt.NDArray[np.uint8], variable: _Variable) -> list[bytes]:
    cut = np.ascontiguousarray(rows[:, variable.start : variable.start + variable.length])
    cells: list[bytes] = cut.view(f"S{variable.length}").ravel().tolist()
    return [cell.rstrip(b" \0") for cell in cells]


def _column(rows: npt.NDArray[np.uint8], variable: _Variable, encoding: str) -> pa.Array:
    if variable.is_text:
        return pa.array([cell.decode(encoding) or None for cell in _texts(rows, variable)], pa.string())
    padded = np.zeros((len(rows), 8), np.uint8)
    padded[:, : variable.length] = rows[:, variable.start : variable.start + variable.length]
    bits, places = np.unique(padded.view(">u8").ravel().astype(np.uint64), return_inverse=True)
    shown = sas_shown(variable.format)
    texts = as_known([_number(int(value), shown, variable.length) for value in bits], sas_part(variable.format))
    return pa.array(texts, pa.string()).take(pa.array(places, pa.int64()))


def _number(bits: int, shown: Callable[[float], str], length: int) -> str | None:
    """An IBM double (sign, exponent of 16, 56 bits of fraction) or a missing value as text; `length`: bytes that the file keeps of it."""
    first, fraction = bits >> 56, bits & (2**56 - 1)
    if not fraction and first in (0x2E, 0x5F, *range(0x41, 0x5B)):
        return None if first == 0x2E else f".{chr(first)}"
    size = 16.0 ** ((first & 0x7F) - 64 - 14)
    value = float(fraction) * size
    if length < _DOUBLE and not value.is_integer():
        value = _shortest(value, size * 256.0 ** (_DOUBLE - length))
    return shown(-value if first & 0x80 else value)


def _shortest(value: float, step: float) -> float:
    """The number with the fewest digits that SAS cuts to `value` where it keeps less than a whole double: 0.1, not 0.09999."""
    for digits in range(1, 17):
        near = float(f"{value:.{digits}g}")
        for one in (near, float(f"{value + step / 2:.{digits}g}")):
            if value <= one < value + step:
                return one
    return value
