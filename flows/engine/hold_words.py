"""Why a site is held, in words: what, how much, where to look, what to do.

What belongs here: one sentence a rule that holds a delivery. What does not: the rules (schemas/rules), the hold of an edit
(edit_effect.py).
"""

from __future__ import annotations

from typing import Any

from flows.engine.batch import Staged
from flows.engine.config import Unit
from flows.engine.last_good import Before
from flows.engine.two_causes import Apart


def reason(
    unit: Unit, staged: Staged, site: str, name: str, row: dict[str, Any], last: Before | None, apart: Apart | None = None
) -> str:
    """One hold in words: what, how much, where to look, what to do."""
    key = f"{unit.site.study}/{site}"
    day = last.entry["delivered_on"] if last else ""
    had, table = f"of the delivery of {day}", row.get("table", "")
    doubt = f" ({apart.doubt})" if apart is not None and apart.doubt else ""
    if name == "delivery_returned":
        what = f"{row['n_files']} files are those of an earlier delivery, not of the one of {day}: {row['suggestion']}"
    elif name == "delivery_rejected":
        pct, limit = 100 * row["rejected"] / row["received"], row["max_rejected_pct"]
        what = f"{row['rejected']} of {row['received']} {table} rows were rejected ({pct:.0f} %, more than {limit:g} %)"
        if row["unclaimed"]:
            what += f"; {row['unclaimed']} of them because no `where` of the mapping lets them through (or name them in ignore_rows)"
    elif name == "delivery_shrunk":
        what = f"{row['n_rows']} of {row['had']} {table} records {had} are no longer sent ({row['pct']:.0f} %: {row['how']})"
    elif name == "value_labels_changed":
        column = f"column {row['field']!r} ({table})"
        what = f"{row['n_changed']} of {row['n_codes']} codes of {column} have other labels than in the delivery of {day}"
    elif name == "dates_exchanged":
        what = f"{table}.{row['field']}: {row['suggestion']}"
    elif name == "values_recoded":
        what = f"{table}.{row['field']}: {row['suggestion']} than in the delivery of {day}{doubt}"
    elif name == "field_emptied":
        what = f"{table}.{row['field']} had a text in {row['filled_before']} records {had} and has none now"
    else:
        what = f"{table}.{row['field']}: {row['suggestion']} (more than {row['max_unusable_pct']:g} % more)"
    mapping = f"correct the mapping in sites/{unit.folder.name}/site.yaml, or ask the site for a new export"
    fix = f"ask the site for the whole export; trialweave propose {key} shows renamed files" if name == "delivery_shrunk" else mapping
    return (
        f"{key}: {what}; the delivery is held\n"
        f"  look -> trialweave findings --site {key} --held\n"
        f"  fix  -> {fix}\n"
        f"  true -> trialweave release-hold {key} --delivery {staged.receipt['delivery'][:12]} --who NAME --reason WHY"
    )
