"""Staged output as it is placed in a release: whether it fits today's contracts, and one put together from several.

What belongs here: staged files and receipts. What does not: which output a site is taken from (settling.py).
"""

from __future__ import annotations

import os
from typing import Any

from flows.engine import partitions
from flows.engine.batch import Staged
from flows.engine.night import Placed


def fits(staged: Staged, site: str) -> bool:
    """The sets a site was staged with have the columns of today's contract."""
    return all(
        partitions.has_contract(staged.folder / of[site]["file"], dataset)
        for dataset, of in staged.receipt["files"].items()
        if dataset != "ipd_base" and site in of
    )


def compose(key: str, chosen: dict[str, Placed]) -> Placed:
    """A unit as it is placed: one staged output, or for an export of many sites one put together from several. `chosen`: site ->
    the output it is taken from, at least one."""
    main = min(chosen.values(), key=lambda p: (p.attempt.back, not p.recomputed, p.attempt.mark))
    others = {s: p for s, p in chosen.items() if p.staged.fingerprint != main.staged.fingerprint}
    kept = set(chosen) - set(others)
    receipt = dict(main.staged.receipt)
    if others or kept != set(receipt["sites"]):
        receipt |= {
            "sites": {s: p.staged.receipt["sites"][s] for s, p in sorted(chosen.items())},
            "checks": [c for s, p in sorted(chosen.items()) for c in p.staged.receipt["checks"] if c["site"] == s],
            "files": {d: _files(main.staged, chosen, d) for d in receipt["files"]},
        }  # fmt: skip
    placed = Staged(key, main.staged.fingerprint, main.staged.folder, receipt)
    return Placed(main.attempt, placed, any(p.recomputed for p in chosen.values()))


def _files(main: Staged, chosen: dict[str, Placed], dataset: str) -> dict[str, dict[str, Any]]:
    """A set's files, a site each, named from the folder of the newest output."""
    out = {}
    for site, placed in sorted(chosen.items()):
        entry = placed.staged.receipt["files"].get(dataset, {}).get(site)
        if entry is not None:
            out[site] = {**entry, "file": os.path.relpath(placed.staged.folder / entry["file"], main.folder)}
    return out
