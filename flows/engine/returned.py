"""Files of a delivery that came before: an older copy in the place of a newer one.

What belongs here: comparing the files of deliveries by their bytes. What does not: what follows (holding.py), whether the same content
is landed again (landing.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from flows.engine import records
from flows.engine.batch import Staged
from flows.engine.landed import Delivery


def files(known: Sequence[Delivery], published: str | None, staged: Staged) -> pl.DataFrame:
    """One row a file that is not of the published delivery but of one before it, and holds records. `known`: a site's deliveries, oldest
    first; `published`: the sha256 of the one in the release."""
    at = {d.sha256: n for n, d in enumerate(known)}
    newest = at.get(staged.receipt["delivery"])
    last = at.get(published) if published is not None else None
    if newest is None or last is None or newest <= last:
        return pl.DataFrame()
    current = {f.sha256 for f in known[last].files}
    days = {f.sha256: d.delivered_at.date().isoformat() for d in known[:last] for f in d.files}
    old = [f for f in known[newest].files if f.sha256 not in current and f.sha256 in days]
    held = records.read(staged.folder) if old else None
    filled = set(held.get_column("source_file").unique()) if held is not None else set()
    old = [f for f in old if f.sha256[:12] in filled]
    rows = [{"record_key": f.name, "n_files": len(old), "n_rows": 1, "source_file": f.sha256[:12],
             "suggestion": f"{f.name} is that of the delivery of {days[f.sha256]}"} for f in old]  # fmt: skip
    return pl.DataFrame(rows)
