"""Small exports and their drafts.

    export.csv("people.csv", '''
        id  | born
        S01 | 03/04/1990
    ''')
    draft = export.draft()
    said(draft, "tables.subject.fields.age_years")      -> the value as site.yaml would hold it; DECIDE where it is open
    asked(draft)                                         -> {path: question}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.newsite import draft as drafts
from flows.newsite import knowledge, writing
from flows.newsite.asking import plain, questions
from flows.newsite.draft import Draft, Told
from tests.harness import table

TRIAL = """\
study: t01
title: A trial
disorder: SAD
arms: [{code: DCS, label: DCS, dose_mg: 50}, {code: PBO, label: Placebo, dose_mg: 50, placebo: true}]
dosing: {sessions: [1, 2], time_points: [PRE]}
sessions: {number: 3, planned_length_min: 60}
visits:
  - {name: BASELINE, order: 0, target_day: 1, from_day: -28, to_day: 1, baseline: true}
  - {name: WEEK 4, order: 1, target_day: 29, from_day: 25, to_day: 33}
  - {name: POST, order: 2, target_day: 85, from_day: 78, to_day: 98}
primary: LSASTOT
instruments: [LSAS, SPD-S]
blinding: {status: blinded}
"""


class Export:
    """The files of one site, beside a configuration folder."""

    def __init__(self, root: Path) -> None:
        self.folder, self.config = root / "export", root / "config"
        self.folder.mkdir(parents=True)
        (self.config / "trials").mkdir(parents=True)

    def csv(self, name: str, text: str, delimiter: str = ",", encoding: str = "utf-8") -> Path:
        """A text table as a delimited file; '' is a blank cell."""
        names, rows = table(text)
        lines = [delimiter.join(names), *(delimiter.join(cell or "" for cell in row) for row in rows)]
        return self.bytes(name, ("\n".join(lines) + "\n").encode(encoding))

    def bytes(self, name: str, content: bytes) -> Path:
        """Any file."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def trial(self, text: str = TRIAL) -> None:
        """The trial's file."""
        (self.config / "trials" / "t01.yaml").write_text(text, encoding="utf-8")

    def draft(self, timezone: str = "Europe/Lisbon", clock: str = "site") -> Draft:
        """The draft of all its files."""
        known = knowledge.read(self.config, "t01")
        return drafts.make("t01", "01", sorted(self.folder.iterdir()), self.config, known, Told(timezone, clock, "snapshot"))


def said(draft: Draft, path: str) -> Any:
    """A value of the draft by its path; None where there is none."""
    value = plain(draft.site)
    for part in path.split("."):
        if isinstance(value, list):
            value = value[int(part)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def asked(draft: Draft) -> dict[str, str]:
    """Open questions."""
    return dict(questions(draft.site))


def text(draft: Draft) -> str:
    """The whole of site.yaml."""
    return writing.text(draft)
