"""Visit labels of a site against the visits of the trial.

What belongs here: which label is which visit. What does not: which column holds them (assessments.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flows.newsite import lexicon
from flows.newsite.asking import Open
from flows.newsite.column import Column
from flows.newsite.naming import tokens

_MOST = 20


@dataclass(frozen=True)
class Visits:
    """The trial's visits: name -> other spellings; `baseline`: the one so marked."""

    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    baseline: str | None = None

    def known(self) -> set[str]:
        """Every spelling the trial's file knows, for comparison."""
        return {s.casefold() for name, others in self.names.items() for s in (name, *others)}


def map_of(column: Column, visits: Visits) -> tuple[dict[str, Any], str]:
    """`map:` for a column of visit labels, empty where none is needed; and what its cells show."""
    levels = column.codes(_MOST)
    if not visits.names:
        return {}, "labels are kept as sent: no trial file says which visits there are"
    if not levels:
        return {}, f"{column.n_distinct} different labels, kept as sent"
    known = visits.known()
    if all(text.casefold() in known for text, _ in levels):
        return {}, f"its {len(levels)} labels are visits of the trial"
    by_name = {s.casefold(): name for name, others in visits.names.items() for s in (name, *others)}
    labels = column.about.labels
    texts = [text for text, _ in levels]
    before = re.match(r"(?:[A-Za-z]+[_.])?", texts[0])[0]  # type: ignore[index]
    before = before if len(texts) > 1 and all(t.startswith(before) for t in texts) else ""
    out: dict[str, Any] = {}
    told = needed = 0
    for text, n in levels:
        label = labels.get(text, text[len(before) :])
        found = by_name.get(text.casefold()) or by_name.get(label.casefold()) or _by_words(label, visits)
        told += found is not None
        needed += text.casefold() not in known and (found is not None or n >= 3 or len(text) <= 2)
        if found is not None:
            out[text] = found
        elif n >= 3 or len(text) <= 2:
            told_so = f" labelled {labels[text]!r}" if text in labels else ""
            out[text] = Open(f"one of {', '.join(visits.names)}, or null for none; {n} cells{told_so}")
    hidden = len(levels) - len(out)
    rest = f"; {hidden} met once or twice are not shown here" if hidden else ""
    return (out if needed else {}), f"{told} of {len(levels)} labels are known{rest}"


def _by_words(text: str, visits: Visits) -> str | None:
    """A visit's name but for blanks and signs; baseline and week numbers in many languages."""
    told = "".join(tokens(text))
    alike = [name for name, others in visits.names.items() if any("".join(tokens(s)) == told for s in (name, *others))]
    if len(alike) == 1 and told:
        return alike[0]
    if lexicon.folded(text) in lexicon.words("baseline"):
        return visits.baseline
    parts = tokens(text)
    weeks = lexicon.words("week")
    if len(parts) == 2 and (parts[0] in weeks or parts[1] in weeks):
        number = next((p for p in parts if p.isdigit()), None)
        return next((name for name in visits.names if number and _is_week(name, number)), None)
    return None


def _is_week(name: str, number: str) -> bool:
    return re.fullmatch(rf"(?:week|wk|w)\s*0*{int(number)}", name, re.IGNORECASE) is not None


def of_trial(data: Any) -> Visits:
    """The visits of a trial file's plain values; an undecided file has none."""
    found: Sequence[Any] = data.get("visits") or () if isinstance(data, dict) else ()
    try:
        names = {str(v["name"]): tuple(map(str, v.get("labels", ()))) for v in found}
        baseline = next((str(v["name"]) for v in found if v.get("baseline") is True), None)
    except (TypeError, KeyError, AttributeError):
        return Visits()
    return Visits() if "DECIDE" in names else Visits(names, baseline)
