"""SAS transport files, version 8 and 5.

What belongs here: headers, variables, IBM numbers. What does not: what all formats of fixed width share (fixed.py), reading
(flows/readers/xpt.py).

Decided: version 8 unless 5 is asked for. Version 5 has names of 8, labels of 40 and text of 200 bytes: a longer text goes on in further
variables (AETERM, AETERM1, ...), a longer label ends at a word and stands whole in variables.csv; both are told. A missing text is
blank, a missing number is the plain missing value. Text is UTF-8, which the format cannot say. Numbers of every size but beyond
7e75 and below 5e-79 are exact: 56 bits hold a double's 53. The date in the headers is the release's, so that bytes repeat.
Layout: SAS Institute, TS-140 (version 5) and TS-140-2 (version 8).
"""

from __future__ import annotations

import datetime as dt
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from flows.exports import fixed
from flows.exports.fixed import Bytes, Numbers
from flows.exports.source import ExportError, Source, Variable, quoted

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FORMATS = {"Date": ("E8601DA", 10, 0), "Datetime": ("E8601DT", 26, 6)}
_LARGEST, _SMALLEST = 16.0**63 * (1 - 2.0**-53), 16.0**-65


@dataclass(frozen=True)
class _Limits:
    name: int
    label: int
    text: int


LIMITS = {5: _Limits(8, 40, 200), 8: _Limits(32, 256, 32767)}


@dataclass(frozen=True)
class _Field:
    """One variable of the file; `part` is its number where a text goes on over several."""

    variable: Variable
    name: str
    label: str
    width: int
    part: int = 0


def write(source: Source, path: Path, version: int = 8) -> None:
    """Write one file. Raises ExportError for a name, a label or a value that cannot be kept."""
    limits = LIMITS[version]
    fixed.whole_numbers(source)
    fixed.tell_blanks(source, pads=True)
    split = _split(source, limits)
    fields = _fields(source, limits, split)
    lost: dict[str, int] = {}
    with path.open("wb") as out:
        head = _head(source, fields, version)
        out.write(head)
        size = 0
        for batch in source.batches():
            block = np.concatenate([_bytes(batch.column(f.variable.name), f, split, lost) for f in fields], axis=1)
            size += block.size
            out.write(block.tobytes())
        out.write(b" " * (-size % 80))
    fixed.tell_instants(source, lost)
    fixed.tell_codes(source, "in codes.csv, as SAS formats to be made of it, not in the file")


def _split(source: Source, limits: _Limits) -> dict[str, dict[str, list[str]]]:
    """Variable -> its long texts in parts."""
    out = {}
    for v in source.variables:
        measured = source.measure(v.name)
        if v.type == "Text" and measured.max_bytes > limits.text:
            c = quoted(v.name)
            texts = source.con.execute(f"select distinct {c} from {source.relation} where strlen({c}) > $1", [limits.text]).fetchall()
            out[v.name] = fixed.parts((t for (t,) in texts), limits.text)
        if measured.n_not_ascii:
            source.note(v.name, "text beyond ASCII is UTF-8, which the format cannot say: read it as UTF-8", measured.n_not_ascii)
        if measured.largest > _LARGEST or 0 < measured.smallest < _SMALLEST:
            raise ExportError(f"{source.name}.{v.name}: a number is beyond what SAS transport files hold (5e-79 to 7e75)")
    return out


def _fields(source: Source, limits: _Limits, split: dict[str, dict[str, list[str]]]) -> list[_Field]:
    out: list[_Field] = []
    taken = {v.name for v in source.variables}
    for v in source.variables:
        if len(v.name.encode()) > limits.name:
            raise ExportError(f"{source.name}.{v.name}: the name is longer than {limits.name} bytes\n  fix   -> --xpt 8")
        label = _label(source, v, limits.label)
        if v.name not in split:
            out.append(_Field(v, v.name, label, max(source.measure(v.name).max_bytes, 1) if v.type == "Text" else 8))
            continue
        n = max(map(len, split[v.name].values()))
        names = [v.name, *(_free(v.name, k, limits.name, taken) for k in range(1, n))]
        source.note(v.name, f"texts longer than {limits.text} bytes go on in {', '.join(names[1:])}", len(split[v.name]))
        out += [_Field(v, name, label, limits.text, part) for part, name in enumerate(names)]
    return out


def _free(name: str, number: int, width: int, taken: set[str]) -> str:
    found = f"{name[: width - len(str(number))]}{number}"
    if found in taken:
        raise ExportError(f"{name}: its long texts need a further variable {found}, which there is already\n  fix   -> --xpt 8")
    taken.add(found)
    return found


