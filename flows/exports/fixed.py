"""Columns as bytes of a fixed width: what SAS transport, SPSS and Stata files have in common.

What belongs here: text to padded bytes, text in parts, numbers of dates and instants. What does not: a format's own layout.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.exports.source import ExportError, Source, Variable

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]
_EPOCH = dt.date(1970, 1, 1)
SAS_EPOCH, SPSS_EPOCH = dt.date(1960, 1, 1), dt.date(1582, 10, 14)


def text_block(column: pa.Array, width: int, fill: int) -> Bytes:
    """Rows x width bytes of UTF-8, filled at the end; a null is all filling. Raises ExportError for a text that is longer."""
    column = pc.fill_null(column.cast(pa.string()), "")
    lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
    if len(lengths) and int(lengths.max()) > width:
        raise ExportError(f"a text of {int(lengths.max())} bytes does not fit {width}: the data changed while they were written")
    out = np.full((len(column), width), fill, np.uint8)
    if width and len(column):
        offsets = np.frombuffer(column.buffers()[1], np.int32, len(column) + 1, column.offset * 4)
        data = column.buffers()[2]
        used = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]] if data is not None else np.zeros(0, np.uint8)
        out[np.arange(width) < lengths[:, None]] = used
    return out


def numbers(column: pa.Array, variable: Variable, epoch: dt.date, per_day: float = 1.0, per_second: float = 1.0) -> tuple[Numbers, int]:
    """A column as doubles, NaN where it is null; dates count days times `per_day`, instants seconds times `per_second` since `epoch`.

    Also how many instants would not come back to the microsecond.
    """
    missing = pc.is_null(column).to_numpy(zero_copy_only=False)
    lost = 0
    if variable.type == "Date":
        days = pc.fill_null(column.cast(pa.int32()), 0).to_numpy(zero_copy_only=False).astype(np.float64)
        values = (days + (_EPOCH - epoch).days) * per_day
    elif variable.type == "Datetime":
        micros = pc.fill_null(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        offset = (_EPOCH - epoch).days * 86_400
        whole, rest = np.divmod(micros, 1_000_000)
        values = ((whole + offset).astype(np.float64) + rest / 1e6) * per_second
        seconds = values / per_second
        floor = np.floor(seconds)
        back = (floor.astype(np.int64) - offset) * 1_000_000 + np.rint((seconds - floor) * 1e6).astype(np.int64)
        lost = int(np.count_nonzero((back != micros) & ~missing))
    else:
        values = pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.float64)
    return np.where(missing, np.nan, values), lost


def whole_numbers(source: Source) -> None:
    """Refuse integers that a double cannot hold."""
    for v in source.variables:
        if n := source.measure(v.name).n_beyond_2_53:
            raise ExportError(f"{source.name}.{v.name}: {n} whole numbers are beyond 2^53, which this format cannot hold exactly")


def tell_blanks(source: Source, *, pads: bool) -> None:
    """What every format without a missing text must tell; `pads`: trailing spaces cannot be told from filling."""
    for v in source.variables:
        measured = source.measure(v.name)
        if v.type == "Text" and measured.n_empty:
            source.note(v.name, "empty texts cannot be told from missing ones", measured.n_empty)
        if pads and measured.n_trailing:
            source.note(v.name, "spaces at the end of a text cannot be told from filling", measured.n_trailing)


def tell_instants(source: Source, lost: dict[str, int]) -> None:
    """Instants have no zone here: they are UTC; and some lose a fraction of a second."""
    names = [v.name for v in source.variables if v.type == "Datetime"]
    if names:
        source.note("", f"the format has no time zones: {', '.join(names)} are in UTC")
    for name in names:
        if n := lost.get(name, 0):
            source.note(name, "fractions of a second below the format's precision are rounded", n)


def tell_codes(source: Source, where: str) -> None:
    """That the meaning of codes is not in the file."""
    names = [v.name for v in source.variables if v.codes is not None]
    if names:
        source.note("", f"{where}: the meaning of the codes of {', '.join(names)}")


def parts(texts: Iterable[str], width: int) -> dict[str, list[str]]:
    """Each text in parts of at most `width` bytes; no part but the last ends in a space, which filling would swallow.

    Raises ExportError where a run of spaces is as long as a part.
    """
    out = {}
    for text in texts:
        rest, found = text, []
        while len(rest.encode()) > width:
            cut = len(rest.encode()[:width].decode("utf-8", "ignore"))
            while cut and rest[cut - 1] == " ":
                cut -= 1
            if not cut:
                raise ExportError(f"a text holds more than {width} spaces in a row, which cannot be split")
            found.append(rest[:cut])
            rest = rest[cut:]
        out[text] = [*found, rest]
    return out
