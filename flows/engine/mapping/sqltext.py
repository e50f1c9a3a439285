"""Small pieces of SQL text: literals, blanks, and steps that build on each other.

What belongs here: what every part of the mapping compiler writes. What does not: the meaning of a field (fields.py).

Column names of a site never become identifiers: a raw table's columns are c0, c1, ... and names stay in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Blanks that anyone would call a blank: removed at both ends without a word.
PLAIN = " \t\r\n\x0b\x0c"
#: Blanks that look like one: no-break, thin and other typographic spaces. Removed or made plain, and noted.
ODD_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2028\u2029\u0085"
#: Characters without a width: byte order mark, zero-width space and joiners, soft hyphen. Removed and noted.
NO_WIDTH = "\ufeff\u200b\u200c\u200d\u2060\u00ad\u180e\u200e\u200f"

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def lit(value: str) -> str:
    """A text as a SQL literal: quotes doubled, NUL refused by the database itself."""
    return "'" + value.replace("'", "''") + "'"


def lits(values: Iterable[str]) -> str:
    """Literals between commas."""
    return ", ".join(lit(v) for v in values)


#: Printable ASCII without a blank at either end: nothing to remove. Nearly every cell, and a tenth of the time.
_TIDY = "[!-~](?:[ -~]*[!-~])?"


def _unless_tidy(column: str, expression: str) -> str:
    return f"case when regexp_full_match({column}, {lit(_TIDY)}) then {column} else nullif({expression}, '') end"


def plain(column: str) -> str:
    """The text as sent, without plain blanks around it; null when nothing is left."""
    return _unless_tidy(column, f"trim({column}, {lit(PLAIN)})")


def clean_ends(column: str) -> str:
    """Free text: odd blanks and characters without width removed at the ends only."""
    return _unless_tidy(column, f"trim({column}, {lit(PLAIN + ODD_SPACES + NO_WIDTH)})")


def clean(column: str) -> str:
    """Text that is to be typed: odd blanks made plain, characters without width removed, then trimmed."""
    made_plain = f"translate({column}, {lit(ODD_SPACES + NO_WIDTH)}, {lit(' ' * len(ODD_SPACES))})"
    return _unless_tidy(column, f"trim({made_plain}, {lit(PLAIN)})")


def clean_plain(column: str) -> str:
    """`clean` of text that `plain` has trimmed: only text beyond ASCII can hold anything more to remove."""
    return f"case when strlen({column}) = length({column}) then {column} else {clean(column)} end"


def clean_plain_ends(column: str) -> str:
    """`clean_ends` of text that `plain` has trimmed."""
    return f"case when strlen({column}) = length({column}) then {column} else {clean_ends(column)} end"


def is_filled(columns: Iterable[str]) -> str:
    """Whether any of the cells holds more than blanks."""
    return f"coalesce({', '.join(clean_ends(c) for c in columns)}) is not null"


def first_of(cases: Iterable[tuple[str, str]], otherwise: str = "null") -> str:
    """`case when ... then ... end` over conditions and results, in order."""
    whens = " ".join(f"when {condition} then {result}" for condition, result in cases)
    return f"case {whens} else {otherwise} end" if whens else otherwise


def switch(value: str, results: dict[str, str], otherwise: str = "null") -> str:
    """`case value when ... then ...`: results are SQL, keys are texts."""
    whens = " ".join(f"when {lit(text)} then {result}" for text, result in results.items())
    return f"case {value} {whens} else {otherwise} end" if whens else otherwise


class Steps:
    """Named expressions, each of which may use those before it; one nested SELECT a depth.

    DuckDB does not merge stacked projections, so a step is computed once however often it is used.
    """

    def __init__(self) -> None:
        self._levels: list[dict[str, str]] = []
        self._level_of: dict[str, int] = {}

    def add(self, name: str, expression: str) -> str:
        """Add a step and give back its name. Raises KeyError when the name is taken: a step never changes its meaning."""
        if name in self._level_of:
            raise KeyError(f"step {name} is there already")
        depth = max((self._level_of[n] + 1 for n in _NAME.findall(expression) if n in self._level_of), default=0)
        while len(self._levels) <= depth:
            self._levels.append({})
        self._levels[depth][name] = expression
        self._level_of[name] = depth
        return name

    def sql(self, source: str, used: Iterable[str]) -> str:
        """The source (a SELECT) with a column after its own for every step that is needed. `used`: the SQL that reads the columns.

        A step that nothing needs is left out, and one that was needed only on the way is not carried on: the database looks through every
        column of every depth before it reads a row.
        """
        last: dict[str, int] = dict.fromkeys((n for text in used for n in _NAME.findall(text)), len(self._levels))
        for depth, level in reversed(list(enumerate(self._levels))):
            for name, expression in level.items():
                if name in last:
                    for needed in _NAME.findall(expression):
                        last[needed] = max(depth, last.get(needed, 0))
        there: list[str] = []
        for depth, level in enumerate(self._levels):
            over = [name for name in there if last[name] <= depth]
            there = [name for name in there if last[name] > depth] + [name for name in level if name in last]
            columns = [f"{expression} as {name}" for name, expression in level.items() if name in last]
            if columns:
                rest = f" exclude ({', '.join(over)})" if over else ""
                source = f"select *{rest},\n    " + ",\n    ".join(columns) + f"\nfrom ({source})"
        return source
