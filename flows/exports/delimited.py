"""CSV: UTF-8, comma, one line a row.

What belongs here: how a value is written. What does not: other delimiters, which trialweave does not write.

Decided (RFC 4180): a missing value is nothing at all, an empty text is `""`; dates are ISO 8601, instants end in Z; numbers are the
shortest text that reads back as the same number. Types and labels stand in variables.csv.
"""

from __future__ import annotations

from pathlib import Path

from flows.engine.enums import quoted as literal
from flows.exports import fixed
from flows.exports.source import Source, Variable, quoted


def write(source: Source, path: Path) -> None:
    """Write one file."""
    wanted = ", ".join(f"{shown(v)} as {quoted(v.name)}" for v in source.variables)
    _ = source.rows  # measured, so that numbers that are none are refused
    source.con.execute(f"copy (select {wanted} from {source.relation}) to {literal(str(path))} (format csv, header true, delimiter ',')")
    source.note("", "types, labels and units are not in the file: variables.csv beside it has them")
    fixed.tell_codes(source, "in codes.csv, not in the file")


def shown(v: Variable) -> str:
    """SQL that gives a value as text (or a number that is written as one)."""
    name = quoted(v.name)
    if v.type == "Datetime":
        clock = f"strftime({name} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S')"
        rest = f"epoch_us({name}) % 1000000"
        return f"{clock} || case when {rest} = 0 then '' else rtrim(printf('.%06d', {rest}), '0') end || 'Z'"
    return f"strftime({name}, '%Y-%m-%d')" if v.type == "Date" else name
