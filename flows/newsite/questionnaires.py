"""Questionnaires: which instrument the items side by side are, which part of it, and which column is a reported total.

What belongs here: instruments against names, numbers of items and ranges; totals proven by adding. What does not: finding runs of columns
(families.py), one item a row (long_items).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from flows.newsite import lexicon
from flows.newsite.amounts import missing_codes
from flows.newsite.asking import Open, Said
from flows.newsite.column import Column
from flows.newsite.families import Cluster
from flows.newsite.naming import Tokens, likeness, tokens
from flows.newsite.opening import Sheet
from schemas.instrument import Instrument, Method

_CODE = re.compile(r"(\D*\d?\D*?)(\d{1,3})(\D*)")
_NAMED = 0.85
#: Share of complete rows in which a column must be the sum of the items, and how many there must be.
_SUM, _SUM_ROWS = 0.8, 3


@dataclass(frozen=True)
class Part:
    """The numbered items of an instrument that share one spelling: LSF{item:02d}, numbers 1-24, 0-3."""

    instrument: str
    template: str
    numbers: frozenset[int]
    scored: frozenset[int]
    low: float
    high: float

    @property
    def prefix(self) -> str:
        """The letters before the number."""
        return self.template.partition("{")[0]


def parts_of(instrument: Instrument) -> list[Part]:
    """An instrument's numbered items by their spelling, in its own order."""
    scored = set(instrument.scored_codes())
    found: dict[str, list[tuple[int, bool, float, float]]] = {}
    for block in instrument.items:
        template = block.code.replace("{n:", "{item:").replace("{n}", "{item}")
        if "{item" not in template:
            continue
        for number in range(block.first, block.last + 1):
            code = template.format(item=number)
            found.setdefault(template, []).append((number, code in scored, block.minimum, block.maximum))
    return [
        Part(instrument.name, template, frozenset(n for n, *_ in of), frozenset(n for n, is_scored, *_ in of if is_scored),
             min(low for _, _, low, _ in of), max(high for *_, high in of))
        for template, of in found.items()
    ]  # fmt: skip


@dataclass
class Items:
    """One questionnaire of a sheet. `entries`: pattern, item template (or what is open), columns -> item code where that is known."""

    instrument: Any
    candidates: list[str]
    entries: list[tuple[str, Any, dict[str, str | None]]]
    why: str
    sure: float
    missing: dict[str, int] = field(default_factory=dict)

    @property
    def columns(self) -> set[str]:
        """Every column that is an item."""
        return {c for _, _, of in self.entries for c in of}


def find(sheet: Sheet, clusters: Iterable[Cluster], instruments: Mapping[str, Instrument], asked: Collection[str]) -> list[Items]:
    """The questionnaires among runs of columns. `asked`: names of the trial's instruments; empty where no trial is known."""
    out = []
    for cluster in clusters:
        if cluster.slots != 1 or not all(f.is_run for f in cluster.variants.values()) or len(cluster.numbers) < 3:
            continue
        columns = [sheet.columns[c] for f in cluster.variants.values() for c in f.columns.values()]
        if not all(c.numbers.share >= 0.8 or not c.n_given for c in columns) or any(c.is_secret for c in columns):
            continue
        if (made := _match(sheet, cluster, columns, instruments, asked)) is not None:
            out.append(made)
    return out


