"""dictionary.csv: one line a published variable.

What belongs here: its columns. What does not: the facts (the package's __init__).
"""

from __future__ import annotations

import csv
import io

from flows.engine.describe import facts
from schemas.harmonization import COLUMNS

HEADS = ("dataset", "name", "label", "type", "unit", "codes", "key", "meaning", "origin", "model", "reads", "fields", "configuration")


def as_csv() -> bytes:
    """The dictionary, the harmonization matrix last; code lists as their codes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADS)
    for dataset, found in facts().items():
        for f in found:
            c = f.column
            writer.writerow([
                dataset, c.name, c.label, c.type, c.unit, " ".join(c.codes), "Y" if c.is_key else "", c.meaning, f.origin, f.file,
                " ".join(f.reads), " ".join(f.fields), " ".join(f.configuration),
            ])  # fmt: skip
    for name, (label, kind, codes, is_key, meaning) in COLUMNS.items():
        writer.writerow(["harmonization", name, label, kind, "", codes, "Y" if is_key else "", meaning, "Derived", *[""] * 4])
    return out.getvalue().encode()
