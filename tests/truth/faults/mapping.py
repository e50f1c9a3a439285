"""Faults of a site's mapping: a line left out, a column read for another one. The export is what it should be.

What belongs here: mistakes that no row shows, since every row is wrong alike. What does not: exports (whole.py, habit.py).
"""

from __future__ import annotations

import datetime as dt
import re

from tests.truth.faults.base import Unfit, kind
from tests.truth.records import Site


def change(site: Site, pattern: str, new: str) -> None:
    """One place of the mapping, written otherwise."""
    site.style.yaml, n = re.subn(pattern, new, site.style.yaml, count=1)
    if not n:
        raise Unfit


@kind("site", lambda s: s.study == "sad01" and not s.members, whole_site=True)
def mapping_leaves_out_the_exposures_start(site: Site) -> None:
    """And ignores its column: the time from dose to exposure falls back to the session's."""
    line = re.search(r"\n      exposure_started_at: \{from: (\[\w+, )?([\w. ]+)\]?, [^\n]+", site.style.yaml)
    if line is None:
        raise Unfit
    site.style.yaml = site.style.yaml.replace(line[0], "").replace("\n  session:\n", f"\n  session:\n    ignore_columns: [{line[2]}]\n")


@kind("site", lambda s: s.name == "us_csv", whole_site=True)
def mapping_reads_the_relation_for_the_event(site: Site) -> None:
    """All events are then "related" or not."""
    for subject in site.subjects:
        day = subject.me["randomized_on"] + dt.timedelta(days=20 + subject.number)
        subject.add("adverse_event", verbatim="Vomiting", started_on=day.isoformat(), severity="MODERATE", serious=False, related="related",
                    record_no=70)  # fmt: skip
    change(site, r"verbatim: Event", "verbatim: Related")
    change(site, r"related: Related", "related: Event")
