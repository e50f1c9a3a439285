"""What the published sets must say if nothing had gone wrong: computed from the true records alone, in plain Python.

What belongs here: the derivations of contract/analysis_sets.csv, written a second time. What does not: SQL, rules, anything of flows/.
`expected(site)` gives set -> key -> column -> value; keys are those of `PUBLISHED`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.truth.oracle import course, people, scores
from tests.truth.records import Site

Key = tuple[Any, ...]
Rows = dict[Key, dict[str, Any]]

#: Set -> the columns that make its key (a count is added to tell repetitions apart) and the order of repetitions.
PUBLISHED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "adsl": (("USUBJID",), ()),
    "adsess": (("USUBJID", "SESSNO"), ()),
    "adex": (("USUBJID", "SESSNO", "EXTPT"), ("EXSEQ",)),
    "adsuds": (("USUBJID", "SESSNO", "EXNO"), ()),
    "adqs": (("USUBJID", "PARAMCD", "AVISIT"), ("ADT",)),
    "aditem": (("USUBJID", "ITEMCD", "AVISIT"), ("ADT",)),
    "adcm": (("USUBJID", "CMDECOD"), ("CMSTDTC", "CMSEQ")),
    "adae": (("USUBJID", "AETERM"), ("AESTDTC", "AESEQ")),
    "addv": (("USUBJID", "DVDECOD", "SESSNO"), ("DVSEQ",)),
    "adipd": (("USUBJID", "AVISIT"), ()),
}


def expected(site: Site) -> dict[str, Rows]:
    """Every cell that this suite judges of a site, as it must be published."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for subject in site.subjects:
        c = course.Course(subject)
        found["adsess"] += c.sessions()
        found["adex"] += c.doses()
        found["adsuds"] += c.ratings()
        found["addv"] += c.deviations()
        q = scores.Scores(subject)
        found["adqs"] += q.scores()
        found["aditem"] += q.items()
        found["adsess"] = [row | q.around(row) for row in found["adsess"]]
        found["adcm"] += people.medications(subject)
        found["adae"] += people.events(subject, c)
        found["adsl"].append(people.subject(subject, c))
        found["adipd"] += people.ipd(subject, c, q)
    for row in found["adsess"]:
        row.pop("day", None)
    return {name: keyed(name, rows) for name, rows in found.items()}


def keyed(name: str, rows: list[dict[str, Any]]) -> Rows:
    """Rows by their key; repetitions are numbered."""
    key, order = PUBLISHED[name]
    out: Rows = {}
    seen: dict[Key, int] = defaultdict(int)
    for row in sorted(rows, key=lambda r: [str(r.get(c)) if c != "EXSEQ" and c != "DVSEQ" else f"{r.get(c) or 0:06d}" for c in order]):
        base = tuple(row[c] for c in key)
        seen[base] += 1
        out[(*base, seen[base])] = {c: v for c, v in row.items() if c not in key and c not in ("EXSEQ", "DVSEQ", "CMSEQ", "AESEQ")}
    return out
