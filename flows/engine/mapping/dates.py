"""Text -> dates, instants and partial dates, as SQL steps.

What belongs here: several formats, ISO 8601, offsets, what is impossible. What does not: cutting a format (dateformat.py).

A regular expression decides what the text is; only then try_strptime reads it. Matched but no such day: impossible_date;
not matched: unreadable; two formats that read different times: ambiguous_format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.engine.mapping.dateformat import MONTHS, OFFSET, UNKNOWN, DateFormat
from flows.engine.mapping.sqltext import Steps, first_of, lit, switch
from schemas.findings import Fault, Repair

_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,6})?)?"
_ISO = rf"^\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]{_CLOCK}(?: ?{OFFSET})?)?$"
_ISO_OFFSET = rf"{_CLOCK} ?({OFFSET})$"
_ISO_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
#: A clock time that is written as unknown: UN:UN, --:--, UNK.
_NO_CLOCK = rf"[ T,;]+(?:{UNKNOWN}|--)(?::(?:{UNKNOWN}|--)){{0,2}}$"
_HALVES, _HALF = lit(r"([AaPp])\.?[Mm]\.?"), lit(r"\1m")
_FIRST_DAY = "timestamp '0001-01-01'"


@dataclass(frozen=True)
class When:
    """Names of steps: the wall clock, the date, the offset, the fault and the repair of one field."""

    local: str
    on: str
    offset_s: str
    fault: str
    repair: str


def instant(steps: Steps, field: str, text: str, formats: Sequence[DateFormat], pivot: int | None, clock: str) -> When:
    """A date with its clock time, or a date alone when the time is missing or written as unknown (UN:UN, --:--)."""
    if formats:
        text = _said(steps, field, text, formats)
        local, on, offset, fault, repair = _by_formats(steps, field, text, formats, pivot)
    else:
        local, on, offset, fault, repair = _iso(steps, field, text)
    local = steps.add(f"{field}__local", local)
    on = steps.add(f"{field}__on", on)
    sent = steps.add(f"{field}__offset", offset)
    seconds = steps.add(f"{field}__seconds", _seconds(sent))
    faults = [(f"{fault} is not null", fault)]
    if clock == "utc":
        seconds = steps.add(f"{field}__utc", f"case when {local} is not null then coalesce({seconds}, 0) end")
    elif clock == "offset":
        faults.append((f"{local} is not null and {seconds} is null", lit(Fault.UNREADABLE)))
    return When(local, on, seconds, first_of(faults), repair)


def _said(steps: Steps, field: str, text: str, formats: Sequence[DateFormat]) -> str:
    """The text without a clock time that says that it is unknown."""
    if not any(made.has_time for made in formats):
        return text
    return steps.add(f"{field}__said", f"regexp_replace({text}, {lit(_NO_CLOCK)}, '')")


def _seconds(offset: str) -> str:
    """Z, +01, +0100, +01:00 -> seconds east of UTC."""
    digits = f"replace(substr({offset}, 2), ':', '')"
    minutes = f"coalesce(try_cast(substr({digits}, 3, 2) as integer), 0)"
    size = f"(try_cast(substr({digits}, 1, 2) as integer) * 3600 + {minutes} * 60)"
    return f"case when {offset} = 'Z' then 0 when {offset} <> '' then {size} * case when {offset}[1] = '-' then -1 else 1 end end"


def _iso(steps: Steps, field: str, text: str) -> tuple[str, str, str, str, str]:
    """No format declared: ISO 8601 only."""
    shape = steps.add(f"{field}__iso", f"regexp_full_match({text}, {lit(_ISO)})")
    timed = steps.add(f"{field}__timed", f"{shape} and strlen({text}) > 10")
    offset = steps.add(f"{field}__off", f"case when {timed} then regexp_extract({text}, {lit(_ISO_OFFSET)}, 1) end")
    bare = f"rtrim(left({text}, strlen({text}) - strlen({offset})))"
    spaced = f"replace(replace({bare}, 'T', ' '), ',', '.')"
    formats = ", ".join(lit(f) for f in _ISO_FORMATS)
    read = f"case when {timed} then try_strptime({spaced}, [{formats}]) when {shape} then try_strptime({text}, '%Y-%m-%d') end"
    at = steps.add(f"{field}__at", f"nullif(greatest({read}, {_FIRST_DAY}), {_FIRST_DAY})")
    fault = steps.add(
        f"{field}__when_fault",
        f"case when {at} is not null then null when {shape} then {lit(Fault.IMPOSSIBLE_DATE)} else {lit(Fault.UNREADABLE)} end",
    )
    return f"case when {timed} then {at} end", f"cast({at} as date)", offset, fault, "null"


def _read(steps: Steps, name: str, text: str, made: DateFormat, matched: str, pivot: int | None) -> str:
    """One format over matching text -> timestamp or null."""
    bare = made.without_offset()
    expression = text
    if made.has_offset:
        expression = f"rtrim(regexp_replace({expression}, {lit(OFFSET + '$')}, ''))"
    if "p" in made.letters:
        expression = f"regexp_replace({expression}, {_HALVES}, {_HALF})"
    if made.has_short_year:
        bare_text = steps.add(f"{name}_b", expression)
        around = lit(bare.around_year())
        groups = [f"regexp_extract({bare_text}, {around}, {i})" for i in (1, 2, 3)]
        expression = f"{groups[0]} || {_century(groups[1], pivot)} || {groups[1]} || {groups[2]}"
    read = f"case when {matched} then try_strptime({expression}, {lit(bare.strptime())}) end"
    return steps.add(f"{name}_at", f"nullif(greatest({read}, {_FIRST_DAY}), {_FIRST_DAY})")


def _century(year: str, pivot: int | None) -> str:
    return f"case when try_cast({year} as integer) < {int(pivot or 0)} then '20' else '19' end"


def _by_formats(
    steps: Steps, field: str, text: str, formats: Sequence[DateFormat], pivot: int | None
) -> tuple[str, str, str, str, str]:
    """Every format is tried; full matches before those whose time is missing."""
    full: list[str] = []
    days: list[str] = []
    matches: list[str] = []
    offsets: list[tuple[str, str]] = []
    short: list[str] = []
    for i, made in enumerate(formats):
        name = f"{field}__f{i}"
        matched = steps.add(f"{name}_m", f"regexp_full_match({text}, {lit(made.regex())})")
        at = _read(steps, name, text, made, matched, pivot)
        matches.append(matched)
        (full if made.has_time else days).append(at)
        if made.has_short_year:
            short.append(f"{at} is not null")
        if made.has_offset:
            offsets.append((f"{at} is not null", f"regexp_extract({text}, {lit('(' + OFFSET + ')$')}, 1)"))
        if made.has_time:
            date = made.date_part()
            name = f"{field}__d{i}"
            matched = steps.add(f"{name}_m", f"not {matched} and regexp_full_match({text}, {lit(date.regex())})")
            at = _read(steps, name, text, date, matched, pivot)
            matches.append(matched)
            days.append(at)
            if date.has_short_year:
                short.append(f"{at} is not null")
    local = f"coalesce({', '.join(full)}, null)" if full else "cast(null as timestamp)"
    at = steps.add(f"{field}__at", f"coalesce({', '.join([*full, *days])}, null)")
    others = [f"{at} <> {x}" for x in full] + [f"cast({at} as date) <> cast({x} as date)" for x in days]
    other = " or ".join(f"coalesce({x}, false)" for x in others) if len(others) > 1 else "false"
    fault = steps.add(
        f"{field}__when_fault",
        f"case when {other} then {lit(Fault.AMBIGUOUS_FORMAT)} when {at} is not null then null"
        f" when {' or '.join(matches)} then {lit(Fault.IMPOSSIBLE_DATE)} else {lit(Fault.UNREADABLE)} end",
    )
    repair = f"case when {' or '.join(short)} then {lit(Repair.TWO_DIGIT_YEAR)} end" if short else "null"
    return local, f"cast({at} as date)", first_of(offsets, "cast(null as varchar)"), fault, repair


def partial(steps: Steps, field: str, text: str, formats: Sequence[DateFormat], pivot: int | None) -> tuple[str, str, str]:
    """A date whose day or month may be unknown -> (ISO 8601 text, fault, repair).

    Read are the declared formats, with a clock time cut off and with UN, UNK, NK, XX or ?? for day or month, and always
    YYYY, YYYY-MM and YYYY---DD. Without a format also the full ISO 8601 date and date-time.
    """
    values: list[str] = []
    matches: list[str] = []
    short: list[str] = []
    text = _said(steps, field, text, formats)
    for i, (regex, order) in enumerate(_partial_shapes(formats)):
        name = f"{field}__p{i}"
        matched = steps.add(f"{name}_m", f"regexp_full_match({text}, {lit(regex)})")
        part = {letter: f"regexp_extract({text}, {lit(regex)}, {n})" for n, letter in enumerate(order, start=1)}
        year = part.get("Y") or f"({_century(part['y'], pivot)} || {part['y']})"
        month = _month(part["m"]) if "m" in part else _month_name(part["b"]) if "b" in part else "''"
        day = _two_digits(part["d"]) if "d" in part else "''"
        values.append(_iso_partial(steps, name, matched, year, month, day))
        matches.append(matched)
        if "y" in part:
            short.append(f"{values[-1]} is not null")
    value = steps.add(f"{field}__iso", f"coalesce({', '.join(values)})")
    other = " or ".join(f"coalesce({value} <> {v}, false)" for v in values)
    fault = (
        f"case when {other} then {lit(Fault.AMBIGUOUS_FORMAT)} when {value} is not null then null"
        f" when {' or '.join(matches)} then {lit(Fault.IMPOSSIBLE_DATE)} else {lit(Fault.UNREADABLE)} end"
    )
    return value, fault, f"case when {' or '.join(short)} then {lit(Repair.TWO_DIGIT_YEAR)} end" if short else "null"


def _partial_shapes(formats: Sequence[DateFormat]) -> list[tuple[str, str]]:
    """(regular expression with groups, letters of the groups: Y y m b d) of everything that is read."""
    shapes = [(r"^(\d{4})$", "Y"), (r"^(\d{4})-(\d{2})$", "Ym"), (r"^(\d{4})---(\d{2})$", "Yd")]
    if not formats:
        unknown = rf"\d{{2}}|{UNKNOWN}"
        shapes.append((rf"^(\d{{4}})-({unknown})-({unknown})(?:[T ]{_CLOCK}(?: ?{OFFSET})?)?$", "Ymd"))
    for made in formats:
        for one in (made, made.date_part()) if made.has_time else (made,):
            order = "".join("b" if x == "B" else x for x in one.letters if x in "YymbBd")
            shapes.append((one.regex("YymbBd", unknown=True), order))
    return list(dict.fromkeys(shapes))


def _two_digits(part: str) -> str:
    return f"case when regexp_full_match({part}, '[0-9]+') then lpad({part}, 2, '0') else '' end"


_month = _two_digits


def _month_name(part: str) -> str:
    return switch(f"lower(left({part}, 3))", {m[:3]: lit(f"{n:02d}") for n, m in enumerate(MONTHS, start=1)}, "''")


def _iso_partial(steps: Steps, name: str, matched: str, year: str, month: str, day: str) -> str:
    """The parts as ISO 8601 text; null when no such date exists."""
    y, m, d = (steps.add(f"{name}_{k}", f"case when {matched} then {v} end") for k, v in (("year", year), ("month", month), ("day", day)))
    whole = f"{y} || '-' || {m} || '-' || {d}"
    return steps.add(
        f"{name}_v",
        f"case when {y} <= '0000' then null"
        f" when {m} = '' and {d} = '' then {y}"
        f" when {d} = '' then case when {m} between '01' and '12' then {y} || '-' || {m} end"
        f" when {m} = '' then case when {d} between '01' and '31' then {y} || '---' || {d} end"
        f" when try_strptime({whole}, '%Y-%m-%d') is not null then {whole} end",
    )
