"""The fields one site sends beside those that the other sites of its trial send.

What belongs here: a field or a table that a mapping leaves out although nearly everybody else has it. What does not: counting values
(signs.py), what the values are like (beside.py, beside_items.py), fields blank on some rows (the rules).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from schemas.evidence import Evidence

RULE = "field_left_out"
#: Figures that need values of other fields, too.
_MEASURED = ("dose.dosed_at", "subject.randomized_on")
#: Tables that no site does without; of medications and events there may be none.
_TABLES = ("session", "dose", "rating")


class Fields:
    """How many values of each field, and rows of each table, every site has."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]], evidence: Evidence) -> None:
        least = evidence.unlike_min_values.value
        self.of = {site: {name for name, n in sent(signs).items() if n >= least} for site, signs in known.items()}
        self.n_sites = Counter(name for names in self.of.values() for name in names)


def sent(signs: Mapping[str, Any]) -> dict[str, int]:
    """Values of each field of a site, and at least how many rows each table has. A field measured from another one is left away."""
    out = {name: sum(of.values()) for name, of in signs["codes"].items()} | {name: int(f[0]) for name, f in signs["figures"].items()}
    out = {name: n for name, n in out.items() if name not in _MEASURED}
    out |= {name: int(n) for name, n in signs.get("sent", {}).items()}
    for name in [*out]:
        table = name.partition(".")[0]
        out[table] = max(out.get(table, 0), out[name])
    return out


def found(site: str, mine: Mapping[str, Any], sites: Fields, evidence: Evidence) -> Iterator[tuple[str, str, tuple[str, ...], int, str]]:
    """Of each field left out: rule, table.field, no part of a path, rows of the table, what in words."""
    own, here = sent(mine), sites.of.get(site, set())
    n_all = len(sites.of) - (site in sites.of)
    for name in sorted(sites.n_sites.keys() - own.keys()):
        table, _, field = name.partition(".")
        if name not in _TABLES and (not field or table not in own):
            continue  # a whole table, told once or not at all
        n_rows = own[table] if field else max(own.values(), default=0)
        n_others = sites.n_sites[table] - (table in here) if field else n_all
        n_sent = sites.n_sites[name] - (name in here)
        enough = n_rows >= evidence.left_out_min_rows.value and n_others >= evidence.unlike_min_sites.value
        if enough and n_sent >= n_others - int(n_others * evidence.unlike_alike_pct.value // 100):
            what = f"none of {n_rows} rows has a value" if field else f"there is no {name}"
            yield RULE, name, (), n_rows, f"{what}; {n_sent} of {n_others} other sites send it"