def _match(
    sheet: Sheet, cluster: Cluster, columns: Sequence[Column], instruments: Mapping[str, Instrument], asked: Collection[str]
) -> Items | None:
    last = len(cluster.numbers)
    fitting: dict[str, list[Part]] = {}
    for name, instrument in instruments.items():
        if asked and name not in asked:
            continue
        several = [p for p in parts_of(instrument) if set(range(1, last + 1)) <= p.numbers and p.scored <= set(range(1, last + 1))]
        several = [p for p in several if p.scored]
        if len(several) >= len(cluster.variants) and _in_range(columns, several):
            fitting[name] = several
    named = {name: score for name in fitting if (score := _called(name, instruments[name].family, sheet, cluster)) >= _NAMED}
    if not named:
        return None
    best = max(named.values())
    names = sorted(n for n, score in named.items() if score >= best - 0.02)
    called_so: Any = names[0] if len(names) == 1 else Open(f"{' or '.join(names)}: the export does not tell them apart")
    parts = _place(cluster, {n: fitting[n] for n in names})
    entries: list[tuple[str, Any, dict[str, str | None]]] = []
    for variant, family in cluster.variants.items():
        template, why = parts[variant]
        pattern = cluster.pattern(["item"], "", [variant])
        codes = {c: (template.format(item=n) if isinstance(template, str) else None) for (n,), c in family.columns.items()}
        entries.append((pattern, template if isinstance(template, str) else Open(why), codes))
    why = f"{len(columns)} columns in runs of {last}, all answers in the range of its items, and its name"
    return Items(called_so, names, entries, why, best, missing_codes(columns))


def _in_range(columns: Sequence[Column], parts: Sequence[Part]) -> bool:
    """Nearly all answers lie within the items' range."""
    low, high = min(p.low for p in parts), max(p.high for p in parts)
    inside = total = 0
    for column in columns:
        for text, n in column.given:
            if text in column.n_coded_missing and not low <= float(text) <= high:
                continue
            total += n
            inside += n * (re.fullmatch(r"\d+([.,]0+)?", text) is not None and low <= float(text.replace(",", ".")) <= high)
    return total == 0 or inside >= 0.95 * total


def _called(name: str, family: str, sheet: Sheet, cluster: Cluster) -> float:
    """How well the sheet or the columns are called like the instrument."""
    around = tokens(cluster.before or next(iter(cluster.variants)))
    return max(called(name, tokens(sheet.title)), called(name, around), called(family, tokens(sheet.title)), called(family, around))


def called(name: str, told: Tokens) -> float:
    """How alike a name and an instrument's names are."""
    own = lexicon.instruments().get((name, ""), ())
    terms = [(tokens(name), False), *((t.tokens, t.is_weak) for t in own)]
    return max((likeness(told, term, lexicon.fillers()) * (0.75 if weak else 1.0) for term, weak in terms), default=0.0)


def _place(cluster: Cluster, fitting: Mapping[str, Sequence[Part]]) -> dict[str, tuple[str | None, str]]:
    """Variant -> (item template, ""), or (None, the question) where the names do not tell which part is which."""
    templates = list(dict.fromkeys(p.template for parts in fitting.values() for p in parts))
    by_prefix = {p.prefix: p for parts in fitting.values() for p in parts}
    if len(cluster.variants) == 1 and len(templates) == 1:
        return {next(iter(cluster.variants)): (templates[0], "")}
    words = {
        prefix: next((t for (i, p), t in lexicon.instruments().items() if p == prefix and i in fitting), ()) for prefix in by_prefix
    }
    scores: dict[str, dict[str, float]] = {}
    for variant in cluster.variants:
        told = tokens(variant)
        scores[variant] = {
            p.template: max(
                [likeness(told, t.tokens) for t in words[prefix]] + [1.0 if "".join(told).upper() in (prefix, prefix[-1:]) else 0.0]
            )
            for prefix, p in by_prefix.items()
        }
    out: dict[str, tuple[str | None, str]] = {}
    for variant, of in scores.items():
        top = sorted(of.items(), key=lambda p: -p[1])
        sure = top[0][1] >= _NAMED and (len(top) == 1 or top[1][1] < _NAMED)
        out[variant] = (top[0][0], "") if sure else (None, f"{' or '.join(templates)}: which half is {variant!r}?")
    chosen = [t for t, _ in out.values() if t is not None]
    if len(chosen) != len(set(chosen)) or (len(cluster.variants) > 1 and len(chosen) < len(out)):
        return {v: (None, f"{' or '.join(templates)}: which half is {v!r}?") for v in cluster.variants}
    return out


