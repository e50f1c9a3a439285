"""The rule catalogue: every file of schemas/rules with what it means, what it does and an example.

What belongs here: what can be said of a rule. What does not: the rules, their numbers (config/evidence.yaml), their examples (tests/spec).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import schemas.rules
from flows.docs.markdown import Link, code, page, table
from flows.docs.worked import Example, all_files
from flows.docs.worked_pages import example_blocks, named_table, slug
from schemas.evidence import Evidence
from schemas.findings import Severity
from schemas.rules import Rule, catalogue

FOLDER = Path(schemas.rules.__file__).parent

#: What a severity does (DESIGN section 7).
DOES = {
    Severity.REJECT: "The row goes to quarantine.",
    Severity.WITHHOLD: "The one value is null in the sets; its text stays in the data manager's findings and the row goes on.",
    Severity.QUERY: "The value is kept as sent and the site is asked.",
    Severity.NOTE: "Recorded; nobody is asked.",
}


def what_happens(rule: Rule) -> str:
    """What becomes of the row or value that breaks a rule."""
    told = "The row goes to quarantine without blame; nobody is asked." if rule.drops else DOES[rule.severity]
    told += " The date of the instant still counts." if rule.keeps_date else ""
    return told + (" One finding a participant and table." if rule.per_subject else "")


def tables_of(rule: Rule) -> str:
    """The tables a rule judges, in words."""
    return ", ".join("every table" if t == "*" else t for t in rule.tables)


def field_of(rule: Rule) -> str:
    """The field a rule judges, in words."""
    return {"": "the row", "*": "every field whose text could be at fault"}.get(rule.field, rule.field)


@cache
def thresholds_of(rule_id: str) -> tuple[str, ...]:
    """Names of the evidence a rule's own file uses."""
    text = (FOLDER / f"{rule_id}.py").read_text(encoding="utf-8")
    return tuple(n for n in Evidence.model_fields if re.search(rf"\bevidence\.{n}\b", text))


@cache
def example_of(rule_id: str) -> Example | None:
    """The shortest test that names a rule: a spec test before any other, one with a table before one without."""
    naming = _naming().get(rule_id, [])
    spec = [e for e in naming if e.file.startswith("tests/spec/")]
    return min(spec or naming, key=lambda e: (not e.has_table, len(e.source), e.file, e.line), default=None)


@cache
def _naming() -> dict[str, list[Example]]:
    """Rule -> the tests that name it."""
    rules = {r.id for r in catalogue()}
    out: dict[str, list[Example]] = {}
    for file in all_files():
        for example in file.examples:
            for rule in example.named & rules:
                out.setdefault(rule, []).append(example)
    return out


def threshold_rows(names: tuple[str, ...], evidence: Evidence) -> list[tuple[str, str, str]]:
    """Threshold, value with unit, source."""
    found = [(name, getattr(evidence, name)) for name in names]
    return [(code(name), f"{t.value:g} {t.unit}", t.source) for name, t in found]


def pages(evidence: Evidence) -> dict[str, str]:
    """The index `rules.md` and one page for the rules of each table."""
    groups: dict[str, list[Rule]] = {}
    for rule in catalogue():
        groups.setdefault(rule.tables[0], []).append(rule)
    out = {"rules.md": _index(groups)}
    for group, rules in groups.items():
        name = "every table" if group == "*" else group
        blocks = [block for rule in rules for block in _entry(rule, evidence)]
        out[f"rules/{_file(group)}.md"] = page(f"Rules of {name}", *blocks)
    return out


def page_of(rule: Rule) -> str:
    """The page a rule stands on, below docs/."""
    return f"rules/{_file(rule.tables[0])}.md"


def _file(group: str) -> str:
    return slug("every table" if group == "*" else group)


def _index(groups: dict[str, list[Rule]]) -> str:
    total = sum(len(rules) for rules in groups.values())
    blocks = [
        [f"{total} rules. One file of `schemas/rules/` is one rule; its name is the `rule` of its findings."],
        table(["severity", "what happens"], [(str(s), d) for s, d in DOES.items()]),
        ["Categories are those of Kahn et al. 2016 (doi:10.13063/2327-9214.1244). `trialweave explain-rule NAME` prints an entry."],
    ]
    for group in sorted(groups):
        rows = [
            (Link(r.id, f"rules/{_file(group)}.md#{r.id}"), field_of(r), r.severity, r.category, r.message) for r in groups[group]
        ]
        name = "every table" if group == "*" else group
        blocks += [[f"## {name}"], table(["rule", "field", "severity", "category", "message"], rows)]
    return page("Rules", *blocks)


def _entry(rule: Rule, evidence: Evidence) -> list[list[str]]:
    facts = [
        ("tables", tables_of(rule)), ("field", field_of(rule)), ("severity", rule.severity), ("category", rule.category),
        ("can touch", rule.impact or "neither timing nor primary outcome"), ("what happens", what_happens(rule)),
        ("message", rule.message),
    ]  # fmt: skip
    blocks = [[f"## {rule.id}"], rule.doc.splitlines(), table(["", ""], facts)]
    if names := thresholds_of(rule.id):
        blocks.append(table(["threshold", "value", "source"], threshold_rows(names, evidence)))
    example = example_of(rule.id)
    if example is not None:
        blocks += [[f"Example, from `{example.file}`: *{example.sentence.lower()}.*"]]
        blocks += [named_table(t) for t in example.lent if example.has_table]
        blocks += example_blocks(example, rule.id)
    return blocks