def _label(source: Source, variable: Variable, width: int) -> str:
    """The label, or its first words where it is too long."""
    if len(variable.label.encode()) <= width:
        return variable.label
    cut = variable.label.encode()[: width + 1].decode("utf-8", "ignore")
    cut = cut[: cut.rfind(" ")] if " " in cut else cut[:width]
    source.note(variable.name, f"the label is longer than {width} bytes; written: {cut!r}, whole in variables.csv")
    return cut


def _bytes(column: pa.Array, told: _Field, split: dict[str, dict[str, list[str]]], lost: dict[str, int]) -> Bytes:
    variable = told.variable
    if variable.type != "Text":
        values, n = fixed.numbers(column, variable, fixed.SAS_EPOCH)
        lost[variable.name] = lost.get(variable.name, 0) + n
        return ibm(values).view(np.uint8).reshape(len(values), 8)
    if variable.name in split:
        known = split[variable.name]
        texts = [None if t is None else known.get(t, [t]) for t in column.to_pylist()]
        column = pa.array([t[told.part] if t is not None and told.part < len(t) else None for t in texts], pa.string())
    return fixed.text_block(column, told.width, 0x20)


def ibm(values: Numbers) -> np.ndarray:
    """Doubles as IBM doubles (big-endian 64 bits); NaN is the plain missing value."""
    missing = np.isnan(values)
    fraction, exponent = np.frexp(np.where(missing, 0.0, np.abs(values)))  # fraction in [0.5, 1)
    power = -(-exponent // 4)  # the power of 16 that is not below the number
    bits = np.ldexp(fraction, exponent - 4 * power + 56).astype(np.uint64)
    sign = np.where(np.signbit(values) & (fraction != 0), 128, 0)
    first = np.where(fraction == 0, 0, power + 64) | sign
    out = (first.astype(np.uint64) << np.uint64(56)) | bits
    return np.where(missing, np.uint64(0x2E) << np.uint64(56), out).astype(">u8")


def _head(source: Source, fields: list[_Field], version: int) -> bytes:
    """All records before the first row."""
    kinds = ("LIBRARY", "MEMBER", "DSCRPTR", "NAMESTR", "OBS") if version == 5 else ("LIBV8", "MEMBV8", "DSCPTV8", "NAMSTV8", "OBSV8")
    at = dt.datetime.fromisoformat(source.as_of).astimezone(dt.UTC)
    when = f"{at.day:02d}{_MONTHS[at.month - 1]}{at.year % 100:02d}:{at:%H:%M:%S}".encode()
    width = LIMITS[version].name
    name = source.name.upper().encode()
    if len(name) > width or len(source.title.encode()) > 40:
        raise ExportError(f"{source.name}: its name or title is too long for a SAS transport file")
    system = b"9.4     " + b"Linux   "
    out = [
        _record(kinds[0], "0" * 30), b"SAS     SAS     SASLIB  " + system + b" " * 24 + when, when.ljust(80),
        _record(kinds[1], "000000000000000001600000000140"), _record(kinds[2], "0" * 30),
        b"SAS     " + name.ljust(width) + b"SASDATA " + system + (b" " * 24 if version == 5 else b"") + when,
        when + b" " * 16 + source.title.encode().ljust(40) + b" " * 8,
        _record(kinds[3], f"{len(fields):010d}" + "0" * 20),
    ]  # fmt: skip
    place = 0
    variables = b""
    for number, f in enumerate(fields, start=1):
        variables += _variable(f, number, place, version)
        place += f.width
    out.append(_padded(variables))
    long = [(n, f) for n, f in enumerate(fields, start=1) if len(f.label.encode()) > 40]
    if long:
        out.append(_record("LABELV8", f"{len(long):<30d}"))
        labels = [(n, f.name.encode(), f.label.encode()) for n, f in long]
        out.append(_padded(b"".join(struct.pack(">3H", n, len(a), len(b)) + a + b for n, a, b in labels)))
    out.append(_record(kinds[4], "0" * 30 if version == 5 else f"{source.rows:15d}".ljust(30)))
    return b"".join(out)


def _record(kind: str, numbers: str) -> bytes:
    return f"HEADER RECORD*******{kind:8s}HEADER RECORD!!!!!!!{numbers:32s}".encode()


def _variable(told: _Field, number: int, place: int, version: int) -> bytes:
    name, label = told.name.encode(), told.label.encode()
    shown, width, decimals = _FORMATS.get(told.variable.type, ("", 0, 0))
    out = struct.pack(">4h", 2 if told.variable.type == "Text" else 1, 0, told.width, number)
    out += name[:8].ljust(8) + label[:40].ljust(40) + shown.encode().ljust(8)
    out += struct.pack(">3h", width, decimals, 0) + b"\0\0" + shown.encode().ljust(8) + struct.pack(">2hi", width, decimals, place)
    return out + (b"\0" * 52 if version == 5 else name.ljust(32) + struct.pack(">H", len(label)) + b"\0" * 18)


def _padded(content: bytes) -> bytes:
    return content + b" " * (-len(content) % 80)