def totals(sheet: Sheet, items: Items, instruments: Mapping[str, Instrument], left: Iterable[Column]) -> dict[str, Said]:
    """PARAMCD -> the column that is the sum of its items, proven row by row."""
    if len(items.candidates) != 1:
        return {}
    instrument = instruments[items.candidates[0]]
    codes = {code: column for _, _, of in items.entries for column, code in of.items() if code is not None}
    values = {c: _numbers(sheet, c) for c in items.columns}
    out: dict[str, Said] = {}
    for column in left:
        if column.numbers.share < 0.8 or not column.n_given:
            continue
        reported = _numbers(sheet, column.name)
        for paramcd, wanted in _sums(instrument):
            if wanted <= codes.keys():
                used = [values[codes[w]] for w in sorted(wanted)]
            elif len(codes) < len(wanted) and set(instrument.scored_codes()) == wanted and len(items.columns) == len(wanted):
                used = [values[c] for c in sorted(items.columns)]  # whichever half is which, all are added
            else:
                continue
            total = np.sum(used, axis=0)
            both = ~np.isnan(total) & ~np.isnan(reported)
            same = int(np.sum(np.abs(total[both] - reported[both]) < 1e-9))
            if both.sum() >= _SUM_ROWS and same >= _SUM * both.sum():
                why = f"the sum of the items in {same} of {int(both.sum())} complete rows"
                out.setdefault(paramcd, Said(column.name, why, round(95 * same / int(both.sum()))))
                break
    return out


def _sums(instrument: Instrument) -> list[tuple[str, set[str]]]:
    """Scales that are plain sums: PARAMCD -> item codes."""
    plain = {s.paramcd: set(instrument.expand(s.items)) for s in instrument.scales if s.items and s.method is Method.SUM and not s.reverse}
    whole = [(s.paramcd, set().union(*(plain.get(p, {""}) for p in s.parts))) for s in instrument.scales if s.parts]
    return [(p, c) for p, c in [*whole, *plain.items()] if len(c) > 1 and "" not in c]


def _numbers(sheet: Sheet, name: str) -> npt.NDArray[np.float64]:
    out = []
    for text in sheet.table[name].to_pylist():
        try:
            out.append(float(str(text).strip().replace(",", ".")) if text is not None else np.nan)
        except ValueError:
            out.append(np.nan)
    return np.array(out, np.float64)


def single(sheet: Sheet, column: Column, instruments: Mapping[str, Instrument], asked: Collection[str]) -> list[tuple[str, float]]:
    """Instruments of one item that a column may be: by its own name, else by the sheet's, with its numbers in their range."""
    out = []
    for name, instrument in instruments.items():
        if (asked and name not in asked) or len(instrument.item_codes()) != 1 or column.numbers.share < 0.8:
            continue
        block = instrument.items[0]
        allowed = (min((block.minimum, *block.not_assessed)), block.maximum)
        if column.n_given and not (allowed[0] <= column.numbers.lowest and column.numbers.highest <= allowed[1]):
            inside = sum(n for t, n in column.given if re.fullmatch(r"\d+", t) and allowed[0] <= float(t) <= allowed[1])
            if inside < 0.9 * column.n_given:
                continue
        score = max(called(name, tokens(column.name)), called(name, tokens(sheet.title)) * 0.98)
        if score >= 0.7:
            out.append((name, score))
    return sorted(out, key=lambda p: (-p[1], p[0]))


def long_items(sheet: Sheet, instruments: Mapping[str, Instrument], asked: Collection[str]) -> tuple[Column, list[str]] | None:
    """The column of item codes where each row is one item, and the instruments whose codes it holds."""
    wanted = {n: i for n, i in instruments.items() if not asked or n in asked}
    known = {n: {c.upper() for c in [*i.item_codes(), *(s.paramcd for s in i.scales)]} for n, i in wanted.items()}
    for column in sheet.columns.values():
        if column.n_distinct < 1 or column.numbers.share > 0.2 or column.about.is_structure:
            continue
        met = {t.upper(): n for t, n in column.given}
        hit = {n: sum(k for t, k in met.items() if t in codes) for n, codes in known.items()}
        every = set().union(*(known[n] for n, k in hit.items() if k)) if any(hit.values()) else set()
        if sum(n for t, n in met.items() if t in every) >= 0.8 * column.n_given:
            return column, sorted(n for n, k in hit.items() if k)
    return None
