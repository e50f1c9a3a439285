"""What a mapping says against the words it is written with: a column called `end` read as the beginning, `ja` that means no.

What belongs here: names of columns and codes in a mapping against the lexicon. What does not: a trial's file (trial_doubts.py), telling a
night (at_night.py), what is wrong for certain (flows/engine/mapping/check.py), what a site's cells say (the rules). Nobody is held up by a
doubt: a site may call things as it likes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from flows.engine.config import Unit
from flows.engine.mapping.shapes import FIELDS, FieldOf, Kind
from flows.engine.mapping.text import const_text
from flows.newsite import lexicon
from flows.newsite.naming import Tokens, likeness, tokens
from flows.newsite.scoring import NEEDED, PREFIXES, SURE, name_score
from flows.newsite.words import TURNED
from flows.sources.files import matches
from schemas.site import FieldSpec, IntakeTable, TableSpec

#: Fields that are taken for one another: the kinds of which a table has several.
_KINDS = {Kind.INSTANT: "when", Kind.DATE: "when", Kind.PARTIAL: "when", Kind.SUDS: "fear", Kind.AGE: "size", Kind.WEIGHT: "size"}
_GROUP = re.compile(r"\(\?P<\w+>[^()]*\)")
#: Numbers that are customary for "no answer", also where the scale holds them.
_CUSTOMARY = {"7", "8", "9", "77", "88", "99"}
_STANDARD = re.compile(r"[A-Z]{2}(ST|EN)DTC")
#: Numbers from which on a map that turns them round is no slip of two codes.
_TURNED = 3
#: Meanings of which a field with several codes has each.
_EACH = {"sex": ("F", "M"), "severity": ("MILD", "MODERATE", "SEVERE"), "boolean": ("true", "false"), "time_point": ("PRE", "POST")}
_WORDS = {"sex": "sex", "severity": "severity", "time_point": "time_point"}


def find(unit: Unit) -> list[str]:
    """Every doubt about a unit's mapping, as a sentence that begins with the place in it."""
    out: list[str] = []
    for table, specs in unit.site.tables.items():
        for number, spec in enumerate(specs):
            label = f"tables.{table}" + (f"[{number}]" if len(specs) > 1 else "")
            out += [f"{label}{text}" for text in (*_fields(table, spec), *_halves(spec), *_missing(unit, table, spec))]
    return list(dict.fromkeys(out))


def unread(unit: Unit, columns: Iterable[tuple[str, str]]) -> list[str]:
    """Columns of files that nothing reads, although they are called like a field that something else is read for."""
    out = []
    for file, column in columns:
        for table, spec in ((t, s) for t, specs in unit.site.tables.items() for s in specs if matches(file, s.file)):
            neutral = _neutral(table, spec)
            for name in FIELDS[table].keys() - {"record_no", "value", "item"}:
                field = spec.fields.get(name)
                score = name_score(tokens(column), table, name, neutral)
                if field is None or score < SURE or any(name_score(tokens(c), table, name, neutral) >= score for c in field.from_):
                    continue
                instead = ", ".join(map(repr, field.from_)) if field.from_ else "a constant"
                out.append(f"tables.{table}.{name}: reads {instead}; nothing reads {column!r} of {file}, which is called like it")
    return sorted(out)


def _fields(table: IntakeTable, spec: TableSpec) -> Iterator[str]:
    known = FIELDS[table]
    for name, field in spec.fields.items():
        if name in known:
            of = known[name]
            said = (*_meant(of, field), *_same(of, field), *_turned(field), *_removed(name, field))
            texts = (*_called(table, name, known, field, spec), *said)
            yield from (f".{name}: {t}" for t in texts)


def _called(table: IntakeTable, name: str, known: dict[str, FieldOf], field: FieldSpec, spec: TableSpec) -> Iterator[str]:
    """A column whose name is that of another field of its kind, or of what is no field, and not that of its own."""
    kind = _KINDS.get(known[name].kind)
    if kind is None or not field.from_:
        return
    neutral = _neutral(table, spec)
    for column in field.from_:
        called = tokens(column)
        others = [f for f, of in known.items() if f != name and _KINDS.get(of.kind) == kind]
        best = max(((name_score(called, table, f, neutral), f) for f in others), default=(0.0, ""))
        if max(name_score(called, table, name, neutral) for called in map(tokens, field.from_)) >= NEEDED:
            return
        standard = _STANDARD.fullmatch(column)
        if standard is not None and name.startswith("ended" if standard[1] == "ST" else "started"):
            yield f"reads {column!r}, the standard's name of {'a start' if standard[1] == 'ST' else 'an end'}; look whether it is"
        elif best[0] >= SURE:
            yield f"reads {column!r}, which is called like {best[1]}; look whether it is"
        elif name_score(called, "*", "other", neutral) >= SURE:
            yield f"reads {column!r}, which is called like something else (planned, height, a comment ...); look whether it is {name}"


