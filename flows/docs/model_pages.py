"""The SQL models: what each table is, from the headers of sql/.

What belongs here: what a header says and which thresholds the SQL uses. What does not: a sentence that no header has.
"""

from __future__ import annotations

import re
from functools import cache

from flows.docs.markdown import Link, code, page, table
from flows.docs.rule_pages import threshold_rows
from flows.engine import models
from flows.engine.models import Model
from schemas.columns import columns
from schemas.evidence import Evidence

ROOT = models.SQL.parent

#: What a folder of sql/ holds, in the order of the route.
LAYERS = {
    "staging": "what the mapping made, with what judging needs",
    "core": "the science",
    "analysis": "the published sets of one site",
    "pooled": "the published sets that need a whole trial",
    "tables": "what `trialweave tables` counts in a release",
    "sdtm": "what `trialweave export --sdtm` makes of a release",
    "report": "what report.html counts in a release",
    "effects": "the rows that `trialweave analyze` fits its models to",
}


def file_of(model: Model) -> str:
    """A model's path within the project."""
    return model.path.relative_to(ROOT).as_posix()


@cache
def thresholds_of(name: str) -> tuple[str, ...]:
    """Names of the evidence a model's SQL uses."""
    code_only = re.sub(r"--[^\n]*", "", models.catalogue()[name].sql)
    return tuple(n for n in Evidence.model_fields if re.search(rf"\b[a-z]+\.{n}\b", code_only))


def read_by(name: str) -> list[str]:
    """Models that read a table, or the intake table made of it."""
    intake = name.replace("staging.", "intake.", 1)
    return sorted(m.name for m in models.catalogue().values() if {name, intake} & set(m.reads))


def pages(evidence: Evidence) -> dict[str, str]:
    """`models.md` and `where.md`."""
    found = models.catalogue()
    blocks: list[list[str]] = [["One file of `sql/` is one table. Each schema is a folder; the runner orders the files by what they read."]]
    for schema in dict.fromkeys([*LAYERS, *(m.schema for m in found.values())]):
        own = sorted((m for m in found.values() if m.schema == schema), key=lambda m: m.name)
        if own:
            blocks += [[f"## {schema}: {LAYERS.get(schema, '')}"], *[block for m in own for block in _entry(m, evidence)]]
    return {"models.md": page("SQL models", *blocks), "where.md": _where()}


def _entry(model: Model, evidence: Evidence) -> list[list[str]]:
    facts = [
        ("file", code(file_of(model))),
        ("grain", ", ".join(model.grain)),
        ("reads", ", ".join(model.reads)),
        ("read by", ", ".join(read_by(model.name))),
        ("why", model.why),
    ]
    blocks = [[f"### {model.name}"], [f"{model.title[:1].upper()}{model.title[1:]}."], table(["", ""], [f for f in facts if f[1]])]
    if names := thresholds_of(model.name):
        blocks.append(table(["threshold", "value", "source"], threshold_rows(names, evidence)))
    return blocks


#: What README's "where is ...?" table points at; docs/where.md has them all.
POINTED_AT = (
    "core.dose", "core.dose_timing", "core.dose_count", "core.session", "core.session_suds", "core.session_dose", "core.session_outcome",
    "core.medication", "core.medication_at_dose", "core.score", "core.form_visit", "core.baseline", "core.adverse_event", "core.deviation",
    "core.population", "pooled.adipd",
)  # fmt: skip


def readme_table() -> str:
    """The table of README: the titles of POINTED_AT and their files, linked."""
    found = models.catalogue()
    rows = [(found[name].title, Link(file_of(found[name]), file_of(found[name]))) for name in POINTED_AT]
    return "\n".join(table(["where is computed", "file"], rows))


def _where() -> str:
    """Questions to files: tables by their titles, published variables by the model that makes their set."""
    found = models.catalogue()
    rows = [(m.title, m.name, code(file_of(m))) for m in sorted(found.values(), key=lambda m: (list(LAYERS).index(m.schema), m.name))]
    sets = []
    for dataset, own in columns().items():
        model = found.get(f"analysis.{dataset}") or found.get(f"pooled.{dataset}")
        if model is not None:
            sets.append((dataset, ", ".join(c.name for c in own), code(file_of(model))))
    return page(
        "Where is ...?",
        ["## A question about the data"],
        table(["where is computed", "table", "file"], rows),
        ["## A published variable"],
        ["The file below gives the variable its published name; the tables it reads compute it."],
        table(["set", "variables", "file"], sets),
    )
