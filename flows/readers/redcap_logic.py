"""REDCap's branching logic: which fields a form did not show, row by row.

What belongs here: the language of the logic, what a field's name means in a row. What does not: the dictionary (redcap_dictionary.py),
what becomes of a hidden field (flows/engine/hidden.py).

Understood are comparisons (= <> != < <= > >=) of fields, checkboxes `[f(2)]`, fields of an event `[event][f]`, [event-name], texts and
numbers, joined by `and`, `or`, `not` and parentheses. Anything else (functions, smart variables, arithmetic) is not guessed at: such a
field counts as shown, and the reader notes how many there are. Neither is what REDCap itself leaves open: whether a blank is below a
number, what a form outside a repeat means by a field within. Sources: REDCap help, Branching logic; Piping, smart variables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<ref>\[[^\[\]]+\](?:\[[^\[\]]+\])?) | (?P<text>'[^']*'|"[^"]*") | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<op><>|!=|<=|>=|==|=|<|>) | (?P<bracket>[()]) | (?P<word>[A-Za-z_]+|&&|\|\|) | (?P<end>$))""",
    re.VERBOSE,
)
_REF = re.compile(r"\[([a-z0-9_-]+)(?:\(([^)]+)\))?\]", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?")
_JOINS = {"and": "and", "&&": "and", "or": "or", "||": "or"}
_TOO_LONG = 5_000

#: A value in a row: text, blank (empty), or not known.
Value = str | None
Answer = bool | None


@dataclass(frozen=True)
class Ref:
    """A field, as the logic names it."""

    field: str
    code: str = ""
    event: str = ""


Lookup = Callable[[Ref], Value]
Test = Callable[[Lookup], Answer]


class NotUnderstood(Exception):
    """Logic beyond what is read here."""


@dataclass(frozen=True)
class Logic:
    """One field's logic: the fields it names, and the test itself."""

    refs: tuple[Ref, ...]
    test: Test

    def hides(self, values: Mapping[Ref, Value]) -> bool:
        """Whether a row with these values surely hides the field."""
        return self.test(values.__getitem__) is False


def parse(text: str) -> Logic:
    """Read a field's logic. Raises NotUnderstood."""
    if len(text) > _TOO_LONG:
        raise NotUnderstood
    parser = _Parser(_tokens(text))
    test = parser.either()
    parser.take("end")
    return Logic(tuple(dict.fromkeys(parser.refs)), test)


def _tokens(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    at = 0
    while at < len(text) or not out:
        found = _TOKEN.match(text, at)
        if found is None or (found.end() == at and found.lastgroup != "end"):
            raise NotUnderstood
        out.append((str(found.lastgroup), found[str(found.lastgroup)]))
        at = found.end()
        if out[-1][0] == "end":
            return out
    return [*out, ("end", "")]


class _Parser:
    """Or of and of not of comparisons."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0
        self.refs: list[Ref] = []

    def take(self, kind: str) -> str:
        found, text = self._tokens[min(self._at, len(self._tokens) - 1)]
        if found != kind:
            raise NotUnderstood
        self._at += 1
        return text

    def either(self) -> Test:
        tests = [self._both()]
        while self._join() == "or":
            self._at += 1
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda look: _any([t(look) for t in tests])

    def _both(self) -> Test:
        tests = [self._single()]
        while self._join() == "and":
            self._at += 1
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda look: _all([t(look) for t in tests])

    def _join(self) -> str:
        kind, text = self._tokens[min(self._at, len(self._tokens) - 1)]
        return _JOINS.get(text.lower(), "") if kind == "word" else ""

    def _single(self) -> Test:
        kind, text = self._tokens[min(self._at, len(self._tokens) - 1)]
        self._depth += 1
        if self._depth > 100:
            raise NotUnderstood
        if kind == "word" and text.lower() == "not":
            self._at += 1
            inner = self._single()
            return lambda look: None if (answer := inner(look)) is None else not answer
        if (kind, text) == ("bracket", "("):
            self._at += 1
            test = self.either()
            if self.take("bracket") != ")":
                raise NotUnderstood
            return test
        left, op, right = self._term(), self.take("op"), self._term()
        return lambda look: _compare(left(look), op, right(look))

    def _term(self) -> Callable[[Lookup], Value]:
        kind, text = self._tokens[min(self._at, len(self._tokens) - 1)]
        self._at += 1
        if kind == "text":
            return lambda look: text[1:-1]
        if kind == "number":
            return lambda look: text
        if kind != "ref":
            raise NotUnderstood
        parts = [_REF.fullmatch(f"[{part}]") for part in text[1:-1].split("][")]
        found = parts[-1]
        if found is None or parts[0] is None or (len(parts) == 2 and parts[0][2]):
            raise NotUnderstood
        ref = Ref(found[1].lower(), found[2] or "", parts[0][1].lower() if len(parts) == 2 else "")
        self.refs.append(ref)
        return lambda look: look(ref)


def _any(answers: Sequence[Answer]) -> Answer:
    return True if True in answers else None if None in answers else False


def _all(answers: Sequence[Answer]) -> Answer:
    return False if False in answers else None if None in answers else True


def _compare(left: Value, op: str, right: Value) -> Answer:
    """Numbers as numbers, days as days, else the same text or another; None where REDCap's own answer is not sure."""
    if left is None or right is None:
        return None
    if op in ("=", "==", "<>", "!="):
        same = _same(left, right)
        return same if op in ("=", "==") or same is None else not same
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        order = (a > b) - (a < b)
    elif _DATE.fullmatch(left) and _DATE.fullmatch(right) and len(left) == len(right):
        order = (left > right) - (left < right)
    else:
        return None
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[op]


def _same(left: str, right: str) -> Answer:
    if left == right:
        return True
    if "" in (left, right):
        return None if _number(left or right) == 0 else False
    a, b = _number(left), _number(right)
    if a is not None and b is not None:
        return a == b
    return None if left.casefold() == right.casefold() else False


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(?:\.\d+)?", text) else None
