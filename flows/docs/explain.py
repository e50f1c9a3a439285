"""What `trialweave explain-rule NAME` tells: a rule, a SQL model, a topic or a threshold, gathered from where each is written.

What belongs here: finding a name and gathering its facts as plain data. What does not: printing them (flows/cli/explain_rule.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flows.docs import model_pages, rule_pages
from flows.docs.reference_pages import used_in
from flows.docs.worked import Example, TextTable, spec_files
from flows.docs.worked_pages import slug
from flows.engine import models
from flows.engine.models import Model
from schemas.evidence import Evidence
from schemas.rules import Rule, catalogue
from schemas.trial import Trial

#: Columns of ref.trial by their beginning -> the key of the trial's file that fills them.
TRIAL_KEYS = {
    "pre_": "timing_window", "post_": "timing_window", "n_sessions": "sessions", "planned_length": "sessions", "success_": "success",
    "tailored": "tailored", "blinded": "blinding", "unblinded": "blinding", "primary_": "primary",
}  # fmt: skip

#: Other tables of the trial's file -> its key.
TRIAL_TABLES = {
    "ref.planned_dose": "dosing", "ref.arm": "arms", "ref.arm_dose": "arms", "ref.visit": "visits",
    "ref.prohibited_class": "prohibited_classes", "ref.major_deviation": "major_deviations",
}  # fmt: skip


def names() -> list[tuple[str, str, str]]:
    """Every name that can be explained: name, kind, one line."""
    out = [(r.id, "rule", r.message) for r in catalogue()]
    out += [(m.name, "model", m.title) for m in sorted(models.catalogue().values(), key=lambda m: m.name)]
    out += [(slug(page), "topic", f"worked examples: {page.lower()}") for page in sorted({s.page for s in spec_files() if s.page})]
    return out + [(name, "threshold", "config/evidence.yaml") for name in Evidence.model_fields]


def near(name: str, limit: int = 5) -> list[str]:
    """Names that look like one that is not known, best first; those that hold it as a part come first."""
    from rapidfuzz import fuzz

    wanted = name.lower().rpartition(".")[2]
    scored = [(fuzz.ratio(wanted, n.rpartition(".")[2]), n) for n in dict.fromkeys(n for n, _, _ in names())]
    parts = [n for _, n in scored if len(wanted) > 2 and wanted in n]
    alike = [n for score, n in sorted(scored, key=lambda s: (-s[0], s[1])) if score >= 60]
    return list(dict.fromkeys([*parts, *alike]))[:limit]


def explain(name: str, evidence: Evidence, trial: Trial | None = None) -> dict[str, Any] | None:
    """All that is known of a name as plain data, or None when nothing has it.

    A rule wins over a model, a model over a topic, a topic over a threshold. A model may be named without its schema:
    core before analysis, pooled, tables and staging.
    """
    wanted = name.strip().removesuffix(".py").removesuffix(".sql")
    if rule := next((r for r in catalogue() if r.id == wanted), None):
        return _rule(rule, evidence, trial)
    found = models.catalogue()
    schemas = ("core", "analysis", "pooled", "tables", "staging")
    if model := next((found[n] for n in (wanted, *(f"{s}.{wanted}" for s in schemas)) if n in found), None):
        return _model(model, evidence, trial)
    if files := [s for s in spec_files() if s.page and slug(s.page) == slug(wanted)]:
        docs = " ".join(s.doc.splitlines()[0] for s in files)
        own = [found[n] for n in dict.fromkeys(re.findall(r"\b[a-z]+\.[a-z_]+\b", docs)) if n in found]
        return {
            "kind": "topic", "name": slug(wanted), "text": docs, "page": f"docs/worked/{slug(wanted)}.md",
            "thresholds": _thresholds(dict.fromkeys(t for m in own for t in model_pages.thresholds_of(m.name)), evidence),
            "models": [{"name": m.name, "title": m.title, "file": model_pages.file_of(m)} for m in own],
            "rules": [r for m in own for r in _rules_of(m)],
            "trial": _trial(own, trial),
            "examples": [],
        }  # fmt: skip
    if wanted in Evidence.model_fields:
        return {
            "kind": "threshold", "name": wanted, "text": "", "page": "docs/evidence.md", "thresholds": _thresholds([wanted], evidence),
            "used_in": used_in(wanted), "examples": [],
        }  # fmt: skip
    return None


def _rule(rule: Rule, evidence: Evidence, trial: Trial | None) -> dict[str, Any]:
    found = models.catalogue()
    own = [found[t] for t in rule.tables if t in found]
    used = dict.fromkeys([*rule_pages.thresholds_of(rule.id), *(t for m in own for t in model_pages.thresholds_of(m.name))])
    example = rule_pages.example_of(rule.id)
    return {
        "kind": "rule", "name": rule.id, "text": rule.doc, "file": f"schemas/rules/{rule.id}.py",
        "page": f"docs/{rule_pages.page_of(rule)}", "tables": rule_pages.tables_of(rule), "field": rule_pages.field_of(rule),
        "severity": str(rule.severity), "category": str(rule.category), "can_touch": str(rule.impact),
        "what_happens": rule_pages.what_happens(rule), "message": rule.message,
        "thresholds": _thresholds(used, evidence), "trial": _trial(own, trial),
        "models": [{"name": m.name, "title": m.title, "file": model_pages.file_of(m)} for m in own],
        "examples": [_example(example, rule.id)] if example else [],
    }  # fmt: skip


def _model(model: Model, evidence: Evidence, trial: Trial | None) -> dict[str, Any]:
    files = [s for s in spec_files() if re.search(rf"\b{re.escape(model.name)}\b", s.doc)]
    files.sort(key=lambda s: not s.doc.startswith(model.name))
    told = [e for s in files for e in s.examples if e.cases] or [e for s in files for e in s.examples if e.has_table]
    values = values_of(model, evidence)
    codes = {v["value"] for v in values if re.fullmatch(r"[A-Z][A-Z0-9_]+", v["value"])}
    told.sort(key=lambda e: -len(codes & {cell for table in e.cases for row in table.rows for cell in row}))
    return {
        "kind": "model", "name": model.name, "text": f"{model.title[:1].upper()}{model.title[1:]}.", "why": model.why,
        "file": model_pages.file_of(model), "page": "docs/models.md", "grain": list(model.grain), "reads": list(model.reads),
        "read_by": model_pages.read_by(model.name), "values": values,
        "thresholds": _thresholds(model_pages.thresholds_of(model.name), evidence), "trial": _trial([model], trial),
        "rules": _rules_of(model), "examples": [_example(told[0])] if told else [],
    }  # fmt: skip


def values_of(model: Model, evidence: Evidence) -> list[dict[str, str]]:
    """Columns that a model decides by cases, where it gives codes or holds against thresholds: column, value, when; the first line that
    holds decides.

    Thresholds stand as their numbers, and `threshold` names them.
    """
    out: list[dict[str, str]] = []
    lines = re.sub(r"--[^\n]*", "", model.sql).splitlines()
    for start, line in enumerate(lines):
        if one := re.fullmatch(r"\s*case (when .*) end as ([a-z_0-9]+),?", line):
            body, column = one.groups()
        elif line.strip() == "case":
            indent = line[: len(line) - len(line.lstrip())]
            end = next((n for n in range(start + 1, len(lines)) if lines[n].startswith(f"{indent}end as ")), None)
            if end is None:
                continue
            column = lines[end].split(" as ")[1].strip(" ,")
            body = " ".join(" ".join(lines[start + 1 : end]).split())
        else:
            continue
        branches = re.findall(r"(?:when (.*?) then|\belse) (.*?)(?= when | else |$)", body)
        told = [_value(column, when, then, evidence) for when, then in branches if "case " not in body]
        if sum(then.startswith("'") for _, then in branches) >= 3 or any(v["threshold"] for v in told):
            out += told
    return out


def _value(column: str, when: str, then: str, evidence: Evidence) -> dict[str, str]:
    used = [n for n in Evidence.model_fields if re.search(rf"\b[a-z]+\.{n}\b", f"{when} {then}")]

    def shown(text: str) -> str:
        for name in used:
            text = re.sub(rf"\b[a-z]+\.{name}\b", f"{getattr(evidence, name).value:g}", text)
        return re.sub(r"\b[a-z]\.(?=[a-z_]+)", "", text)

    value = "" if then == "null" else then.strip("'") if re.fullmatch(r"'[^']*'", then) else shown(then)
    return {"column": column, "value": value, "when": shown(when) or "otherwise", "threshold": ", ".join(used)}


def _thresholds(used: Iterable[str], evidence: Evidence) -> list[dict[str, Any]]:
    return [{"name": name, **getattr(evidence, name).model_dump()} for name in used]


def _rules_of(model: Model) -> list[dict[str, str]]:
    """Rules that judge a model's table, a staging table also by the rules of every table."""
    names = {model.name, model.table} if model.schema == "staging" else {model.name}
    return [{"rule": r.id, "severity": str(r.severity), "message": r.message} for r in catalogue() if names & set(r.tables)]


