"""How a run ended, as everything that tells of runs sees it.

What belongs here: the one record. What does not: telling it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flows.engine.summary import SiteLine, site_lines


@dataclass(frozen=True)
class Ended:
    """`outcome`: ok, degraded or failed. `error`: a kind or a sentence that may be shown. `resolved`, `special`: study/site -> how many
    findings are resolved, and new of the rule for adverse events of special interest. `leads`: its release is the latest.
    `killed`: the run before, which was killed and could tell nothing itself."""

    run: str
    started: float
    finished: float
    outcome: str
    replay: bool = False
    published: bool = False
    leads: bool = False
    manifest: Mapping[str, Any] = field(default_factory=dict)
    recomputed: tuple[str, ...] = ()
    reused: int = 0
    resolved: Mapping[str, int] = field(default_factory=dict)
    special: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    killed: str = ""

    @property
    def day(self) -> dt.date:
        """The day it ended, in UTC."""
        return dt.datetime.fromtimestamp(self.finished, dt.UTC).date()

    @cached_property
    def lines(self) -> list[SiteLine]:
        """A line a site of the release that stands now."""
        return site_lines(self.manifest, self.resolved) if self.manifest else []
