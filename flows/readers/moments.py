"""Days and clock times that a file stores as numbers -> ISO 8601 text.

What belongs here: day counts and milliseconds to text, the date formats of SAS by their exact names.
What does not: reading the numbers (xpt.py, sas7bdat.py, sav.py, dta.py, the Excel readers).

A format is matched by its whole name: a site's own format TIMEPT is a code list, no time.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence

from flows.readers.cells import number_text

DAY_MS = 86_400_000
_SAS = dt.date(1960, 1, 1)
_PUNCTUATION = "[BCDNPS]?"
#: SAS 9.4 formats (SAS Institute, Formats and Informats: Reference): dates, datetimes, times. Width and decimals follow.
_SAS_DATES = re.compile(
    rf"(?:DATE|DDMMYY{_PUNCTUATION}|MMDDYY{_PUNCTUATION}|YYMMDD{_PUNCTUATION}|YYMM{_PUNCTUATION}|MMYY{_PUNCTUATION}|YYMON|MONYY"
    r"|[EB]8601DA|IS8601DA|(?:WORD|WEEK)DATX?|JULIAN|JULDAY|PDJULG|PDJULI|EURDF(?:DD|DE|DN|WDX|WKX|MY)|NLDATE[A-Z]*|NENGO|MINGUO"
    rf"|YYQR?{_PUNCTUATION}|YEAR)\d*(?:\.\d*)?"
)
_SAS_DATETIMES = re.compile(
    r"(?:DATETIME|DATEAMPM|MDYAMPM|[EB]8601D[TXZN]|[EB]8601L[XZ]|IS8601D[TN]|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|EURDFDT|NLDATM[A-Z]*)"
    r"\d*(?:\.\d*)?"
)
#: Of the dates, those that show no day: a month, a quarter or a year of it.
_SAS_PARTS = {
    "month": re.compile(rf"(?:YYMM{_PUNCTUATION}|MMYY{_PUNCTUATION}|YYMON|MONYY|EURDFMY|NLDATEYM)\d*(?:\.\d*)?"),
    "quarter": re.compile(rf"YYQR?{_PUNCTUATION}\d*(?:\.\d*)?"),
    "year": re.compile(r"YEAR\d*(?:\.\d*)?"),
}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_LONG = 10
#: Part of a year -> how a date is written that is known to it.
_PARTS: dict[str, Callable[[str], str]] = {
    "month": lambda text: text[:7], "quarter": lambda text: f"{text[:4]}q{int(text[5:7]) // 3 + 1}", "year": lambda text: text[:4],
    "week": lambda text: _week(dt.date.fromisoformat(text)),
}  # fmt: skip
#: Part of a year -> the last characters of every date that is the first day of one.
_FIRST_DAYS = {"month": ("-01",), "quarter": ("-01-01", "-04-01", "-07-01", "-10-01"), "year": ("-01-01",)}
_SAS_TIMES = re.compile(r"(?:TIME|TIMEAMPM|TOD|HHMM|HOUR|MMSS|[EB]8601T[MXZ]|IS8601TM|NLTIM(?:E|AP))\d*(?:\.\d*)?")


def clock(milliseconds: int) -> str:
    """HH:MM:SS, with thousandths only where there are some; a duration may be negative or pass 24 hours."""
    seconds, rest = divmod(abs(milliseconds), 1000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}" + (f".{rest:03d}" if rest else "")
    return f"-{text}" if milliseconds < 0 else text


def day(first: dt.date, days: int, value: float) -> str:
    """The date `days` after `first`; beyond the years 1 to 9999 it stays the number `value`."""
    try:
        return (first + dt.timedelta(days=days)).isoformat()
    except OverflowError:
        return number_text(value)


def instant(first: dt.date, milliseconds: int, value: float, *, whole_days: bool = False) -> str:
    """Date and time `milliseconds` after the start of `first`; `whole_days`: a midnight is written as the date alone."""
    days, rest = divmod(milliseconds, DAY_MS)
    text = day(first, days, value)
    if "-" not in text[1:] or (whole_days and not rest):
        return text
    return f"{text}T{clock(rest)}"


def as_known(texts: Sequence[str | None], part: str) -> list[str | None]:
    """Dates of a format that shows no day (`part`: week, month, quarter, year), as far as they are known: 2024w05, 2024-03, 2024q1, 2024.

    Whoever types a month gets its first day stored. Where any date is another day, the days are known and only not shown.
    """
    dates = [text for text in texts if text is not None and _ISO.match(text)]
    if not part or not dates or not all(len(text) == _DAY_LONG and _is_first(text, part) for text in dates):
        return [*texts]
    cut = {text: _PARTS[part](text) for text in dates}
    return [cut.get(text, text) if text is not None else None for text in texts]


def _is_first(text: str, part: str) -> bool:
    """Is it the first day of a part of a year? SPSS counts weeks from 1 January."""
    if part == "week":
        return (dt.date.fromisoformat(text).timetuple().tm_yday - 1) % 7 == 0
    return text.endswith(_FIRST_DAYS[part])


def _week(first: dt.date) -> str:
    """The month of a week that lies in one, else the week."""
    last = first + dt.timedelta(days=6)
    return f"{first:%Y-%m}" if last.month == first.month else f"{first:%Y}w{(first.timetuple().tm_yday - 1) // 7 + 1:02d}"


def sas_part(name: str) -> str:
    """The part of a year that a SAS format shows, where it shows no day."""
    return next((part for part, pattern in _SAS_PARTS.items() if pattern.fullmatch(name.upper())), "")


def is_sas_instant(name: str) -> bool:
    """Does a SAS format show a date with its clock time?"""
    return _SAS_DATETIMES.fullmatch(name.upper()) is not None


def sas_shown(name: str) -> Callable[[float], str]:
    """How a value of a SAS variable with this format is written: a date, an instant, a time, else a number."""
    name = name.upper()
    if _SAS_DATETIMES.fullmatch(name):
        return _checked(lambda value: instant(_SAS, round(value * 1000), value))
    if _SAS_DATES.fullmatch(name):
        return _checked(lambda value: day(_SAS, int(value // 1), value))
    if _SAS_TIMES.fullmatch(name):
        return _checked(lambda value: clock(round(value * 1000)))
    return number_text


def _checked(write: Callable[[float], str]) -> Callable[[float], str]:
    """A number that no calendar or clock can hold stays a number."""
    return lambda value: write(value) if abs(value) < 1e15 else number_text(value)
