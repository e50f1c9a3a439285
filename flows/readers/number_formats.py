"""Number formats of workbooks: whether a number is shown as a date, a clock or a number, with which words, and how much of a date.

What belongs here: what one format code says. What does not: the number itself and its text (xlsx_cells.py), which cells of a column are
read as they are shown (as_shown.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.readers.cells import number_text

#: Built-in number formats that show a date or time (ECMA-376 18.8.30, with the East Asian ones).
_BUILT_IN = {
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), "date"),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 47, 55, 56), "time"),
    22: "datetime",
    46: "duration",
}
_NO_DAY, _NO_YEAR, _PERCENT = 17, 16, (9, 10)
_NO_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_WORDS = re.compile(r'"([^"]*)"|\\(.)')
_LETTER = re.compile(r"[^\W\d_]")
_DIGITS = 9


@dataclass(frozen=True)
class NumberFormat:
    """`kind`: '' (a number), date, time, datetime or duration. `part`: month or year where a date shows no day, yearless where it shows
    no year. `words`: what stands beside a number (lb, mg, %)."""

    kind: str = ""
    part: str = ""
    words: str = ""

    def shown(self, text: str) -> str:
        """A number as a person sees it: 0.5 is 50%, 110 is 110 lb."""
        if self.words == "%":
            return f"{number_text(round(float(text) * 100, _DIGITS))}%"
        return f"{text} {self.words}"


PLAIN = NumberFormat()


def built_in(number: int) -> NumberFormat:
    """The format behind one of Excel's own numbers."""
    part = "month" if number == _NO_DAY else "yearless" if number == _NO_YEAR else ""
    return NumberFormat(_BUILT_IN.get(number, ""), part, "%" if number in _PERCENT else "")


def of_code(code: str) -> NumberFormat:
    """What a format code says of positive numbers."""
    first = code.split(";")[0]
    kind = format_kind(first)
    plain = _NO_CODE.sub("", first).lower()
    if kind == "date":
        has_year, has_month = bool(re.search("[ye]", plain)), "m" in plain
        part = "" if "d" in plain and has_year else "yearless" if not has_year else "month" if has_month else "year"
        return NumberFormat(kind, part)
    if kind:
        return NumberFormat(kind)
    words = "".join(quoted or escaped for quoted, escaped in _WORDS.findall(first)).strip()
    return NumberFormat("", "", "%" if "%" in plain else words if _LETTER.search(words) else "")


def format_kind(code: str) -> str:
    """What a number format shows: '' for a number, else date, time, datetime or duration ([h]:mm)."""
    plain = _NO_CODE.sub("", code.split(";")[0]).lower()
    if re.search(r"\[[hms]+\]", plain):
        return "duration"
    if "general" in plain or re.search(r"[0#?]", re.sub(r"s\.0+", "s", plain)):
        return ""
    clock = bool(re.search(r"[hs]", plain))
    day = bool(re.search(r"[yde]", plain)) or ("m" in plain and not clock)
    return "datetime" if day and clock else "date" if day else "time" if clock else ""