def _trial(own: list[Model], trial: Trial | None) -> dict[str, Any] | None:
    """The trial's own words that the models use, as flat keys of its file."""
    if trial is None:
        return None
    keys = {TRIAL_TABLES[r] for m in own for r in m.reads if r in TRIAL_TABLES}
    for model in own:
        if "ref.trial" in model.reads:
            keys |= {key for start, key in TRIAL_KEYS.items() if re.search(rf"\b[a-z]+\.{start}", model.sql)}
    whole = trial.model_dump(mode="json", exclude_none=True)
    flat = {k: v for key in Trial.model_fields if key in keys and key in whole for k, v in _flat(key, whole[key])}
    return {"study": trial.study, "keys": flat}


def _flat(key: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return [pair for k, v in value.items() for pair in _flat(f"{key}.{k}", v)]
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return [pair for n, v in enumerate(value) for pair in _flat(f"{key}[{n}]", v)]
    return [(key, value)]


def _example(example: Example, only: str = "") -> dict[str, Any]:
    """A worked example as plain data; of its cases those that name the rule, where any do.

    A test writes its table once with places for what differs from case to case: they are filled in from one case, a case that is found
    where there is one; a table with a place that no case fills is left out.
    """
    cases = []
    for found in example.cases:
        naming = tuple(r for r in found.rows if any(only and only in c.split(", ") for c in r))
        cases.append({"columns": list(found.columns), "rows": [list(r) for r in naming or found.rows]})
    shown = [*example.lent, *example.given] if example.has_table else []
    given = [{"name": t.name, **_plain(t)} for t in shown]
    expected = [{"code": e.code, **_plain(e.table)} for e in example.expected]
    told = ""
    if cases and any(_places(t) for t in (*given, *expected)):
        case = next((r for r in cases[0]["rows"] if r[-1] not in ("", "[]", "no")), cases[0]["rows"][0])
        values = dict(zip(cases[0]["columns"], case, strict=True))
        given, expected = ([_filled(t, values) for t in tables] for tables in (given, expected))
        told = ", ".join(f"{n} {v or 'blank'}" for n, v in values.items())
    return {
        "sentence": example.sentence, "file": example.file, "test": example.name, "setup": list(example.setup),
        "given": [t for t in given if not _places(t)], "with": told, "cases": cases,
        "expected": [t for t in expected if not _places(t)],
    }  # fmt: skip


_PLACE = re.compile(r"\{[^{}]+\}")


def _places(table: dict[str, Any]) -> list[str]:
    """The places of a table that are still to be filled."""
    texts = [table.get("code", ""), *table["columns"], *(c for row in table["rows"] for c in row)]
    return [place for text in texts for place in _PLACE.findall(str(text))]


def _filled(table: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    def fill(text: Any) -> str:
        return _PLACE.sub(lambda m: str(values.get(m[0][1:-1], m[0])), str(text))

    return {**table, "rows": [[fill(c) for c in row] for row in table["rows"]]}


def _plain(table: TextTable | None) -> dict[str, list[Any]]:
    return {"columns": list(table.columns) if table else [], "rows": [list(r) for r in table.rows] if table else []}
