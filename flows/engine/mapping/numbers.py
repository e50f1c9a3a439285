"""Text -> numbers, strictly: whole numbers, decimals, amounts with their unit.

What belongs here: what counts as a number and how units are converted. What does not: which unit a site uses (fields.py).

try_cast alone is never enough: DuckDB would take 1e3, 1_000 and 2.5 as an integer. A regular expression decides first.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.engine.mapping.codelists import UnitOf
from flows.engine.mapping.sqltext import Steps, first_of, lit, switch
from schemas.findings import Fault

#: Rounding that removes float dust (0.035 g = 35 mg, not 35.00000000000001) and nothing else.
DIGITS = 9
_COUNT = r"[xX×*]"
#: Letters of a unit. Anything beyond ASCII counts as one: RE2 takes a millisecond to compile the class of all letters.
_LETTERS = r"[A-Za-z\x{80}-\x{10FFFF}]"


@dataclass(frozen=True)
class Number:
    """How a site writes numbers: the decimal character and, where declared, the one between thousands."""

    decimal: str = "."
    thousands: str | None = None

    def regex(self) -> str:
        """A number as this site writes it, without anchors."""
        fraction = rf"(?:\{self.decimal}\d+)?"
        if self.thousands is None:
            return rf"[+-]?\d+{fraction}"
        between = " " if self.thousands.isspace() else rf"\{self.thousands}"
        return rf"[+-]?(?:\d+|\d{{1,3}}(?:{between}\d{{3}})+){fraction}"

    def value(self, text: str) -> str:
        """A DOUBLE from text that matches regex(); null when it is too large to be one."""
        if self.thousands is not None:
            text = f"replace({text}, {lit(' ' if self.thousands.isspace() else self.thousands)}, '')"
        if self.decimal != ".":
            text = f"replace({text}, {lit(self.decimal)}, '.')"
        read = f"try_cast({text} as double)"
        return f"case when strlen({text}) < 300 then {read} when isfinite({read}) then {read} end"


def number(steps: Steps, field: str, text: str, how: Number) -> str:
    """A DOUBLE, or null when the text is no number."""
    shape = f"regexp_full_match({text}, {lit(how.regex())})"
    return steps.add(f"{field}__num", f"case when {shape} then {how.value(text)} end")


def integer(steps: Steps, field: str, text: str, how: Number) -> tuple[str, str]:
    """(INTEGER, fault): whole numbers only, never rounded."""
    read = number(steps, field, text, how)
    whole = f"{read} = floor({read}) and abs({read}) <= 2147483647"
    return f"case when {whole} then cast({read} as integer) end", unless(f"coalesce({whole}, false)", Fault.UNREADABLE)


def unless(condition: str, fault: Fault) -> str:
    """The fault when the condition does not hold."""
    return f"case when {condition} then null else {lit(fault)} end"


@dataclass(frozen=True)
class Amount:
    """How the unit of an amount is known: `own` text carries it, `fixed` name, or a step that holds the unit's text."""

    units: dict[str, UnitOf]
    how: Number
    own: bool = False
    fixed: str | None = None
    column: str | None = None
    counted: bool = False


def amount(steps: Steps, field: str, text: str, unit: Amount, corrected: str | None = None) -> tuple[str, str]:
    """(DOUBLE in mg, kg or years, fault) of `50 mg`, `0,05 g`, `2 x 25 mg`, or a number with a declared unit."""
    one = unit.how.regex()
    regex = lit(rf"^(?:({one}) ?{_COUNT} ?)?({one})(?: *({_LETTERS}+)\.?)?$")
    shape = steps.add(f"{field}__shape", f"regexp_full_match({text}, {regex})")
    counted = steps.add(f"{field}__counted", f"{shape} and regexp_matches({text}, {lit(rf'^{one} ?{_COUNT} ?[+-]?[0-9]')})")
    # without a count the unit is what is left after the digits; with one, groups of the pattern (ten times slower) are taken
    tail = steps.add(f"{field}__tail", f"case when {shape} and not {counted} then ltrim({text}, '+-0123456789., ') end")
    size = f"rtrim(left({text}, length({text}) - length({tail})))"
    count_text, value_text, own = (
        steps.add(f"{field}__{name}", f"case when {counted} then regexp_extract({text}, {regex}, {group}) when {shape} then {other} end")
        for name, group, other in (("count", 1, "''"), ("size", 2, size), ("own", 3, f"rtrim({tail}, '.')"))
    )
    if not unit.own and not unit.counted:
        allowed = f"{count_text} = ''" + (f" or {corrected} is not null" if corrected else "")
        shape = steps.add(f"{field}__plain", f"{shape} and ({allowed})")
    count = f"case when {count_text} = '' then 1.0::double else {unit.how.value(count_text)} end"
    factors = {t: f"{u.factor!r}::double" for t, u in unit.units.items()}
    names = {t: lit(u.name) for t, u in unit.units.items()}
    own_name = steps.add(f"{field}__own_unit", switch(f"lower({own})", names))
    own_factor = switch(f"lower({own})", factors)
    faults = [(f"not coalesce({shape}, false)", lit(Fault.UNREADABLE))]
    unknown_own = f"{own} <> '' and {own_name} is null"
    if unit.own:
        factor = own_factor
        faults += [(f"{own} = ''", lit(Fault.UNIT_MISSING)), (unknown_own, lit(Fault.UNIT_UNKNOWN))]
    else:
        declared = lit(unit.fixed.lower()) if unit.fixed is not None else f"lower({unit.column})"
        said = steps.add(f"{field}__said_unit", switch(declared, names))
        free = f"{corrected} is not null and {own} <> ''" if corrected else "false"
        factor = f"case when {free} then {own_factor} else {switch(declared, factors)} end"
        if unit.column is not None:
            faults += [
                (f"not ({free}) and {unit.column} is null", lit(Fault.UNIT_MISSING)),
                (f"not ({free}) and {said} is null", lit(Fault.UNIT_UNKNOWN)),
            ]
        faults += [
            (unknown_own, lit(Fault.UNIT_UNKNOWN)),
            (f"not ({free}) and {own} <> '' and {own_name} <> {said}", lit(Fault.UNIT_CONFLICT)),
        ]
    value = steps.add(f"{field}__amount", f"round(({count}) * ({unit.how.value(value_text)}) * ({factor}), {DIGITS})")
    faults.append((f"{value} is null", lit(Fault.UNREADABLE)))
    return value, first_of(faults)
