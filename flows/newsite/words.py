"""Columns of a few codes as fields: yes and no, sex, severity; by the file's own labels, by words of twelve languages, else open.

What belongs here: from codes to `map`. What does not: the words (config/lexicon/words.csv).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flows.engine.mapping.shapes import FieldOf
from flows.newsite import lexicon
from flows.newsite.asking import Open
from flows.newsite.column import Column
from flows.newsite.read import Context, Read


def boolean(of: FieldOf, column: Column, context: Context) -> Read:
    """Yes and no."""
    return _coded(column, context.lists.codes["boolean"], "boolean", ("true", "false"), as_boolean=True)


def word(of: FieldOf, column: Column, context: Context) -> Read:
    """A word of one of the lists: sex, severity, time point."""
    known = context.lists.sex if of.words == "sex" else context.lists.codes.get(of.words, {})
    values = tuple(dict.fromkeys(known.values()))
    return _coded(column, {**known, **{v.lower(): v for v in values}}, of.words, values)


def _coded(column: Column, known: Mapping[str, str], words_list: str, values: Sequence[str], *, as_boolean: bool = False) -> Read:
    """A column of codes: by the file's own labels, by words the mapping knows, by words of other languages; else a person decides."""
    words = lexicon.words(words_list)
    labels = {code: _meaning(label, known, words) for code, label in column.labelled()}
    levels = column.codes(20 if labels else 8)
    levels += [(code, 0) for code in labels if code not in dict(levels)] if len(labels) <= 20 and (levels or not column.n_given) else []
    if not levels:
        return Read({}, "it is no column of a few codes", 0.0)
    if as_boolean:
        levels += [(t, n) for t, n in column.counts if t in ("-", ".") and t in column.missing_words]
    turned = {code.lower() for code, _ in levels} in TURNED and not labels
    made: dict[str, Any] = {}
    by: dict[str, int] = {}
    hidden = 0
    for code, n in levels:
        meaning, source = labels.get(code), "labels in the file"
        if meaning is None and code not in labels and not turned:
            meaning, source = _unlabelled(code, known, words, {c for c, _ in levels}, as_boolean)
        if meaning is not None:
            made[code] = (meaning == "true") if as_boolean else meaning
            by[source] = by.get(source, 0) + n
        elif code in labels or n >= 3 or len(code) <= 2:
            labelled = f" labelled {labels_text(column, code)}" if code in labels else ""
            made[code] = Open(f"what {code!r} means: {' or '.join(values)}; {n} cells{labelled}")
        else:
            hidden += n
    if by.get("words"):
        made |= {t: (v == "true") if as_boolean else v for t, v in lexicon.counterparts(words_list, [c for c, _ in levels]).items()}
    read = sum(by.values())
    if not by and not _may_be_codes(levels, values):
        return Read({}, "its codes are no such words", 0.0)
    is_plain = all(not isinstance(v, Open) and known.get(code.lower()) == (str(v).lower() if as_boolean else v) for code, v in made.items())
    shows = f"{read} of {column.n_given} cells told by {' and '.join(by)}" if by else f"nothing explains its {len(levels)} codes"
    shows += f"; {hidden} cells hold other texts, which are not shown here" if hidden else ""
    fits = 0.7 if not column.n_given else 1.0 if read >= 0.9 * column.n_given else 0.8 if read else 0.5
    return Read({} if is_plain else {"map": made}, shows if column.n_given else "no cell is filled; the file's labels tell its codes", fits)


#: Letters that mean the opposite in another language: H and M (hombre, mujer), V and M (varón and mujer, vrouw and man).
TURNED = ({"h", "m"}, {"v", "m"})


def _unlabelled(
    code: str, known: Mapping[str, str], words: Mapping[str, str], all_codes: set[str], as_boolean: bool
) -> tuple[str | None, str]:
    """What a code means by itself, and what tells it; a number means something only as 0 and 1 of a yes-no column."""
    if any(c.isalpha() for c in code):
        return _meaning(code, known, words), "words"
    return (known[code], "0 and 1") if as_boolean and all_codes <= {"0", "1"} else (None, "")


def labels_text(column: Column, code: str) -> str:
    """A code's label in quotes, as the file says it."""
    return repr(column.about.labels.get(code, ""))


def _may_be_codes(levels: Sequence[tuple[str, int]], values: Sequence[str]) -> bool:
    """Few enough codes for the values there are: 1 and 2 for sex, 1-3 for a grade."""
    return len(levels) <= max(len(values), 3) and all(len(code) <= 3 for code, _ in levels)


def _meaning(text: str, known: Mapping[str, str], words: Mapping[str, str]) -> str | None:
    return known.get(text.strip().lower()) or words.get(lexicon.folded(text))
