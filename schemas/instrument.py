"""Typed model of config/instruments/<name>.yaml: one rating scale, its items and how it is scored.

What belongs here: items, ranges, subscales, direction, the rule for missing items.
What does not: which trial uses it (trial.py), how a site names its columns (site.py).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from schemas.base import Config, ParameterCode, Text


class Missing(StrEnum):
    """What to do when items are missing: prorate by the person's mean up to a share, or score only complete."""

    PRORATE = "prorate"
    COMPLETE = "complete"


class Method(StrEnum):
    """How items become a score."""

    SUM = "sum"
    MEAN = "mean"


class ItemBlock(Config):
    """A run of items with the same range: code pattern with {n}, numbers first..last.

    `LSF{n:02d}` with first 1, last 24 gives LSF01 ... LSF24.
    """

    code: Text
    first: int = Field(default=1, ge=1)
    last: int = Field(ge=1)
    minimum: float
    maximum: float
    not_assessed: tuple[float, ...] = Field(default=(), description="Values that mean not assessed, such as 0 in CGI.")

    def codes(self) -> list[str]:
        """The item codes of this block, in order."""
        return [self.code.format(n=n) for n in range(self.first, self.last + 1)]

    @model_validator(mode="after")
    def ranges_make_sense(self) -> Self:
        """The lowest answer is below the highest, and `not assessed` is no answer."""
        if not self.minimum < self.maximum:
            raise ValueError("minimum must be below maximum")
        if any(self.minimum <= v <= self.maximum for v in self.not_assessed):
            raise ValueError("a value of not_assessed is also an answer")
        return self


class Scale(Config):
    """One score (a PARAMCD): over named items, or the sum of other scales (`parts`)."""

    paramcd: ParameterCode
    label: Text = Field(max_length=200)
    items: tuple[Text, ...] = Field(default=(), description="Item codes; `LSF01..LSF24` names a run.")
    parts: tuple[ParameterCode, ...] = Field(default=(), description="Scales whose sum this one is.")
    reverse: tuple[Text, ...] = ()
    method: Method = Method.SUM
    minimum: float
    maximum: float
    higher_is_worse: bool = True
    missing: Missing = Missing.COMPLETE
    max_missing_pct: float = Field(default=0, ge=0, lt=100)

    @model_validator(mode="after")
    def items_or_parts(self) -> Self:
        """A scale is made of items, or of parts; only items are reversed; a share of missing items goes with prorating."""
        if bool(self.items) == bool(self.parts):
            raise ValueError("give either items or parts")
        if self.parts and self.reverse:
            raise ValueError("a scale of parts reverses nothing: reverse the items in the part")
        if (self.missing is Missing.PRORATE) != (self.max_missing_pct > 0):
            raise ValueError("max_missing_pct above 0 goes with missing: prorate, and only with it")
        return self


