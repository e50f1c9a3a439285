"""strptime formats, read strictly: what text a format admits, and what DuckDB is asked to parse.

What belongs here: one format as regular expressions. What does not: the SQL around it (dates.py).

A format alone is too kind: strptime would take 19 for %Y and run digits together. So each format becomes a regular
expression first. %Y has four digits; %d %m %H %I have one or two (two where digits follow each other); %M %S two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
#: Signs for an unknown day or month in a partial date, such as UN-JAN-2019 or XX/03/2019.
UNKNOWN = r"(?i:UNK|UN|NK|XXX|XX|\?\?)"
OFFSET = r"(?:Z|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"

_REGEX = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{2}",
    "S": r"\d{2}", "f": r"\d{1,6}", "p": r"[AaPp]\.?[Mm]\.?", "z": OFFSET,
    "b": "(?i:" + "|".join(m[:3] for m in MONTHS) + ")", "B": "(?i:" + "|".join(MONTHS) + ")",
}  # fmt: skip
_WHOLE = {"T": "%H:%M:%S", "R": "%H:%M", "F": "%Y-%m-%d"}
_DATE, _TIME, _DIGITS = "YymdbB", "HIMSfpz", "YymdHIMSf"


class FormatError(ValueError):
    """A format that cannot be read without a guess."""


@dataclass(frozen=True)
class Piece:
    """A directive (`letter` set), or literal text between directives; `fixed`: two digits always, because another number touches it."""

    letter: str
    text: str
    fixed: bool = False

    @property
    def regex(self) -> str:
        """What this piece admits."""
        if not self.letter:
            return re.escape(self.text)
        return r"\d{2}" if self.fixed and self.letter in "mdHI" else _REGEX[self.letter]

    @property
    def strptime(self) -> str:
        """What DuckDB is told; a two-digit year has been written out before."""
        if not self.letter:
            return self.text.replace("%", "%%")
        return "%Y" if self.letter == "y" else f"%{self.letter}"


@dataclass(frozen=True)
class DateFormat:
    """One format, cut into pieces."""

    source: str
    pieces: tuple[Piece, ...]

    @property
    def letters(self) -> str:
        """Its directives, in order."""
        return "".join(p.letter for p in self.pieces)

    @property
    def has_time(self) -> bool:
        """Whether it holds a clock time."""
        return any(letter in _TIME for letter in self.letters)

    @property
    def has_offset(self) -> bool:
        """Whether it ends in an offset from UTC."""
        return "z" in self.letters

    @property
    def has_short_year(self) -> bool:
        """Whether its year has two digits."""
        return "y" in self.letters

    def regex(self, capture: str = "", unknown: bool = False) -> str:
        """The whole text as a regular expression; `capture` directives become groups, in order of appearance."""
        out = []
        for piece in self.pieces:
            one = piece.regex
            if unknown and piece.letter in ("m", "d", "b", "B"):
                one = f"(?:{one}|{UNKNOWN})"
            out.append(f"({one})" if piece.letter and piece.letter in capture else one)
        return "^" + "".join(out) + "$"

    def around_year(self) -> str:
        """The text in three groups: before the two-digit year, the year, after it."""
        place = self.letters_at("y")
        before, after = self.pieces[:place], self.pieces[place + 1 :]
        return f"^({''.join(p.regex for p in before)})({_REGEX['y']})({''.join(p.regex for p in after)})$"

    def letters_at(self, letter: str) -> int:
        """Position of a directive's piece."""
        return next(i for i, p in enumerate(self.pieces) if p.letter == letter)

    def without_offset(self) -> DateFormat:
        """The same without the offset at its end and the blank before it."""
        pieces = self.pieces[: self.letters_at("z")] if self.has_offset else self.pieces
        while pieces and not pieces[-1].letter and not pieces[-1].text.strip():
            pieces = pieces[:-1]
        return DateFormat(self.source, pieces)

    def strptime(self) -> str:
        """The format DuckDB is given."""
        return "".join(p.strptime for p in self.pieces)

    def date_part(self) -> DateFormat:
        """Only the date: what the text looks like when its time is missing."""
        dates = [i for i, p in enumerate(self.pieces) if p.letter and p.letter in _DATE]
        times = [i for i, p in enumerate(self.pieces) if p.letter and p.letter in _TIME]
        if not times:
            return self
        kept = self.pieces[: dates[-1] + 1] if times[0] > dates[-1] else self.pieces[dates[0] :]
        return DateFormat(self.source, kept)


@cache
def compile_format(source: str, *, partial: bool = False) -> DateFormat:
    """Cut a format into pieces and refuse what would need a guess.

    `partial` allows formats without day or month. Raises FormatError.
    """
    pieces: list[Piece] = []
    text, i = source, 0
    for letter, whole in _WHOLE.items():
        text = text.replace(f"%{letter}", whole)
    while i < len(text):
        if text[i] != "%":
            pieces.append(Piece("", text[i]))
            i += 1
            continue
        i += 2 if text[i + 1 : i + 2] == "-" else 1
        letter = text[i : i + 1]
        if letter == "%":
            pieces.append(Piece("", "%"))
        elif letter in _REGEX:
            touching = bool(pieces) and pieces[-1].letter in tuple(_DIGITS) and letter in _DIGITS
            if touching:
                pieces[-1] = Piece(pieces[-1].letter, pieces[-1].text, True)
            pieces.append(Piece(letter, letter, touching))
        else:
            raise FormatError(f"format {source!r}: %{letter} is not known; known are {' '.join('%' + k for k in _REGEX)}")
        i += 1
    made = DateFormat(source, tuple(pieces))
    _refuse_guesses(made, partial)
    return made


def _refuse_guesses(made: DateFormat, partial: bool) -> None:
    """Each part once, a clock that is whole, date and time not mixed."""
    letters, name = made.letters, f"format {made.source!r}"
    if len(set(letters)) != len(letters):
        raise FormatError(f"{name} says the same part twice")
    years, months, days = (sum(x in letters for x in of) for of in ("Yy", "mbB", "d"))
    if years != 1 or months > 1 or (not partial and (months != 1 or days != 1)):
        raise FormatError(f"{name} must say year, month and day once" + ("" if partial else " (or declare partial: true)"))
    if "I" in letters and "p" not in letters:
        raise FormatError(f"{name}: %I is a 12-hour clock and needs %p; without it 1:00 may be morning or afternoon")
    if "p" in letters and "I" not in letters:
        raise FormatError(f"{name}: %p needs %I")
    if "I" in letters and "H" in letters:
        raise FormatError(f"{name} says the hour twice")
    if made.has_time and not ("I" in letters or "H" in letters):
        raise FormatError(f"{name} has a time without an hour")
    if made.has_time and "M" not in letters:
        raise FormatError(f"{name} has a time without minutes (%M)")
    if made.has_offset and made.pieces[-1].letter != "z":
        raise FormatError(f"{name}: %z must stand at the end")
    order = ["D" if p.letter in _DATE else "T" for p in made.pieces if p.letter]
    if not re.fullmatch("D*T*|T*D*", "".join(order)):
        raise FormatError(f"{name} mixes date and time")
