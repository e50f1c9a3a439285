"""An export that ends in an error message of the system that wrote it: it broke off, and the rows before are not all there are.

What belongs here: how such messages begin, and where one stands. What does not: rows that cannot be cut into cells (delimited.py,
json_records.py), which decide whether the message is a row of data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from flows.readers.cells import unreadable
from schemas.findings import ReadError

#: A page of HTML that says what went wrong may be long.
_FAR = 2**16
_MESSAGE = re.compile(
    rb"""\{\s*"errors?"\s*:            # REDCap and other APIs, as JSON
    | ^[ \t"]*ERROR[ ]*(?:\d+-\d+)?:   # REDCap as text, SAS
    | ^[ \t]*<error>                   # REDCap as XML
    | <!DOCTYPE\s+html | ^[ \t]*<html  # a page in place of rows
    | <b>(?:Fatal|Parse)\ error</b> | (?:PHP\ |^[ \t]*)Fatal\ error: | Allowed\ memory\ size\ of\ \d | Maximum\ execution\ time\ of\ \d
    | ^Traceback\ \(most\ recent\ call\ last\) | SQLSTATE\[ | \bORA-\d{5}: | \bjava\.[a-z.]+\.\w*(?:Exception|Error)\b
    | \bSystem\.[A-Za-z.]*Exception\b""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)

#: One of these is in every message; to look for them takes a fortieth of the time.
_WORDS = (
    b"error", b"exception", b"<html", b"<!doctype", b"allowed memory size", b"maximum execution time", b"traceback", b"sqlstate[", b"ora-",
)  # fmt: skip


def message_line(data: bytes) -> int | None:
    """The line of the first error message within the last pages of a text; None where there is none."""
    start = max(len(data) - _FAR, 0)
    end = data[start:].lower()
    found = _MESSAGE.search(data, start) if any(word in end for word in _WORDS) else None
    return None if found is None else data.count(b"\n", 0, found.end()) + 1


def refuse_last_line(path: Path, data: bytes) -> None:
    """Raise ReadError where the last line of delimited text is nothing but a message, or holds an object as an API sends it: however many
    delimiters its words have, no row begins so, and in a row its quotes would be doubled."""
    start = max(data.rstrip().rfind(b"\n"), data.rstrip().rfind(b"\r")) + 1
    found = _MESSAGE.search(data, start) if start else None
    if found is not None and (data[start : start + 1] == b"<" or found[0].startswith(b"{")):
        number = data.count(b"\n", 0, start) + 1
        raise broke_off(path, f"line {number}")


def refuse(path: Path, line: int | None, bad: Sequence[tuple[int, int]], good: Sequence[int]) -> None:
    """Raise ReadError where the message in `line` is no row of data: one of the `bad` rows (row, line) begins there, or the last row of
    the file, a bad one, holds it. `good`: numbers of the rows that are data; where most of what follows is data, it goes on."""
    if line is None or not bad:
        return
    is_last = bad[-1][0] > max(good[-1:], default=0)
    at = next((row for row, begins in bad if begins == line), bad[-1][0] if is_last and bad[-1][1] < line else None)
    if at is not None and sum(row > at for row in good) < sum(row >= at for row, _ in bad):
        raise broke_off(path, f"line {line}")


def broke_off(path: Path, where: str) -> ReadError:
    """The error of an export that broke off."""
    what = f"{where} is an error message of the system it comes from, so the export broke off"
    return unreadable(path, what, "look at the message in the file; export it again")
