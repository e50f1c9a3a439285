"""Value labels of two deliveries: a code that is called something else may mean something else.

What belongs here: comparing. What does not: taking labels from files (mapping/labels.py), holding (holding.py), labels that contradict
the mapping whatever they were before (mapping/labels.py).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

#: Intake table -> column -> code -> label.
Labels = Mapping[str, Mapping[str, Mapping[str, str]]]


def read(folder: Path) -> Labels:
    """The labels of a staged delivery; none where it was staged before they were kept, or its receipt is damaged or gone."""
    try:
        found: Labels = json.loads((folder / "staged.json").read_text(encoding="utf-8")).get("labels", {})
    except (OSError, ValueError):
        return {}
    return found


def compare(old: Labels, new: Labels) -> pl.DataFrame:
    """One row a column that both deliveries label: how many of the codes that both know are called something else now."""
    rows: list[dict[str, Any]] = []
    for table, columns in old.items():
        for column, was in columns.items():
            now = new.get(table, {}).get(column, {})
            both = sorted(was.keys() & now.keys())
            other = [code for code in both if _bare(was[code]) != _bare(now[code])]
            said = f"codes {', '.join(other[:8])} of column {column!r}" if other else None
            rows.append({"table": table, "field": column, "n_codes": len(both), "n_changed": len(other), "n_rows": 1, "suggestion": said})
    numbers = dict.fromkeys(("n_codes", "n_changed", "n_rows"), pl.Int64)
    return pl.DataFrame(rows, schema={"table": pl.String, "field": pl.String, **numbers, "suggestion": pl.String})


def _bare(label: str) -> str:
    """A label without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", label).casefold()) or label.strip()