def _neutral(table: IntakeTable, spec: TableSpec) -> frozenset[str]:
    """Words that tell nothing in the name of a column of this table."""
    return frozenset({*lexicon.fillers(), *PREFIXES[table], *tokens(spec.sheet if isinstance(spec.sheet, str) else "")})


def _turned(field: FieldSpec) -> Iterator[str]:
    """A map of numbers to numbers that turns their order round."""
    known = (field.map or {}).items()
    pairs = sorted((int(a), b) for a, b in known if a.isdigit() and isinstance(b, int | float) and not isinstance(b, bool))
    if len(pairs) >= _TURNED and all(a[1] > b[1] for a, b in pairwise(pairs)):
        ends = f"{pairs[0][0]} to {pairs[0][1]:g} and {pairs[-1][0]} to {pairs[-1][1]:g}"
        yield f"maps {ends}: the numbers are turned round; look whether they are"


def _removed(name: str, field: FieldSpec) -> Iterator[str]:
    """Everybody who withdraws is taken out of the release: no row of a file says so."""
    if name == "scope" and field.const == "remove":
        yield "everybody who withdraws is taken out of every set; most withdraw from treatment only (stop); look whether all asked for it"


def _meant(of: FieldOf, field: FieldSpec) -> Iterator[str]:
    """A word that a map gives the meaning of its opposite."""
    name = "boolean" if of.kind == Kind.BOOLEAN else _WORDS.get(of.words or "")
    if name is None:
        return
    known = lexicon.words(name)
    letters = {lexicon.folded(text) for text in field.map or {}}
    for text, value in (field.map or {}).items():
        usual = known.get(lexicon.folded(text))
        if letters in TURNED and lexicon.folded(text) == "m" and value == "F":
            continue  # beside H or V it is mujer
        if usual is not None and value is not None and usual.lower() != const_text(value).lower():
            yield f"maps {text!r} to {const_text(value)}; the word usually means {usual}"


def _same(of: FieldOf, field: FieldSpec) -> Iterator[str]:
    """Two codes of one meaning where another meaning of the field has none: women and men are both M, nothing is moderate."""
    name = "boolean" if of.kind == Kind.BOOLEAN else _WORDS.get(of.words or "")
    meant = [const_text(v) for v in (field.map or {}).values() if v is not None]
    without = [word for word in _EACH.get(name or "", ()) if word not in meant]
    twice = sorted({word for word in meant if meant.count(word) > 1})
    if twice and without:
        yield f"maps two codes to {twice[0]} and none to {' or '.join(without)}; look whether they mean the same"


def _missing(unit: Unit, table: IntakeTable, spec: TableSpec) -> Iterator[str]:
    """A missing code that is a value: of the scale, of the instrument's items, or of the field's own map."""
    of = spec.fields.get("instrument")
    asked = [i for i in unit.instruments if table == IntakeTable.ASSESSMENT and of is not None and i.name == of.const]
    bounds = [(b.minimum, b.maximum) for i in asked for b in i.items]
    for name, field in spec.fields.items():
        low, high = (float(x) for x in field.scale.split("-")) if field.scale is not None else (0.0, -1.0)
        if name == "value" and bounds and not field.map:
            low, high = max(b[0] for b in bounds), min(b[1] for b in bounds)
        for code in unit.site.defaults.missing:
            if code in (field.map or {}):
                yield f".{name}: {code!r} is declared missing for the whole site and stands in the map; it is read as missing"
        for code in field.missing:
            if code in (field.map or {}):
                yield f".{name}: {code!r} is declared missing and stands in the map, too; it is read as missing"
            elif code not in _CUSTOMARY and code.replace(".", "", 1).isdigit() and low <= float(code) <= high:
                yield f".{name}: {code!r} is declared missing, but is a value from {low:g} to {high:g}; look whether it is one"


def _halves(spec: TableSpec) -> Iterator[str]:
    """Items of one part of an instrument read from columns called like another part."""
    instrument = spec.fields.get("instrument")
    if spec.wide is None or spec.wide.item is None or instrument is None or not isinstance(instrument.const, str):
        return
    own = spec.wide.item.partition("{")[0]
    parts = {part: terms for (name, part), terms in lexicon.instruments().items() if name == instrument.const and part}
    if own not in parts:
        return
    whole = {t for term in lexicon.instruments().get((instrument.const, ""), ()) for t in term.tokens}
    called: Tokens = tuple(t for t in tokens(_GROUP.sub(" ", spec.wide.pattern)) if t not in whole)
    score = {part: max(likeness(called, t.tokens, lexicon.fillers()) for t in terms) for part, terms in parts.items()}
    best = max(score, key=lambda part: (score[part], part))
    if best != own and score[best] >= SURE and score[own] < NEEDED:
        yield f".wide.item: {own} is read from {spec.wide.pattern!r}, which is called like {best}; look which half it is"
