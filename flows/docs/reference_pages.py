"""Reference pages of what is data: published variables, thresholds, instruments.

What belongs here: tables of columns.csv, evidence.yaml and instruments/. What does not: the mapping language (mapping_pages.py).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from flows.docs.markdown import code, page, table
from flows.docs.model_pages import ROOT
from schemas.columns import columns
from schemas.evidence import Evidence
from schemas.harmonization import COLUMNS, needs
from schemas.instrument import Instrument, Missing, Scale


def variables() -> str:
    """`variables.md`: every published column."""
    blocks: list[list[str]] = [[
        "Twelve sets, one file a set and site in a release. The same texts stand in the Parquet files' field metadata and in",
        "`dictionary.csv`. Datetimes are UTC; dates are the site's own.",
    ]]  # fmt: skip
    for dataset, found in columns().items():
        keys = ", ".join(c.name for c in found if c.is_key)
        rows = [
            (code(c.name), c.label, c.type + (f", {c.unit}" if c.unit else ""), " ".join(c.codes),
             "" if c.meaning.split() == list(c.codes) else c.meaning)
            for c in found
        ]  # fmt: skip
        blocks += [[f"## {dataset}"], [f"One row a {keys}."], table(["variable", "label", "type", "values", "meaning"], rows)]
    return page("Published variables", *blocks, *_harmonization())


def _harmonization() -> list[list[str]]:
    """The matrix beside the sets, and what each variable cannot do without."""
    rows = [(code(name), label, kind, codes, meaning) for name, (label, kind, codes, _, meaning) in COLUMNS.items()]
    wanted: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (dataset, variable), fields in needs().items():
        wanted.setdefault((dataset, fields), []).append(variable)
    rests = [(dataset, " ".join("every variable" if n == "*" else code(n) for n in names), ", ".join(map(code, fields)))
             for (dataset, fields), names in wanted.items()]  # fmt: skip
    return [
        ["## harmonization"],
        ["One file a release (`harmonization.parquet`, `.csv`): which variable can be had from which site, from what its mapping",
         "reads, what it declares in `not_collected`, and what was received. `UNDETERMINED`: a mapping or a delivery could still",
         "change the answer."],
        table(["variable", "label", "type", "values", "meaning"], rows),
        ["A variable stands no better than the intake fields it cannot do without:"],
        table(["set", "variables", "need"], rests),
    ]  # fmt: skip


def evidence_page(evidence: Evidence) -> str:
    """`evidence.md`: every threshold with its source and where it is used."""
    rows = []
    for name in Evidence.model_fields:
        threshold = getattr(evidence, name)
        rows.append((code(name), f"{threshold.value:g} {threshold.unit}", threshold.source, ", ".join(code(f) for f in used_in(name))))
    return page(
        "Thresholds",
        ["Numbers that hold across trials: `config/evidence.yaml`. A configuration folder may lay its own file over it. A protocol's",
         "own numbers (arms, windows, success criteria) are in its trial file."],
        table(["threshold", "value", "source", "used in"], rows),
    )  # fmt: skip


def used_in(name: str) -> list[str]:
    """Files of sql/, schemas/rules and flows that use a threshold."""
    return sorted(path for path, named in _named().items() if name in named)


@cache
def _named() -> dict[str, set[str]]:
    """File -> every name it takes from something: `x.name` or `["name"]`. Each file is read once, for all thresholds."""
    paths = [*(ROOT / "sql").rglob("*.sql"), *(ROOT / "schemas" / "rules").glob("*.py"), *(ROOT / "flows").rglob("*.py")]
    taken = re.compile(r'\b[a-z]+\.(?=(\w+))|\["(\w+)"\]')
    return {p.relative_to(ROOT).as_posix(): {a or b for a, b in taken.findall(_without_comments(p))} for p in paths}


def _without_comments(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return re.sub(r"--[^\n]*", "", text) if path.suffix == ".sql" else text


def instruments(found: dict[str, Instrument]) -> str:
    """`instruments.md`: every scale of config/instruments."""
    blocks: list[list[str]] = [[
        f"{len(found)} instruments. A trial names those it uses; a configuration folder may add its own. Scores are computed from the",
        "items; a total that a site reports is compared and kept beside them.",
    ]]  # fmt: skip
    blocks.append(table(["instrument", "items", "parameters"], [_line(i) for _, i in sorted(found.items())]))
    for _, instrument in sorted(found.items()):
        blocks += [[f"## {instrument.name}"], [f"{instrument.title}. Source: {instrument.source}."]]
        items = [
            (f"{codes[0]} .. {codes[-1]}" if len(codes := b.codes()) > 1 else codes[0], len(codes), f"{b.minimum:g} to {b.maximum:g}",
             ", ".join(f"{v:g}" for v in b.not_assessed))
            for b in instrument.items
        ]  # fmt: skip
        blocks.append(table(["items", "number", "range", "means not assessed"], items))
        heads = ["parameter", "label", "made of", "reversed", "method", "range", "worse is", "missing items"]
        blocks.append(table(heads, [_scale(s) for s in instrument.scales]))
    return page("Instruments", *blocks)


def _line(instrument: Instrument) -> tuple[str, int, str]:
    return instrument.name, len(instrument.item_codes()), ", ".join(s.paramcd for s in instrument.scales)


def _scale(scale: Scale) -> tuple[str, ...]:
    made_of = ", ".join(scale.items) or " + ".join(scale.parts)
    missing = f"filled by the person's mean up to {scale.max_missing_pct:g} %" if scale.missing is Missing.PRORATE else "no score"
    worse = "higher" if scale.higher_is_worse else "lower"
    limits = f"{scale.minimum:g} to {scale.maximum:g}"
    return code(scale.paramcd), scale.label, made_of, ", ".join(scale.reverse), str(scale.method), limits, worse, missing
