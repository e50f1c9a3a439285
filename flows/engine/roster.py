"""Where every unit of a night stands: which delivery each of its sites is in the release with, and why that is not the newest.

What belongs here: what a night knows of its units and of the release before, the pooled step. What does not: the decisions that place
them (settling.py), computing (night.py, batch.py), writing the release (assemble.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import (
    batch,
    beside,
    blank_since,
    blinding,
    decisions,
    edit_effect,
    findings_store,
    last_good,
    same_files,
    tombstones,
    value_changes,
    whole_again,
)
from flows.engine.batch import Staged
from flows.engine.edited import Edits
from flows.engine.guard import no_values
from flows.engine.last_good import Before
from flows.engine.night import Attempt, Night, Placed
from flows.engine.two_causes import TwoCauses

Entry = dict[str, Any]
#: Study and site.
Key = tuple[str, str]


class Roster:
    """Where every unit stands: placed, still to be worked, or without anything to show. No dataclass, as Night."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.edits = Edits(night)
        self.causes = TwoCauses(night, self.edits)
        self.placed: dict[str, Placed] = {}
        self.pending: dict[str, Attempt] = {}
        self.chosen: dict[str, dict[str, Placed]] = {}
        self.reasons: dict[str, str] = {}
        self.site_reasons: dict[tuple[str, str], str] = {}
        self.held: dict[tuple[str, str], str] = {}
        self.told: dict[str, list[pl.DataFrame]] = {}
        self.changes: dict[tuple[str, str], pl.DataFrame] = {}
        self.missing: set[str] = set()
        self.passing: set[str] = set()

    def tell(self, found: Mapping[str, list[pl.DataFrame]]) -> None:
        """Take in findings: unit -> those of its sites."""
        for key, told in found.items():
            self.told.setdefault(key, []).extend(told)

    @property
    def recomputed(self) -> list[str]:
        """Units that were worked anew and are in the release."""
        return sorted(k for k, p in self.placed.items() if p.recomputed)

    @property
    def degraded(self) -> bool:
        """Some site is not in the release as its newest delivery."""
        return bool(self.reasons or self.site_reasons)

    @property
    def work_left(self) -> bool:
        """Some unit waits for a batch."""
        return bool(self.pending)

    def reason(self, key: str, site: str) -> str:
        """Why a site is not in the release with its newest delivery; empty when it is."""
        return self.site_reasons.get((key, site)) or self.reasons.get(key, "")

    def before(self, key: str) -> dict[str, Entry]:
        """A unit's sites in the release that stands."""
        return self._entries.get(key, {})

    @cached_property
    def _entries(self) -> dict[str, dict[str, Entry]]:
        out: dict[str, dict[str, Entry]] = {}
        for entry in self.night.base.manifest["sites"] if self.night.base else ():
            out.setdefault(entry["unit"], {})[entry["site"]] = entry
        return out

    @cached_property
    def _rewritten(self) -> dict[str, dict[str, str]]:
        return tombstones.rewritten(self.night.data)

    def in_landing(self, key: str, sha256: str | None) -> str | None:
        """A delivery a release was made from, by the sha256 it has in landing now: a purge writes deliveries again."""
        return self._rewritten.get(key, {}).get(sha256, sha256) if sha256 else sha256

    def published(self, key: str) -> set[str]:
        """The deliveries that a unit's sites stand with in the release, as they lie in landing now."""
        return {now for e in self.before(key).values() if (now := self.in_landing(key, e["delivery_sha256"]))}

    @cached_property
    def aside(self) -> set[tuple[str, str]]:
        """(unit, delivery) that count as if they had never come."""
        return decisions.set_aside(self.night.data)

    @cached_property
    def accepted(self) -> set[tuple[str, str, str]]:
        """(unit, site, delivery) that a person let pass although it was held."""
        return decisions.accepted(self.night.data)

    @cached_property
    def accepted_edits(self) -> set[tuple[str, str, str]]:
        """(unit, site, mapping) that a person let pass although it loses records."""
        return decisions.accepted_edits(self.night.data)

    @cached_property
    def edited(self) -> dict[Key, pl.DataFrame]:
        """Values known to be other ones since an edit of the mapping: told until a person waives them or takes the edit back."""
        return self._standing(*edit_effect.STANDING)

    @cached_property
    def terms(self) -> dict[str, blinding.Terms]:
        """Study -> the words that name its arms, of blinded trials."""
        return blinding.terms_of(self.night.programme)

    @cached_property
    def disappeared(self) -> dict[Key, pl.DataFrame]:
        """Records known to have disappeared: told until they come back."""
        return self._standing("record_disappeared")

    @cached_property
    def left_out(self) -> dict[Key, pl.DataFrame]:
        """Records that an export lacked which held nearly all others again: told until they are sent again."""
        return self._standing(whole_again.RULE)

    @cached_property
    def changed(self) -> dict[Key, pl.DataFrame]:
        """What was told of changed values on earlier nights: told until they are again what they were."""
        return self._standing(*value_changes.STANDING, value_changes.MOVED)

    @cached_property
    def blank(self) -> dict[Key, pl.DataFrame]:
        """Columns known to be filled no more: told until the records since have values."""
        return self._standing(blank_since.RULE)

    def _standing(self, *rules: str) -> dict[Key, pl.DataFrame]:
        """(study, site) -> findings of these rules that earlier nights made and that are not resolved."""
        return self._living.filter(pl.col("rule").is_in(rules)).partition_by("study", "site", as_dict=True)  # type: ignore[return-value]

    @cached_property
    def _living(self) -> pl.DataFrame:
        rules = (
            *edit_effect.STANDING, *value_changes.STANDING, value_changes.MOVED, "record_disappeared", whole_again.RULE, blank_since.RULE
        )  # fmt: skip
        known = findings_store.history(self.night.data, rule=rules)
        return known.filter((pl.col("status") != "RESOLVED") & (pl.col("first_seen") <= self.night.as_of.date()))

    def is_accepted(self, key: str, site: str, staged: Staged) -> bool:
        """A person let the delivery pass although it was held."""
        delivery = staged.receipt["delivery"]
        return bool({(key, site, delivery), (key, "", delivery)} & self.accepted)

    def last_good(self, key: str, site: str, entry: Entry | None, staged: Staged) -> Before | None:
        """The last good data of a site; None when there are none, or they are of the same delivery."""
        mark = entry["fingerprint"] if entry is not None else None
        if entry is None or not mark or self.in_landing(key, entry["delivery_sha256"]) == staged.receipt["delivery"]:
            return None
        return last_good.before(entry, self.folder(key, mark))

    def folder(self, key: str, mark: str | None) -> Path:
        """Where an output of a unit is staged."""
        site = self.night.programme.units[key].site
        return batch.staged_folder(self.night.data, site.study, site.site_id, mark or "-")


def pool(roster: Roster) -> list[Staged]:
    """What needs all sites: sites that read the same file, and those unlike all others, are told; the sets of a whole trial are made, one
    staged folder a trial; reused when no score of it changed."""
    roster.tell({key: [told] for key, told in same_files.find(roster.placed).items()})
    roster.tell(beside.find(roster.placed, roster.night.programme.evidence, roster.night.as_of.date()))
    studies: dict[str, list[Staged]] = {}
    for key in sorted(roster.placed):
        placed = roster.placed[key]
        studies.setdefault(placed.attempt.unit.site.study, []).append(placed.staged)
    out = []
    for study, staged in sorted(studies.items()):
        with no_values():
            out.append(batch.pool(roster.night.programme, roster.night.data, study, staged))
    return out


def sites_of(roster: Roster, key: str) -> list[str]:
    """The sites of a unit that has nothing to show: as last seen, else as configured."""
    site = roster.night.programme.units[key].site
    known = sorted(site.sites.known) if site.sites else []
    return sorted(roster.before(key)) or known or [site.site_id]