class Instrument(Config):
    """One instrument: items, scales, source of its rules.

    A version (`version_of`) has the same items but groups them in another way. Trial and site say which one they use by its
    name; what both score alike keeps its PARAMCD, all else must have its own.
    """

    name: Text
    title: Text
    version_of: Text | None = Field(default=None, description="The instrument this is another version of.")
    clinician_rated: bool = Field(default=False, description="Rated by a clinician (SDTM domain RS), not by the participant (QS).")
    of_change: bool = Field(default=False, description="Whether it rates a change, which there cannot be at baseline.")
    source: Text
    items: tuple[ItemBlock, ...]
    scales: tuple[Scale, ...] = Field(min_length=1)

    @property
    def family(self) -> str:
        """The name that all versions of an instrument share."""
        return self.version_of or self.name

    def item_codes(self) -> list[str]:
        """All item codes in their fixed order: the order of the list `item_values` of an administration."""
        return [code for block in self.items for code in block.codes()]

    def scored_codes(self) -> list[str]:
        """The item codes that some scale adds, in item order: the others are kept where a site sends them and not asked for."""
        scored = {code for scale in self.scales for code in self.expand(scale.items)}
        return [code for code in self.item_codes() if code in scored]

    def expand(self, names: tuple[str, ...]) -> list[str]:
        """Write out runs such as `LSF01..LSF24` as item codes, in item order.

        Raises ValueError when a code is not an item of this instrument.
        """
        order = self.item_codes()
        out: list[str] = []
        for name in names:
            first, dots, last = name.partition("..")
            for code in (first, last) if dots else (first,):
                if code not in order:
                    raise ValueError(f"{code} is not an item of {self.name}")
            out += order[order.index(first) : order.index(last) + 1] if dots else [first]
        return out

    @model_validator(mode="after")
    def scales_use_known_items(self) -> Self:
        """Every item and part a scale names exists, codes are told apart."""
        codes = self.item_codes()
        if len(codes) != len(set(codes)):
            raise ValueError("two items have the same code")
        params = [s.paramcd for s in self.scales]
        if len(params) != len(set(params)):
            raise ValueError("two scales have the same paramcd")
        for scale in self.scales:
            self.expand(scale.items)
            missing = [r for r in self.expand(scale.reverse) if r not in self.expand(scale.items)]
            if missing:
                raise ValueError(f"{scale.paramcd} reverses {missing}, which are not among its items")
            self._check_parts(scale)
        self._check_ranges()
        return self

    def _check_parts(self, scale: Scale) -> None:
        by_code = {s.paramcd: s for s in self.scales}
        unknown = [p for p in scale.parts if p not in by_code]
        if unknown:
            raise ValueError(f"{scale.paramcd} adds {unknown}, which are not scales of {self.name}")
        nested = [p for p in scale.parts if by_code[p].parts]
        if nested:
            raise ValueError(f"{scale.paramcd} adds {nested}, which are made of parts themselves: name their parts instead")
        items = [code for p in scale.parts for code in self.expand(by_code[p].items)]
        if len(items) != len(set(items)):
            raise ValueError(f"{scale.paramcd} adds parts that share items")
        turned = [p for p in scale.parts if by_code[p].higher_is_worse != scale.higher_is_worse]
        if turned:
            raise ValueError(f"{scale.paramcd} adds {turned}, which count in the other direction")

    def _check_ranges(self) -> None:
        """The range of a scale is what its items allow: a wrong one would give a wrong POMP."""
        limits = {code: (b.minimum, b.maximum) for b in self.items for code in b.codes()}
        by_code = {s.paramcd: s for s in self.scales}
        for scale in self.scales:
            ranges = [(by_code[p].minimum, by_code[p].maximum) for p in scale.parts]
            ranges = ranges or [limits[code] for code in self.expand(scale.items)]
            share = len(ranges) if scale.method is Method.MEAN else 1
            low, high = sum(r[0] for r in ranges) / share, sum(r[1] for r in ranges) / share
            if abs(low - scale.minimum) > 1e-9 or abs(high - scale.maximum) > 1e-9:
                raise ValueError(f"{scale.paramcd} says {scale.minimum:g}-{scale.maximum:g}, its items give {low:g}-{high:g}")


def clashes(one: Instrument, other: Instrument) -> list[str]:
    """Why two instruments cannot be used in one trial: a shared code must mean the same, and only versions may share any."""
    mine, theirs = {s.paramcd: s for s in one.scales}, {s.paramcd: s for s in other.scales}
    shared = sorted(mine.keys() & theirs.keys())
    if one.family != other.family:
        codes = sorted(set(one.item_codes()) & set(other.item_codes()))
        both = [*shared, *(c for c in codes if c not in shared)]
        told = f"{one.name} and {other.name} both have {', '.join(both[:6])}; only versions of one instrument may share codes"
        return [told] if both else []
    different = [p for p in shared if _meaning(one, mine[p]) != _meaning(other, theirs[p])]
    return [f"{one.name} and {other.name} score {', '.join(different)} in different ways; give it another paramcd"] if different else []


def _meaning(instrument: Instrument, scale: Scale) -> tuple[object, ...]:
    """What a PARAMCD stands for: its items, how they are scored and its range."""
    by_code = {s.paramcd: s for s in instrument.scales}
    items = [instrument.expand(by_code[p].items) for p in scale.parts] or [instrument.expand(scale.items)]
    return (items, tuple(instrument.expand(scale.reverse)), scale.method, scale.minimum, scale.maximum, scale.higher_is_worse,
            scale.missing, scale.max_missing_pct)  # fmt: skip
