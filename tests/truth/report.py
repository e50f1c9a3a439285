"""The table of the truth suite: kind x verdict, as text, JSON and Markdown.

What belongs here: counting verdicts. What does not: giving them (judge.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.truth.faults import KINDS
from tests.truth.suite import Result

VERDICTS = ("corrected", "found", "quarantined", "missed", "silently_wrong")
#: At most this share of clean records may carry a question nobody should have asked.
FALSE_LIMIT = 0.01

HEAD = """# Tests of truth

Made by `make truth` (tests/truth): trials with known truth are invented from a seed, written in {styles} export styles, harmed in
{kinds} ways, and sent through a whole night. Every published cell is then compared with the truth, which is computed a second time
in plain Python.

- **corrected**: the true value is published.
- **found**: published as sent, or unknown, with an open finding on the record or on what it rests on.
- **quarantined**: the row or the value is set aside, or the delivery held, with a finding that says why.
- **missed**: a cell of the harmed record itself is wrong and nothing tells so. Must be 0.
- **silently wrong**: a derived value is wrong and neither it nor what it rests on is told of. Must be 0.
- **false findings**: questions (query, withhold, reject) about records that nothing happened to. Must stay below 1 %.

"""


def counts(results: Sequence[Result]) -> dict[str, Counter[str]]:
    """Kind -> verdict -> how many, over the seeds."""
    out: dict[str, Counter[str]] = {k: Counter() for k in KINDS}
    for result in results:
        for p in result.planted:
            out[p.kind][p.verdict] += 1
    return out


def rows(results: Sequence[Result]) -> list[list[str]]:
    """Group, kind, planted, and the verdicts; sorted by group, with a sum."""
    found = counts(results)
    lines = [
        [KINDS[k].group, k, str(c.total()), *(str(c[v]) for v in VERDICTS)]
        for k, c in sorted(found.items(), key=lambda item: (KINDS[item[0]].group, item[0]))
    ]  # fmt: skip
    total = sum(found.values(), Counter())
    return [*lines, ["", "all", str(total.total()), *(str(total[v]) for v in VERDICTS)]]


def line(result: Result) -> str:
    """One seed in a line."""
    c = Counter(p.verdict for p in result.planted)
    told = ", ".join(f"{v.replace('_', ' ')} {c[v]}" for v in VERDICTS)
    j = result.judged
    return (
        f"seed {result.seed}: {len(result.sites)} exports, {sum(len(s.subjects) for s in result.sites)} participants, {j.cells} cells, "
        f"{len(result.planted)} faults ({told}); {len(j.false_findings)} false findings on {j.clean_records} clean records; "
        f"{len(j.clean_wrong)} wrong cells of clean participants; {len(j.accounts)} accounts that do not add up"
    )


def table(results: Sequence[Result]) -> str:
    """The table as text."""
    lines = [["group", "kind", "planted", *(v.replace("_", " ") for v in VERDICTS)], *rows(results)]
    wide = [max(len(r[n]) for r in lines) for n in range(len(lines[0]))]
    return "\n".join("  ".join(c.ljust(wide[n]) if n < 2 else c.rjust(wide[n]) for n, c in enumerate(r)) for r in lines)


def unseen(results: Sequence[Result]) -> list[str]:
    """Everything that must not be: faults unseen, clean cells wrong, rows lost, too many false findings."""
    out = []
    for r in results:
        out += [f"seed {r.seed}: {p.verdict}: {p.kind} in {p.site.style.name}, {p.site.key} {p.key}: {'; '.join(p.why[:2])}"
                for p in r.planted if p.verdict not in VERDICTS[:3]]
        out += [f"seed {r.seed}: clean but wrong: {text}" for text in r.judged.clean_wrong]
        out += [f"seed {r.seed}: rows: {text}" for text in r.judged.accounts]
        if len(r.judged.false_findings) >= FALSE_LIMIT * r.judged.clean_records:
            out.append(f"seed {r.seed}: {len(r.judged.false_findings)} false findings on {r.judged.clean_records} clean records")
    return out


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """What build/truth.json holds."""
    return {
        "kinds": len(KINDS), "styles": sorted({s.style.name for r in results for s in r.sites}),
        **_sums(results), "false_findings_pct": _pct(results),
        "per_seed": {str(r.seed): _sums([r]) | {"false_findings_pct": _pct([r])} for r in results},
        "per_kind": {k: {"planted": c.total(), **{v: c[v] for v in VERDICTS}} for k, c in counts(results).items()},
        "false_rules": dict(Counter(f.split(" ")[2] for r in results for f in r.judged.false_findings)),
    }  # fmt: skip


def _sums(results: Sequence[Result]) -> dict[str, int]:
    total = sum(counts(results).values(), Counter())
    return {
        "planted": total.total(), **{v: total[v] for v in VERDICTS}, "clean_records": sum(r.judged.clean_records for r in results),
        "false_findings": sum(len(r.judged.false_findings) for r in results), "cells": sum(r.judged.cells for r in results),
        "clean_cells_wrong": sum(len(r.judged.clean_wrong) for r in results),
        "accounts_wrong": sum(len(r.judged.accounts) for r in results),
    }  # fmt: skip


def _pct(results: Sequence[Result]) -> float:
    clean = sum(r.judged.clean_records for r in results)
    return round(100 * sum(len(r.judged.false_findings) for r in results) / clean, 4) if clean else 0.0


def write(results: Sequence[Result], json_file: Path, page: Path) -> None:
    """build/truth.json and docs/truth.md."""
    json_file.parent.mkdir(parents=True, exist_ok=True)
    json_file.write_text(json.dumps(as_json(results), indent=1) + "\n")
    told = as_json(results)
    text = HEAD.format(styles=len(told["styles"]), kinds=told["kinds"]) + "\n".join(f"- {line(r)}" for r in results) + "\n\n"
    text += "| group | kind | planted | " + " | ".join(v.replace("_", " ") for v in VERDICTS) + " |\n"
    text += "|---|---|" + "---:|" * (len(VERDICTS) + 1) + "\n"
    text += "".join(f"| {' | '.join(r)} |\n" for r in rows(results))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text)
