"""JSON read so that nothing changes: numbers keep their digits, a key given twice is seen, a damaged line is one row's fault.

What belongs here: bytes -> documents or lines, scalars -> cells. What does not: which of them are rows (json_records.py, dataset_json.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from flows.readers.cells import unreadable
from flows.readers.encoding import to_utf8

_EXPONENT = 40


class Number(str):
    """A number as its text."""

    __slots__ = ()


class Keys(dict[str, Any]):
    """An object; `twice` is a key that it gives two values."""

    twice: str | None = None


def _number(literal: str) -> Number:
    """1.50 -> 1.5, 5.0 -> 5, -0 -> 0, 1e3 -> 1000; digits are never dropped, and huge exponents stay as they are."""
    if literal.lstrip("-").isdigit():
        return Number(literal if literal != "-0" else "0")
    value = Decimal(literal)
    if abs(value.adjusted()) > _EXPONENT:
        return Number(literal)
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return Number("0" if text in ("-0", "") else text)


def _keys(pairs: list[tuple[str, Any]]) -> Keys:
    out = Keys()
    for key, value in pairs:
        if key in out and out[key] != value:
            out.twice = key
        out[key] = value
    return out


def _constant(name: str) -> Any:
    return None if name == "NaN" else Number(name)


def loads(text: str) -> Any:
    """One JSON value. Raises ValueError when it is none, or nested too deep."""
    try:
        return json.loads(text, parse_float=_number, parse_int=_number, parse_constant=_constant, object_pairs_hook=_keys)
    except RecursionError:
        raise ValueError("nested too deep") from None


def document(path: Path, data: bytes, declared: str | None, notes: list[str]) -> tuple[Any, Iterator[tuple[int, Any]] | None, str]:
    """First value, the lines after it (number of the line, value or ValueError) when each line is a value of its own, and the encoding.

    Raises ReadError: no JSON, or damaged.
    """
    raw, encoding = to_utf8(path, data, declared, notes)
    first, _, rest = raw.lstrip().partition(b"\n")
    if rest.strip():
        try:
            value = loads(first.decode())
        except ValueError:
            value = None
        if value is not None:
            return value, _lines(rest, raw.count(b"\n", 0, len(raw) - len(rest)) + 1), encoding
    try:
        return loads(raw.decode()), None, encoding
    except json.JSONDecodeError as error:
        raise unreadable(path, f"the JSON is damaged or cut, in line {error.lineno}", "fetch or export it again") from None
    except ValueError:
        raise unreadable(path, "the JSON is nested too deep", "export a flat table") from None


def _lines(rest: bytes, number: int) -> Iterator[tuple[int, Any]]:
    for at, line in enumerate(rest.split(b"\n"), start=number):
        if line.strip():
            try:
                yield at, loads(line.decode())
            except ValueError as error:
                yield at, error


def scalar(value: Any) -> str | None:
    """Text of a string, number, boolean or null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
